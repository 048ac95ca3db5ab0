"""Plans that cannot be used: every error with file and line, exit code 2, and nothing started."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.calling import call, spawn

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
PLAN = "inventory-service-failure.yaml"
POD_KILL = "pod-failure-inventory-service.yaml"

Capture = pytest.CaptureFixture[str]
Spoil = Callable[[Path], None]


def replaced(file: str, text: str) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / file).write_text(text)

    return spoil


def whole(text: str) -> Spoil:
    """Another text in place of the plan."""
    return replaced(PLAN, text)


def swap(old: str, new: str, file: str = PLAN) -> Spoil:
    """One place of a file changed."""

    def spoil(folder: Path) -> None:
        text = (folder / file).read_text()
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1))

    return spoil


def manifest(text: str) -> Spoil:
    return replaced(POD_KILL, text)


def no_manifest(folder: Path) -> None:
    (folder / POD_KILL).unlink()


#: What is wrong, how it comes about, the file that is named, and a part of the message.
BAD: dict[str, tuple[Spoil, str, str]] = {
    "an empty plan": (whole(""), PLAN, "the file is empty"),
    "a plan of another kind": (whole("apiVersion: v1\nkind: Pod\n"), PLAN, "of kind `Pod`"),
    "an unknown key": (swap("    unit: ms", "    unti: ms"), PLAN, "(did you mean `unit`?)"),
    "a manifest that is missing": (no_manifest, PLAN, "there is no such file"),
    "a manifest outside the plan's folder": (
        swap(f"manifest: {POD_KILL}", f"manifest: ../{POD_KILL}"),
        PLAN,
        "must lie in the plan's folder",
    ),
    "a manifest that is not YAML": (manifest("kind: ["), POD_KILL, "not YAML"),
    "a manifest with ten thousand aliases": (
        manifest("a: &a [x]\nb: [" + "*a," * 10_000 + "]"),
        POD_KILL,
        "more than 100 aliases",
    ),
    "two metrics of one id": (
        swap("sampling:\n", "  - {id: order_p95, title: Again, query: up}\n\nsampling:\n"),
        PLAN,
        "`order_p95` is already in metrics[0]",
    ),
    "a phase of zero length": (swap("    duration: 15m", "    duration: 0m"), PLAN, "phases[0].duration"),
    "a criterion naming no metric": (
        swap("metric: order_p95\n    limit", "metric: order_p59\n    limit"),
        PLAN,
        "there is no metric `order_p59`",
    ),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the seed's experiments that a test may spoil, and no sessions yet."""
    monkeypatch.chdir(tmp_path)
    return shutil.copytree(EXPERIMENTS, tmp_path / "experiments")


@pytest.mark.parametrize(("spoil", "file", "said"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("command", ["validate", "rehearse", "run"])
def test_a_bad_plan_is_told_and_nothing_is_started(
    folder: Path, spoil: Spoil, file: str, said: str, command: str, capsys: Capture
) -> None:
    spoil(folder)
    before = sorted(folder.parent.rglob("*"))
    options = () if command == "validate" else ("--headless", "--sessions", folder.parent / "sessions")
    called = call(capsys, command, folder / PLAN, *options)
    assert called.code == 2
    assert called.out == ""
    (line,) = called.err.splitlines()
    assert re.match(rf"{re.escape(str(folder / file))}:[1-9]\d*: ", line), line
    assert said in line
    assert sorted(folder.parent.rglob("*")) == before


def test_all_errors_of_a_plan_come_at_once(folder: Path) -> None:
    for old, new in (("unit: ms", "unti: ms"), ("duration: 30m", "duration: 30x"), ("step: 2s", "step: 3s")):
        swap(old, new)(folder)
    called = spawn("rehearse", folder / PLAN, "--headless", cwd=folder.parent)
    assert (called.code, called.out) == (2, "")
    assert len(called.err.splitlines()) == 3
    assert "Traceback" not in called.err


def test_a_bad_plan_of_the_lab_alone_is_told_the_same_way(folder: Path, capsys: Capture) -> None:
    whole("")(folder)
    called = call(capsys, "lab", folder / PLAN)
    assert (called.code, called.out) == (2, "")
    assert f"{folder / PLAN}:1: the file is empty" in called.err
