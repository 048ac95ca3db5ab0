"""YAML and times as they are read: nothing guessed, nothing but PlanErrors raised."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controlroom.plan import documents, times
from controlroom.plan.errors import Flaw, PlanErrors
from controlroom.plan.load import load_plan
from controlroom.plan.models.base import slug
from controlroom.plan.queries import flaw_of

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
GOOD = (EXPERIMENTS / "inventory-service-failure.yaml").read_text()


@pytest.mark.parametrize(
    "written", ["no", "on", "yes", "1:30", "012", "1e3", "2026-12-01", "~", "null", "0x1f", "1_000"]
)
def test_a_scalar_is_the_text_that_was_written(written: str) -> None:
    [node] = documents.compose(f"key: {written}\n")
    assert documents.data_of(node) == {"key": written}


def test_only_what_is_not_written_is_nothing() -> None:
    [node] = documents.compose("bare:\nquoted: ''\n")
    assert documents.data_of(node) == {"bare": None, "quoted": ""}


def test_manifests_keep_the_types_a_cluster_reads_but_for_dates() -> None:
    [(found, line)] = documents.objects_of('\na: 1\nb: "1"\nc: true\nd: 2026-12-01\n')
    assert (found, line) == ({"a": 1, "b": "1", "c": True, "d": "2026-12-01"}, 2)


def test_bounded_aliases_are_followed() -> None:
    [node] = documents.compose("a: &a [x, y]\nb: *a\n")
    assert documents.data_of(node) == {"a": ["x", "y"], "b": ["x", "y"]}


def test_a_chain_of_aliases_cannot_nest_without_end() -> None:
    links = "\n".join(f"a{i}: &a{i} {'[' * 30}*a{i - 1}{']' * 30}" for i in range(1, 60))
    with pytest.raises(Flaw, match="levels"):
        documents.compose(f"a0: &a0 [x]\n{links}\n")


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("90s", 90), ("15m", 900), ("1h30m", 5400), ("1m30s", 90), ("2.5s", 2.5), ("250ms", 0.25), ("0s", 0)],
)
def test_lengths(written: str, seconds: float) -> None:
    assert times.length(written) == seconds


@pytest.mark.parametrize(
    ("written", "seconds", "of_day"),
    [
        ("t=0", 0, True),
        ("t=15", 900, True),
        ("t=15:30", 930, True),
        ("t=1:15:00", 4500, True),
        ("T+15:00", 900, True),
        ("T+01:15:30", 4530, True),
        ("t=15m", 900, True),
        ("t=90", 5400, True),
        ("5m", 300, False),
    ],
)
def test_moments(written: str, seconds: float, of_day: bool) -> None:
    assert times.moment(written) == times.Moment(seconds=seconds, of_day=of_day)


@pytest.mark.parametrize(
    "written", ["", "15", "1:30", "15 m", "-5m", "m", "t=", "t=15:60", "t=1:2:3:4", "1e9h", "٣m"]
)
def test_what_is_no_time(written: str) -> None:
    with pytest.raises(ValueError, match="is not a"):
        times.moment(written)


def test_times_are_bounded() -> None:
    with pytest.raises(ValueError, match="longer than a week"):
        times.length("999999h")


def test_names_are_made_of_texts() -> None:
    assert slug("Notify all participants (no surprises!)") == "notify-all-participants-no-surprises"
    assert slug("…") == "item"
    assert len(slug("word " * 40)) <= 48


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "not PromQL"),
        ('"text"', "a string"),
        ("(up[5m])", "a range"),
        ("max_over_time(up[5m:1m])[10m:1m]", "a range"),
        ("up # (", None),
        ('label_replace(up, "controlroom_metric", "x", "", "")', "the room's own"),
        ("(" * 1000, "nested deeper"),
        ("-" * 3000 + "1", None),
        ("1" + "+1" * 1900, "too many operators"),
        ("a" * 5000, "longer than"),
        ("1 + 1", None),
        ("time()", None),
    ],
    ids=lambda value: str(value)[:24],
)
def test_queries_that_cannot_be_read_among_others(query: str, message: str | None) -> None:
    found = flaw_of(query)
    assert found is None if message is None else found is not None and message in found


def lenient(path: Path) -> None:
    """Loads a plan; anything but success or PlanErrors fails the test."""
    try:
        load_plan(path)
    except PlanErrors as errors:
        assert errors.errors
        assert all(error.line >= 1 and error.message for error in errors.errors)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plans")
    for file in EXPERIMENTS.glob("*.yaml"):
        (folder / file.name).write_text(file.read_text())
    return folder / "plan.yaml"


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode)))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_garbage_is_an_error_and_nothing_else(scratch: Path, raw: bytes) -> None:
    scratch.write_bytes(raw)
    lenient(scratch)


WORDS = st.sampled_from(
    [
        "",
        "x",
        "t=15",
        "15m",
        "0",
        "-1",
        "nan",
        "order_p95",
        "[",
        "{}",
        "[]",
        "*a",
        "&a x",
        "!!int 3",
        "no",
        "|",
        "- a",
        "\t",
    ]
)


@given(st.integers(0, len(GOOD.splitlines()) - 1), st.sampled_from(["drop", "value", "key", "indent"]), WORDS)
@settings(max_examples=120, deadline=None)
def test_a_plan_with_a_spoilt_line_loads_or_is_an_error(
    scratch: Path, number: int, way: str, word: str
) -> None:
    lines = GOOD.splitlines()
    key, colon, _ = lines[number].partition(":")
    lines[number] = {
        "drop": "",
        "value": f"{key}{colon} {word}",
        "key": f"{word}{lines[number]}",
        "indent": f"  {lines[number]}",
    }[way]
    scratch.write_text("\n".join(lines))
    lenient(scratch)


JUNK = st.recursive(
    st.one_of(st.none(), st.sampled_from(["x", "15m", "t=1", "3", "order_p95", "judged", "baseline"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["id", "text", "type", "at", "x"]), inner, max_size=4),
    ),
    max_leaves=8,
)
KEYS = [
    "title",
    "duration",
    "phases",
    "metrics",
    "criteria",
    "signs",
    "checklist",
    "bindings",
    "load",
    "experiments",
    "sampling",
    "injects",
]


@given(st.dictionaries(st.sampled_from(KEYS), JUNK, min_size=1))
@settings(max_examples=150, deadline=None)
def test_a_plan_of_other_shapes_is_an_error(scratch: Path, spoilt: dict[str, object]) -> None:
    plan = yaml.load(GOOD, Loader=yaml.BaseLoader) | spoilt
    scratch.write_text(yaml.safe_dump(plan))
    lenient(scratch)
