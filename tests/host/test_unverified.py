"""A certificate that is not verified is told by whose word, on record and on the screen, as long as it is so."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from controlroom.core.events import SessionOpened, SessionResumed
from controlroom.core.plan import Cluster
from controlroom.core.values import changed
from controlroom.host.beginning import Beginning
from controlroom.host.means import unverified
from tests.conductor.fakes import Bench
from tests.tui.test_record_trouble import status

WORDS = "TLS NOT VERIFIED"


def kubeconfig(path: Path, context: str, *, verified: bool) -> str:
    cluster: dict[str, object] = {"server": "https://127.0.0.1:1"}
    if not verified:
        cluster["insecure-skip-tls-verify"] = True
    content = {
        "clusters": [{"name": "c", "cluster": cluster}],
        "contexts": [{"name": context, "context": {"cluster": "c"}}],
    }
    path.write_text(yaml.safe_dump(content))
    return path.name


@pytest.mark.parametrize(
    ("own", "east", "flag", "told"),
    [
        (True, True, False, ()),
        (False, True, False, ("kubernetes: insecure-skip-tls-verify of the kubeconfig",)),
        (True, False, False, ("kubernetes (east): insecure-skip-tls-verify of the kubeconfig",)),
        (True, True, True, ("every server: --insecure-skip-tls-verify",)),
    ],
)
def test_by_whose_word_verification_is_off(
    tmp_path: Path, own: bool, east: bool, flag: bool, told: tuple[str, ...]
) -> None:
    bench = Bench()
    begun = Beginning(
        session="day", loaded=bench.loaded, path=tmp_path / "plan.yaml", directory=tmp_path, lab=None
    )
    further = Cluster(
        context="east", namespaces=("x",), kubeconfig=kubeconfig(tmp_path / "east", "east", verified=east)
    )
    bindings = changed(
        bench.plan.bindings,
        cluster=Cluster(context="own", namespaces=("x",)),
        prometheus="http://127.0.0.1:1",
        alertmanager="http://127.0.0.1:1",
        grafana=None,
        chat=None,
        kubeconfig=kubeconfig(tmp_path / "own", "own", verified=own),
        clusters={"east": further},
    )
    assert unverified(begun, bindings, insecure=flag) == told


async def test_the_status_line_says_so_until_a_host_verifies_again() -> None:
    bench = Bench()
    assert WORDS not in status(bench)
    opened = bench.recorder.events[0].body
    assert isinstance(opened, SessionOpened)
    bench.recorder.record(changed(opened, unverified=("every server: --insecure-skip-tls-verify",)))
    assert WORDS in status(bench)
    bench.recorder.record(SessionResumed(gap=1.0))
    assert WORDS not in status(bench)
    bench.recorder.record(SessionResumed(gap=1.0, unverified=("kubernetes: …",)))
    assert WORDS in status(bench)
