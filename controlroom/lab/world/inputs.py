"""What the world sees of the cluster: values, so that it runs and is tested without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

ORDER = "order-service"
INVENTORY = "inventory-service"
PAYMENT = "payment-service"
FULFILMENT = "fulfilment-consumer"
POSTGRES = "postgres"
DEPLOYMENTS = (ORDER, INVENTORY, PAYMENT, FULFILMENT, POSTGRES)


@dataclass(frozen=True, slots=True)
class PodState:
    """A pod of the bookstore."""

    name: str
    uid: str
    ip: str
    app: str
    ready: bool
    deleting: bool = False
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class DeploymentState:
    """The replica counts of a Deployment."""

    name: str
    spec_replicas: int
    available: int
    ready: int


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that acts on one pod now; only the fields of its kind are set."""

    pod_uid: str
    app: str = INVENTORY
    #: Seconds added to what the pod sends (network delay).
    delay: float = 0.0
    #: Share, 0 to 1, of the pod's packets that are lost, corrupted or cut off.
    loss: float = 0.0
    #: The `app` that the network fault is limited to; None for all the pod sends.
    towards: str | None = None
    #: How much of the spare heap a memory stressor takes, 0 to 1.
    memory: float = 0.0
    #: How much of the pod's CPU a stressor takes, 0 to 1.
    cpu: float = 0.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The cluster at one moment."""

    pods: Sequence[PodState] = ()
    deployments: Sequence[DeploymentState] = ()
    faults: Sequence[Fault] = ()


class Planted(Protocol):
    """What planted defects change in the world; see :mod:`controlroom.lab.defects`."""

    @property
    def orders_lost(self) -> int:
        """Orders that are accepted and never stored, from the first fault on."""
        ...

    @property
    def slow_recovery_seconds(self) -> float:
        """How long orders stay slow after the last fault was lifted."""
        ...

    @property
    def payment_factor(self) -> float:
        """Payment latency while a fault acts, as a factor."""
        ...

    @property
    def deferred_seconds(self) -> float:
        """Seconds added to an order whose reservation is deferred."""
        ...

    @property
    def error_burst(self) -> float:
        """Share, 0 to 1, of orders that fail in the first 45 s of a network fault."""
        ...


@dataclass(frozen=True, slots=True)
class Sound:
    """Nothing planted."""

    orders_lost: int = 0
    slow_recovery_seconds: float = 0.0
    payment_factor: float = 1.0
    deferred_seconds: float = 0.0
    error_burst: float = 0.0
