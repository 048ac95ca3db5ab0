"""The staging cluster of the bookstore: what stands in it before the day begins."""

from __future__ import annotations

from dataclasses import dataclass

from controlroom.lab.kubernetes.cluster import Cluster
from controlroom.lab.kubernetes.documents import Document, stamp

NAMESPACE = "bookstore"
CHAOS_NAMESPACE = "chaos-mesh"
NODES = ("staging-node-1", "staging-node-2", "staging-node-3")


@dataclass(frozen=True, slots=True)
class Workload:
    """One Deployment of the bookstore."""

    name: str
    replicas: int
    image: str
    memory_limit: str = "1Gi"
    port: int = 8080
    spring: bool = True
    """Whether it has Spring Boot's health endpoints as probes."""


BOOKSTORE = (
    Workload("order-service", 2, "registry.local/bookstore/order-service:1.4.2"),
    Workload("inventory-service", 3, "registry.local/bookstore/inventory-service:1.4.2"),
    Workload("payment-service", 2, "registry.local/bookstore/payment-service:1.4.2"),
    Workload("fulfilment-consumer", 2, "registry.local/bookstore/fulfilment-consumer:1.4.2"),
    Workload("postgres", 1, "docker.io/library/postgres:16.4", memory_limit="2Gi", port=5432, spring=False),
)

_NODE_INFO = {
    "machineID": "",
    "systemUUID": "",
    "bootID": "",
    "kernelVersion": "6.1.0-26-amd64",
    "osImage": "Debian GNU/Linux 12 (bookworm)",
    "containerRuntimeVersion": "containerd://1.7.24",
    "kubeletVersion": "v1.36.2",
    "kubeProxyVersion": "",
    "operatingSystem": "linux",
    "architecture": "amd64",
}


def build_bookstore(cluster: Cluster, workloads: tuple[Workload, ...] = BOOKSTORE) -> None:
    """Sets up namespaces, nodes, workloads and Chaos Mesh, and lets them settle until the present."""
    for name in ("default", "kube-system", CHAOS_NAMESPACE):
        cluster.create(_namespace(name, {}))
    cluster.create(_namespace(NAMESPACE, {"env": "staging"}))
    for number, node in enumerate(NODES, 1):
        cluster.create(_node(node, f"192.168.49.{number + 1}", cluster.now))
    for workload in workloads:
        cluster.create(_deployment(workload))
        cluster.create(_service(workload))
    for node in NODES:
        cluster.create(_chaos_pod(cluster, "chaos-daemon", node))
    cluster.create(_chaos_pod(cluster, "chaos-controller-manager", NODES[0]))
    cluster.catch_up()


def _namespace(name: str, labels: dict[str, str]) -> Document:
    return {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name, "labels": labels}}


def _node(name: str, address: str, now: float) -> Document:
    resources = {"cpu": "8", "memory": "16393244Ki", "pods": "110", "ephemeral-storage": "98831908Ki"}
    ready = {
        "type": "Ready",
        "status": "True",
        "lastHeartbeatTime": stamp(now),
        "lastTransitionTime": stamp(now),
        "reason": "KubeletReady",
        "message": "kubelet is posting ready status",
    }
    labels = {
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
    }
    return {
        "kind": "Node",
        "apiVersion": "v1",
        "metadata": {"name": name, "labels": labels},
        "spec": {"podCIDR": "10.244.0.0/24"},
        "status": {
            "capacity": resources,
            "allocatable": resources,
            "conditions": [ready],
            "addresses": [
                {"type": "InternalIP", "address": address},
                {"type": "Hostname", "address": name},
            ],
            "nodeInfo": dict(_NODE_INFO),
        },
    }


def _deployment(workload: Workload) -> Document:
    labels = {"app": workload.name}
    container: Document = {
        "name": workload.name,
        "image": workload.image,
        "ports": [{"name": "http" if workload.spring else "tcp", "containerPort": workload.port}],
        "resources": {
            "limits": {"memory": workload.memory_limit},
            "requests": {"cpu": "250m", "memory": "512Mi"},
        },
    }
    if workload.spring:
        for probe in ("liveness", "readiness"):
            container[f"{probe}Probe"] = {
                "httpGet": {"path": f"/actuator/health/{probe}", "port": workload.port},
                "initialDelaySeconds": 5,
                "periodSeconds": 5,
            }
    return {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "metadata": {"name": workload.name, "namespace": NAMESPACE, "labels": labels},
        "spec": {
            "replicas": workload.replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": {**labels, "version": workload.image.rpartition(":")[2]}},
                "spec": {"containers": [container]},
            },
        },
    }


def _service(workload: Workload) -> Document:
    return {
        "kind": "Service",
        "apiVersion": "v1",
        "metadata": {"name": workload.name, "namespace": NAMESPACE, "labels": {"app": workload.name}},
        "spec": {
            "ports": [{"port": workload.port, "protocol": "TCP", "targetPort": workload.port}],
            "selector": {"app": workload.name},
            "clusterIP": "None",
            "clusterIPs": ["None"],
            "type": "ClusterIP",
        },
        "status": {"loadBalancer": {}},
    }


def _chaos_pod(cluster: Cluster, component: str, node: str) -> Document:
    """A pod of Chaos Mesh itself; they stand alone here, as nothing of the day replaces them."""
    image = component.removesuffix("-controller-manager").removesuffix("-daemon")
    suffix = cluster.namer.suffix()
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {
            "name": f"{component}-{suffix}",
            "namespace": CHAOS_NAMESPACE,
            "labels": {
                "app.kubernetes.io/component": component.removeprefix("chaos-")
                if component == "chaos-controller-manager"
                else component,
                "app.kubernetes.io/instance": "chaos-mesh",
                "app.kubernetes.io/name": "chaos-mesh",
            },
        },
        "spec": {
            "nodeName": node,
            "containers": [{"name": component, "image": f"ghcr.io/chaos-mesh/{image}-mesh:v2.8.0"}],
        },
    }
