"""The status a kubelet reports of a pod, stage by stage, as kube-apiserver 1.36 shows it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from controlroom.lab.kubernetes.documents import Document, name_of, stamp, uid_of

IMAGE_DIGEST = "sha256:" + "0" * 64
_ORDER = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")


def scheduled(pod: Document, now: float) -> Document:
    """After the scheduler's binding, before the kubelet has looked."""
    condition = {
        "type": "PodScheduled",
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": stamp(now),
    }
    return {**pod["status"], "conditions": [condition]}


def creating(pod: Document, now: float, host_ip: str) -> Document:
    """Pending with every container in ContainerCreating."""
    containers = [
        {
            "name": each["name"],
            "state": {"waiting": {"reason": "ContainerCreating"}},
            "lastState": {},
            "ready": False,
            "restartCount": 0,
            "image": each["image"],
            "imageID": "",
            "started": False,
        }
        for each in pod["spec"]["containers"]
    ]
    return {
        "observedGeneration": pod["metadata"].get("generation", 1),
        "phase": "Pending",
        "conditions": _conditions(pod, now, sandbox=False, unready=_names(pod)),
        "hostIP": host_ip,
        "hostIPs": [{"ip": host_ip}],
        "startTime": stamp(now),
        "containerStatuses": containers,
        "qosClass": pod["status"].get("qosClass", "Burstable"),
    }


def running(pod: Document, now: float, pod_ip: str, *, ready: Iterable[str] = ()) -> Document:
    """Running; `ready` names the containers whose readiness probe succeeds."""
    good = set(ready)
    containers = []
    for held in pod["status"]["containerStatuses"]:
        state = held["state"] if "running" in held["state"] else {"running": {"startedAt": stamp(now)}}
        containers.append(
            {
                "name": held["name"],
                "state": state,
                "lastState": held["lastState"],
                "ready": held["name"] in good,
                "restartCount": held["restartCount"],
                "image": held["image"],
                "imageID": f"docker.io/library/{held['name']}@{IMAGE_DIGEST}",
                "containerID": held.get("containerID") or _container_id(pod, held["name"], 0),
                "started": True,
            }
        )
    status = {
        **pod["status"],
        "observedGeneration": pod["metadata"].get("generation", 1),
        "phase": "Running",
        "conditions": _conditions(pod, now, sandbox=True, unready=[n for n in _names(pod) if n not in good]),
        "podIP": pod_ip,
        "podIPs": [{"ip": pod_ip}],
        "containerStatuses": containers,
    }
    return _ordered(status)


def restarted(pod: Document, now: float, container: str, image: str, exit_code: int) -> Document:
    """`container` has ended with `exit_code` and runs again from `image`, not ready yet."""
    containers = []
    for held in pod["status"]["containerStatuses"]:
        if held["name"] == container:
            count = held["restartCount"] + 1
            ended = _terminated(held, now, exit_code)
            held = {
                **held,
                "state": {"running": {"startedAt": stamp(now)}},
                "lastState": {"terminated": ended},
                "ready": False,
                "restartCount": count,
                "image": image,
                "containerID": _container_id(pod, container, count),
            }
        containers.append(held)
    unready = [held["name"] for held in containers if not held["ready"]]
    return {
        **pod["status"],
        "observedGeneration": pod["metadata"].get("generation", 1),
        "conditions": _conditions(pod, now, sandbox=True, unready=unready),
        "containerStatuses": containers,
    }


def ended(pod: Document, now: float) -> Document:
    """Every container ended by SIGTERM: phase Failed, as of a pod that is being deleted."""
    containers = [
        {
            **held,
            "state": {"terminated": _terminated(held, now, 143)},
            "ready": False,
            "started": False,
        }
        for held in pod["status"].get("containerStatuses", ())
    ]
    return {
        **pod["status"],
        "observedGeneration": pod["metadata"].get("generation", 1),
        "phase": "Failed",
        "conditions": _conditions(pod, now, sandbox=False, unready=_names(pod)),
        "containerStatuses": containers,
    }


def is_ready(pod: Document) -> bool:
    """Whether the pod's Ready condition is True."""
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _names(pod: Document) -> list[str]:
    return [str(each["name"]) for each in pod["spec"]["containers"]]


def _container_id(pod: Document, container: str, attempt: int) -> str:
    text = f"{uid_of(pod)}/{name_of(pod)}/{container}/{attempt}"
    return "containerd://" + hashlib.sha256(text.encode()).hexdigest()


def _terminated(held: Document, now: float, exit_code: int) -> Document:
    started = held["state"].get("running", {}).get("startedAt", stamp(now))
    return {
        "exitCode": exit_code,
        "reason": "Error" if exit_code else "Completed",
        "startedAt": started,
        "finishedAt": stamp(now),
        "containerID": held.get("containerID", ""),
    }


def _conditions(pod: Document, now: float, *, sandbox: bool, unready: list[str]) -> list[Document]:
    """The five conditions; a transition time stays where the condition's status stays."""
    wanted = {
        "PodReadyToStartContainers": sandbox,
        "Initialized": True,
        "Ready": not unready,
        "ContainersReady": not unready,
        "PodScheduled": True,
    }
    held = {each["type"]: each for each in pod["status"].get("conditions") or ()}
    generation = pod["metadata"].get("generation", 1)
    made = []
    for kind in _ORDER:
        status = "True" if wanted[kind] else "False"
        before = held.get(kind)
        same = before is not None and before["status"] == status
        condition: Document = {
            "type": kind,
            "observedGeneration": generation,
            "status": status,
            "lastProbeTime": None,
            "lastTransitionTime": before["lastTransitionTime"] if before and same else stamp(now),
        }
        if kind in ("Ready", "ContainersReady") and unready:
            condition["reason"] = "ContainersNotReady"
            condition["message"] = f"containers with unready status: [{' '.join(unready)}]"
        made.append(condition)
    return made


def _ordered(status: Document) -> Document:
    """The fields in the order in which the API server writes them."""
    order = (
        "observedGeneration",
        "phase",
        "conditions",
        "hostIP",
        "hostIPs",
        "podIP",
        "podIPs",
        "startTime",
        "containerStatuses",
        "qosClass",
    )
    return {field: status[field] for field in order if field in status}
