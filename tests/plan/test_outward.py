"""What a plan says of the chat and of dashboards; its secrets stay out of it."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest

from controlroom.core import plan as core
from controlroom.plan.errors import PlanErrors
from controlroom.plan.load import load_plan
from controlroom.plan.resolve import MissingNames, resolve_token
from controlroom.shipped import shipped

SEED = "inventory-service-failure.yaml"


def planned(folder: Path, *changes: tuple[str, str]) -> core.Plan:
    """The seed's plan with some of its text replaced."""
    copytree(shipped("experiments"), folder, dirs_exist_ok=True)
    text = (folder / SEED).read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / SEED).write_text(text)
    return load_plan(folder / SEED).plan


def test_by_default_everything_is_told_and_only_what_an_audience_may_know(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    assert plan.chat == core.Chat()
    assert plan.chat.audience == plan.grafana.audience == "public"
    assert set(plan.chat.tell) == {"phases", "injections", "halts", "incidents", "verdict", "end"}
    assert plan.grafana.mark == ("phases", "faults")
    assert plan.grafana.panels == ()


def test_each_kind_can_be_switched_off(tmp_path: Path) -> None:
    panel = "{title: Orders, dashboard: abc, panel: 4, variables: {namespace: bookstore}}"
    written = f"chat: {{audience: facilitators, tell: [halts]}}\ngrafana: {{mark: [], panels: [{panel}]}}\n"
    plan = planned(tmp_path, ("apiVersion:", f"{written}apiVersion:"))
    assert plan.chat == core.Chat(audience="facilitators", tell=("halts",))
    assert plan.grafana.mark == ()
    shown = core.Panel(title="Orders", dashboard="abc", panel="4", variables={"namespace": "bookstore"})
    assert plan.grafana.panels == (shown,)


@pytest.mark.parametrize(
    "written",
    [
        "slack://tokenA/tokenB/tokenC",
        "https://hooks.slack.com/services/tokenA/tokenB/tokenC",
        "${CHAT:-slack://tokenA/tokenB/tokenC}",
        "slack://${A}/tokenB/tokenC",
        "json://me:tokenB@localhost/x",
    ],
)
def test_a_chat_address_in_the_plan_is_refused_without_repeating_it(tmp_path: Path, written: str) -> None:
    with pytest.raises(PlanErrors) as raised:
        planned(tmp_path, ("chat: ${CHAT_WEBHOOK_URL:-}", f"chat: {written}"))
    assert "one name of the environment" in str(raised.value)
    assert "tokenB" not in str(raised.value)


@pytest.mark.parametrize("written", ["${CHAT}", "${CHAT:-}", '""', "json://localhost:8080/hook"])
def test_a_name_or_a_relay_on_this_machine_is_taken(tmp_path: Path, written: str) -> None:
    found = planned(tmp_path, ("chat: ${CHAT_WEBHOOK_URL:-}", f"chat: {written}"))
    assert found.bindings.chat == written.strip('"')


def test_grafanas_token_is_one_name_too(tmp_path: Path) -> None:
    with pytest.raises(PlanErrors, match="one name of the environment"):
        planned(tmp_path, ("apiVersion:", "grafana: {token: glsa_secret}\napiVersion:"))
    assert resolve_token("${GRAFANA_TOKEN:-}", {}) == ""
    assert resolve_token("${MINE}", {"MINE": "x"}) == "x"
    with pytest.raises(MissingNames, match=r"MINE \(for grafana.token\)"):
        resolve_token("${MINE}", {})
