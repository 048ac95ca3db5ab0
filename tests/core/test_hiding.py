"""Secrets in the texts that servers, commands and people write, and texts that only look so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlroom.core import events as e
from controlroom.core.events import Actor, Event, Unknown
from controlroom.core.hiding import Net
from tests.journal.books import day
from tests.sessions import moment

S = "planted-4711-Zx"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJib29rc3RvcmUifQ.c2lnbmF0dXJl"

HOLDING = [
    f"GET https://maria:{S}@prometheus.example:9090/api failed",
    f"https://{S}@grafana.example/",
    f"postgres://app:{S}@db/orders?sslmode=off and amqp://u:{S}@mq",
    f"https://user:p@{S}@host/path",
    f"Authorization: Bearer {S}",
    f"authorization: Basic {S}==",
    f'{{"Authorization": "Bearer {S}", "Accept": "*/*"}}',
    f"curl -H 'Authorization: token {S}' https://api",
    f"Proxy-Authorization: Digest {S}",
    f"Cookie: session={S}; theme=dark",
    f"X-Api-Key: {S}",
    f"sent bearer {S} to the API server",
    f"DB_PASSWORD={S} ./gradlew gatlingRun",
    f'"password": "{S}"',
    f"client_secret: '{S}'",
    f"API_TOKEN={S}\nnext line",
    f"https://alerts.example/hook?token={S}&x=1",
    f"https://x.blob/y?sv=1&sig={S}",
    f"mysql --password {S} --host db",
    f"--token={S}",
    f"https://hooks.slack.com/services/T0/B0/{S}",
    f"https://discord.com/api/webhooks/1/{S}",
    f"https://team.webhook.office.com/webhookb2/{S}",
    f"-----BEGIN RSA PRIVATE KEY-----\n{S}\n-----END RSA PRIVATE KEY----- after",
    f"-----BEGIN PRIVATE KEY-----\n{S}",
    f"ghp_{S.replace('-', '')}AbCdEf0123",
    f"glsa_{S}",
    f"the value {S} that the host knows",
]

HARMLESS = [
    "password: ${DB_PASSWORD}",
    "token: ${GRAFANA_TOKEN:-}",
    "the token: none of us had one",
    "Basic understanding of the bearer of bad news",
    "http://127.0.0.1:9090/api/v1/query_range?query=up&step=2",
    "https://runbooks.example/InventoryReplicasLow#what-to-do",
    "git clone ssh://git@github.com/some/repository",
    "ask maria@example.com about the cache",
    "secretName: bookstore-tls",
    'sum(rate(tokens_total{key="x"}[30s]))',
    "image: bookstore/inventory@sha256:0f1e",
    "keys: n note, a acknowledged",
]


@pytest.mark.parametrize("text", HOLDING)
def test_a_secret_is_taken_out_and_the_rest_is_left(text: str) -> None:
    net = Net([S]) if "the host knows" in text else Net()
    found = net.text(text)
    assert S not in found and S.replace("-", "") not in found
    assert "***" in found
    assert net.text(found) == found


def test_a_json_web_token_is_one_by_its_looks() -> None:
    assert Net().text(f"refused: {JWT}") == "refused: ***"


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_none_stays(text: str) -> None:
    assert Net().text(text) == text


@given(st.text(max_size=300))
def test_nothing_is_hidden_twice(text: str) -> None:
    once = Net().text(text)
    assert Net().text(once) == once


def event(body: e.Body | Unknown) -> Event:
    return Event(seq=1, t=1.0, at=moment(1), actor=Actor(role="host"), body=body)


def test_every_text_of_an_event_goes_through() -> None:
    labels = {"runbook": f"https://u:{S}@runbooks.example/x", "service": "orders"}
    alert = e.AlertObserved(name="A", labels=labels, state="firing", active_at=moment(1))
    found = Net().event(event(alert))
    assert isinstance(found.body, e.AlertObserved)
    assert found.body.labels == {"runbook": "https://***@runbooks.example/x", "service": "orders"}
    failed = Net([S]).event(event(e.SourceFailed(source="prometheus", error=f"said {S}")))
    assert failed.body == e.SourceFailed(source="prometheus", error="said ***")


def test_the_seeds_day_holds_none_and_is_left_as_it_is() -> None:
    """Its plan names secrets by names of the environment, its texts speak of tokens and keys."""
    net = Net()
    assert all(net.event(own) is own for own in day())
