"""A certificate that is not verified is told by whose word, on record and on the screen, as long as it is so."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from controlroom.cli import days, main
from controlroom.clock import WallClock
from controlroom.core.events import SessionOpened, SessionResumed
from controlroom.core.plan import Cluster
from controlroom.core.values import changed
from controlroom.host.beginning import Beginning, begin
from controlroom.host.means import unverified
from controlroom.host.order import Order
from controlroom.host.process import Host
from controlroom.journal.folder import SessionFolder
from tests.conductor.fakes import SEED, Bench
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


@pytest.mark.parametrize("flag", [False, True])
def test_the_flag_reaches_the_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flag: bool) -> None:
    orders: list[Order] = []

    def lived(order: Order, folder: SessionFolder) -> int:
        orders.append(order)
        return 0

    monkeypatch.setattr(days, "_headless", lived)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    for name in ("PROMETHEUS_URL", "ALERTMANAGER_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    asked = ["run", str(SEED), "--headless", "--sessions", str(tmp_path / "sessions")]
    assert main([*asked, *(["--insecure-skip-tls-verify"] if flag else [])]) == 0
    host = Host(orders[0])
    begun = begin(orders[0], SessionFolder(Path(orders[0].folder)))
    opened = host._opening(begun, begun.bindings, WallClock())
    assert bool(opened.unverified) is flag
