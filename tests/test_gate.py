"""One gate for every mutation of a cluster: read off the program's text, so that no path can go round it unseen.

Two rings. Requests that change anything leave `sources/` at a few named places, each reached only through the
`Cluster` port; and what the port offers for changing is called by the gate alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlroom.sources.ports import Cluster

ROOT = Path(__file__).parent.parent / "controlroom"
CHANGING = frozenset({"create", "delete", "release"})
"""What the port offers for changing a cluster."""
MAY_CHANGE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
REQUESTS = {
    ("sources/kubernetes.py", "POST"),
    ("sources/kubernetes.py", "DELETE"),
    ("sources/kubernetes_changes.py", "PATCH"),
    ("sources/kubernetes_leftovers.py", "PATCH"),
    ("sources/kubernetes_rights.py", "POST"),  # a review: it asks what one may, and changes nothing
    ("sources/kubernetes_looks.py", "POST"),  # the same
}
"""Every request to a Kubernetes API that is no GET."""
OWN = frozenset({"sources/clusters.py", "sources/kubernetes.py"})
"""Modules that implement the port by handing on to another."""


def sources(below: str = "") -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / below).rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def calls(tree: ast.AST) -> Iterator[tuple[str, str, ast.Call]]:
    """Name of what is called, of what it is called on, and the call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            on = node.func.value
            last = on.attr if isinstance(on, ast.Attribute) else on.id if isinstance(on, ast.Name) else ""
            yield node.func.attr, last, node


def is_cluster(name: str) -> bool:
    return "cluster" in name.lower() or name == "_inner"


def test_only_the_gate_changes_a_cluster() -> None:
    found = {
        (path, name)
        for path, tree in sources()
        for name, on, _ in calls(tree)
        if name in CHANGING and is_cluster(on) and path not in OWN and not path.startswith("lab/")
    }
    assert found == {("conductor/gate.py", name) for name in CHANGING}


def test_requests_that_change_leave_at_known_places() -> None:
    found = {
        (path, word.value)
        for path, tree in sources("sources")
        for name, on, call in calls(tree)
        if name == "send" and on.lower().endswith("api")
        for word in call.args[:1]
        if isinstance(word, ast.Constant) and word.value in MAY_CHANGE
    }
    assert found == REQUESTS


def test_no_request_hides_its_method() -> None:
    """A method that is computed could be any."""
    hidden = [
        (path, call.lineno)
        for path, tree in sources("sources")
        for name, on, call in calls(tree)
        if name == "send" and on.lower().endswith("api") and not isinstance(call.args[0], ast.Constant)
    ]
    assert hidden == []


def test_nobody_else_talks_to_a_cluster_at_all() -> None:
    """Outside `sources/` nobody imports the client, nor what makes requests with it."""
    talking = {"kubernetes", "controlroom.sources.kubernetes_api", "controlroom.sources.kubernetes_changes"}
    found = []
    for path, tree in sources():
        if path.startswith(("sources/", "lab/")):
            continue
        for node in ast.walk(tree):
            names = (
                [own.name for own in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            found += [(path, name) for name in names if name in talking or name.startswith("kubernetes.")]
    assert found == []


@pytest.mark.parametrize("name", sorted(CHANGING))
def test_the_port_offers_no_other_way(name: str) -> None:
    offered = {own for own in vars(Cluster) if not own.startswith("_")}
    assert name in offered
    assert not {
        own for own in offered - CHANGING if own.startswith(("create", "delete", "patch", "put", "remove"))
    }
