"""What the world model reads of the cluster: frozen values, times in Unix seconds (UTC)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class PodView:
    """One pod."""

    name: str
    namespace: str
    uid: str
    ip: str
    """Empty until the pod runs."""
    node: str
    app: str
    """The label `app`, or `app.kubernetes.io/component` where it has none."""
    ready: bool
    phase: str
    """Pending, Running or Failed, as in status.phase."""
    started_at: float | None
    """Start of the present container; None before."""
    ready_at: float | None
    """When it last became Ready; None while it is not."""
    deleting: bool
    restarts: int


@dataclass(frozen=True, slots=True)
class DeploymentView:
    """One Deployment with its counts, as kube-state-metrics reads them."""

    name: str
    namespace: str
    replicas: int
    """spec.replicas"""
    ready: int
    available: int
    updated: int


@dataclass(frozen=True, slots=True)
class ActiveFault:
    """One fault in one pod, from its Apply to its Recover or to the end of the pod."""

    kind: str
    """PodChaos, NetworkChaos, StressChaos, …"""
    namespace: str
    name: str
    """The chaos object."""
    action: str
    """spec.action; for a StressChaos `memory`, `cpu` or `memory+cpu`."""
    target: str
    """The record's id: `namespace/pod` or `namespace/pod/container`."""
    pod: str
    pod_uid: str
    app: str
    since: float
    latency: float = 0.0
    """NetworkChaos delay, seconds."""
    jitter: float = 0.0
    """Seconds."""
    loss: float = 0.0
    """Share of packets lost, 0 to 1."""
    direction: str = "to"
    target_app: str = ""
    """The app whose traffic with this pod is affected, by the other side's selector; empty for all traffic."""
    memory_bytes: float = 0.0
    """StressChaos memory given as a size; 0 where it is given as a share."""
    memory_share: float = 0.0
    """StressChaos memory given as a share of the limit, 0 to 1."""
    memory_workers: int = 0
    cpu_workers: int = 0
    cpu_load: float = 0.0
    """Load per CPU worker, 0 to 1."""


@dataclass(frozen=True, slots=True)
class FaultChange:
    """Ground truth: something physically happened to one target."""

    t: float
    kind: str
    namespace: str
    name: str
    """The chaos object."""
    action: str
    target: str
    pod: str
    pod_uid: str
    change: Literal["applied", "recovered", "lost"]
    """`lost`: the pod went away with the fault in it."""
