"""Every way to get a plan wrong: errors name file, line, key and what was probably meant; exit code 2."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from controlroom.plan import commands
from controlroom.plan.errors import PlanError, PlanErrors
from controlroom.plan.load import load_plan
from tests.plan.slips import ONE_SLIP, POD_KILL

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
PLAN = "inventory-service-failure.yaml"
GOOD = (EXPERIMENTS / PLAN).read_text()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the seed's experiments that a test may spoil."""
    return shutil.copytree(EXPERIMENTS, tmp_path / "experiments")


def errors_of(path: Path) -> tuple[PlanError, ...]:
    with pytest.raises(PlanErrors) as raised:
        load_plan(path)
    return raised.value.errors


def the_error_of(path: Path) -> PlanError:
    found = errors_of(path)
    assert len(found) == 1, "\n".join(map(str, found))
    return found[0]


def changed(folder: Path, old: str, new: str) -> Path:
    assert GOOD.count(old) >= 1, old
    (folder / PLAN).write_text(GOOD.replace(old, new, 1))
    return folder / PLAN


def line_with(path: Path, text: str) -> int:
    return next(number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line)


@pytest.mark.parametrize(("old", "new", "line", "key", "message", "near"), ONE_SLIP.values(), ids=ONE_SLIP)
def test_one_slip_is_one_error_at_its_place(
    folder: Path, old: str, new: str, line: str, key: str, message: str, near: str | None
) -> None:
    path = changed(folder, old, new)
    error = the_error_of(path)
    assert error.file == str(path)
    assert message in error.message
    assert error.nearest == near
    assert error.key == key
    if line:
        assert error.line == line_with(path, line.strip("\n"))


def test_two_metrics_of_one_id(folder: Path) -> None:
    path = folder / PLAN
    path.write_text(
        GOOD.replace("sampling:\n", "  - {id: order_p95, title: Again, query: up}\n\nsampling:\n", 1)
    )
    error = the_error_of(path)
    assert (error.key, error.message) == ("metrics[13].id", "`order_p95` is already in metrics[0]")
    assert error.line == line_with(path, "title: Again")


def test_all_errors_come_at_once_in_the_order_of_their_lines(folder: Path) -> None:
    text = GOOD
    for old, new in [
        ("unit: ms", "unti: ms"),
        ("duration: 30m", "duration: 30x"),
        ("metric: order_p95\n    limit", "metric: order_p59\n    limit"),
        ("name: InventoryReplicasLow", "name: InventoryReplicaLow"),
        ("step: 2s", "step: 3s"),
        ("manifest: network-", "manifest: netwrk-"),
    ]:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / PLAN).write_text(text)
    found = errors_of(folder / PLAN)
    assert [error.key for error in found] == [
        "phases[1].duration",
        "experiments[0].alert.name",
        "experiments[1].manifest",
        "metrics[0].unti",
        "sampling.step",
        "criteria[3].metric",
    ]
    assert [error.line for error in found] == sorted(error.line for error in found)


WHOLE_FILES = {
    "empty": (b"", 1, "the file is empty"),
    "comments only": (b"# nothing\n\n", 1, "the file is empty"),
    "a list": (b"- a\n", 1, "this is not a plan"),
    "a word": (b"plan", 1, "this is not a plan"),
    "another kind": (
        (EXPERIMENTS / POD_KILL).read_bytes(),
        4,
        "of kind `PodChaos` (chaos-mesh.org/v1alpha1)",
    ),
    "no kind": (b"title: x\n", 1, "without a kind"),
    "a later version": (
        b"kind: GameDay\napiVersion: controlroom/v9\n",
        2,
        "this program reads controlroom/v1",
    ),
    "not UTF-8": (b"title: a\ndate: \xff\n", 2, "not UTF-8"),
    "binary": (b"\x00\x01\x02", 1, "not YAML"),
    "a bell": (b"a: b\nc: \x07\n", 2, "not YAML"),
    "too large": (b"# " + b"x" * 1024 * 1024, 1, "too large"),
    "deep": (b"[" * 5000, 1, "nested deeper than"),
    "deep in lines": (b"".join(b" " * i + b"a:\n" for i in range(100)), 41, "nested deeper than"),
    "many aliases": (b"a: &a [x]\nb: [" + b"*a," * 10_000 + b"]", 2, "more than 100 aliases"),
    "aliases of aliases": (
        b"a: &a [x,x,x,x,x,x,x,x,x]\n"
        + b"".join(
            b"%c: &%c [%s]\n" % (98 + i, 98 + i, b",".join([b"*%c" % (97 + i)] * 9)) for i in range(9)
        ),
        5,
        "unfold to more than",
    ),
    "an alias within itself": (b"a: &a [*a]\n", 1, "part of"),
    "an alias to nothing": (b"a: *b\n", 1, "not YAML"),
    "a list as a key": (b"? [a, b]\n: c\n", 1, "a key must be a word"),
}


@pytest.mark.parametrize(("raw", "line", "message"), WHOLE_FILES.values(), ids=WHOLE_FILES)
def test_a_file_that_is_no_plan_is_one_error(
    tmp_path: Path, raw: bytes, line: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plan.yaml"
    path.write_bytes(raw)
    error = the_error_of(path)
    assert message in error.message
    assert error.line == line
    assert commands.validate(path) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"{error}\n"


def test_what_is_no_file(tmp_path: Path) -> None:
    assert the_error_of(tmp_path / "none.yaml").message == "there is no such file"
    assert the_error_of(tmp_path).message == "this is a folder, not a file"
    os.mkfifo(tmp_path / "pipe")
    assert the_error_of(tmp_path / "pipe").message == "this is not an ordinary file"


MANIFESTS = {
    "empty": ("", 1, "the file is empty"),
    "not YAML": ("kind: [", 1, "not YAML"),
    "a list": ("- a\n", 1, "no Kubernetes object"),
    "ten thousand aliases": ("a: &a [x]\nb: [" + "*a," * 10_000 + "]", 2, "more than 100 aliases"),
    "no name": ("apiVersion: v1\nkind: Pod\nmetadata: {}\n", 1, "`metadata.name` is missing"),
    "no object in the second document": (
        "apiVersion: v1\nkind: A\nmetadata: {name: a}\n---\nb: c\n",
        5,
        "`apiVersion`",
    ),
    "a key twice": ("apiVersion: v1\nkind: Pod\nkind: Pod\n", 3, "given twice"),
    "another namespace": (
        "apiVersion: v1\nkind: A\nmetadata: {name: a, namespace: prod}\n",
        1,
        "namespace `prod`",
    ),
    "a value without quotation marks": (
        (EXPERIMENTS / POD_KILL).read_text().replace('value: "2"', "value: 2"),
        3,
        "in quotation marks",
    ),
    "a stressor without workers": (
        (EXPERIMENTS / "resource-stress-inventory.yaml").read_text().replace("workers: 2", "workers: 0"),
        3,
        "none would stress nothing",
    ),
    "an unknown mode": (
        (EXPERIMENTS / POD_KILL).read_text().replace("mode: fixed", "mode: some"),
        3,
        "`spec.mode`",
    ),
}


@pytest.mark.parametrize(("text", "line", "message"), MANIFESTS.values(), ids=MANIFESTS)
def test_a_bad_manifest_is_named_with_its_own_line(folder: Path, text: str, line: int, message: str) -> None:
    (folder / POD_KILL).write_text(text)
    error = the_error_of(folder / PLAN)
    assert error.file == str(folder / POD_KILL)
    assert message in error.message
    assert error.line == line


def test_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.yaml").write_text((folder / POD_KILL).read_text())
    (folder / POD_KILL).unlink()
    (folder / POD_KILL).symlink_to(tmp_path / "elsewhere.yaml")
    assert "leads out of the plan's folder" in the_error_of(folder / PLAN).message


def test_a_link_to_itself_is_an_error(folder: Path) -> None:
    (folder / POD_KILL).unlink()
    (folder / POD_KILL).symlink_to(folder / POD_KILL)
    assert "cannot be" in the_error_of(folder / PLAN).message


RULES = {
    "no groups": ("rules: []\n", "no rules as Prometheus reads them"),
    "an expression that is none": (
        "groups: [{name: a, rules: [{alert: A, expr: sum(}]}]\n",
        "not PromQL",
    ),
    "neither alert nor record": ("groups: [{name: a, rules: [{expr: up}]}]\n", "either `alert` or `record`"),
    "a bad duration": ("groups: [{name: a, rules: [{alert: A, expr: up, for: soon}]}]\n", "not a duration"),
}


@pytest.mark.parametrize(("text", "message"), RULES.values(), ids=RULES)
def test_bad_rules_are_named(folder: Path, text: str, message: str) -> None:
    (folder / "alerts-bookstore.yaml").write_text(text)
    error = the_error_of(folder / PLAN)
    assert error.file == str(folder / "alerts-bookstore.yaml")
    assert message in error.message
