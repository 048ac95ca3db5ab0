"""What it means to remove the finalizers of a fault that does not go, in the words that a person is shown."""

from __future__ import annotations

from collections.abc import Iterable

FORCED = "release"
"""The word that a person types."""
LEAVES_BEHIND = (
    "The object goes, and the fault may stay: network rules and stress processes in a pod are not taken back "
    "until the pod is restarted"
)


def consequence(pods: Iterable[str] = ()) -> str:
    """The same with the pods (`namespace/pod`) in which it may stay, where they are known."""
    named = ", ".join(dict.fromkeys("/".join(pod.split("/")[:2]) for pod in pods))
    if not named:
        return f"{LEAVES_BEHIND}."
    return (
        f"The object goes, and the fault may stay in {named} until restarted: network rules and stress processes "
        "in a pod are not taken back by it."
    )
