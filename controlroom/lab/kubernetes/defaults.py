"""What the API server fills in where a manifest says nothing."""

from __future__ import annotations

from controlroom.lab.kubernetes.documents import Document, copied
from controlroom.lab.kubernetes.resources import DEPLOYMENTS, NAMESPACES, PODS, Resource

_TOLERATIONS = [
    {
        "key": f"node.kubernetes.io/{state}",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": 300,
    }
    for state in ("not-ready", "unreachable")
]
_PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}


def with_defaults(resource: Resource, document: Document) -> Document:
    """A copy of a built-in object with its defaults."""
    made = copied(document)
    if resource is DEPLOYMENTS:
        _deployment(made["spec"])
    elif resource is PODS:
        _pod(made)
    elif resource is NAMESPACES:
        made.setdefault("spec", {})["finalizers"] = ["kubernetes"]
        made["status"] = {"phase": "Active"}
        labels = made["metadata"].setdefault("labels", {})
        labels["kubernetes.io/metadata.name"] = made["metadata"].get("name", "")
    return made


def _deployment(spec: Document) -> None:
    spec.setdefault("replicas", 1)
    _pod_spec(spec["template"]["spec"])
    strategy = spec.setdefault("strategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)


def _pod(pod: Document) -> None:
    spec = pod["spec"]
    _pod_spec(spec)
    spec.setdefault("serviceAccountName", "default")
    spec.setdefault("serviceAccount", "default")
    spec.setdefault("tolerations", copied({"all": _TOLERATIONS})["all"])
    spec.setdefault("priority", 0)
    spec.setdefault("enableServiceLinks", True)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    pod.setdefault("status", {"phase": "Pending", "qosClass": "Burstable"})


def _pod_spec(spec: Document) -> None:
    for container in spec.get("containers", ()):
        container.setdefault("resources", {})
        container.setdefault("terminationMessagePath", "/dev/termination-log")
        container.setdefault("terminationMessagePolicy", "File")
        container.setdefault("imagePullPolicy", "IfNotPresent")
        for port in container.get("ports", ()):
            port.setdefault("protocol", "TCP")
        for probe in filter(None, (container.get("livenessProbe"), container.get("readinessProbe"))):
            if "httpGet" in probe:
                probe["httpGet"].setdefault("scheme", "HTTP")
            for field, value in _PROBE.items():
                probe.setdefault(field, value)
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("securityContext", {})
    spec.setdefault("schedulerName", "default-scheduler")
