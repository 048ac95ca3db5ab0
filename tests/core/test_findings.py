"""What failed when the plan was checked stands against the experiments that it concerns, and no others."""

from __future__ import annotations

import pytest

from controlroom.core.findings import Finding, standing_against


def failed(id: str, *, experiment: str = "", cluster: str | None = None) -> Finding:
    return Finding(
        id=id,
        group="g",
        what=id,
        state="failed",
        reason="r",
        experiment=experiment,
        cluster=cluster,
    )


@pytest.mark.parametrize(
    ("finding", "stands_against"),
    [
        (failed("scripts.rollback"), {("kill", ""), ("delay", "east")}),
        (failed("chaos-daemon.kill", experiment="kill"), {("kill", "")}),
        (failed("namespace.bookstore", cluster=""), {("kill", "")}),
        (failed("namespace.bookstore@east", cluster="east"), {("delay", "east")}),
        (failed("kind.NetworkChaos@west", cluster="west"), set()),
        (failed("rights.kill", experiment="kill"), set()),
    ],
)
def test_a_clusters_trouble_is_its_own(finding: Finding, stands_against: set[tuple[str, str]]) -> None:
    pairs = [("kill", ""), ("delay", "east")]
    assert {pair for pair in pairs if standing_against([finding], *pair)} == stands_against
