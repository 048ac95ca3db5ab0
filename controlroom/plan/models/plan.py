"""The plan file as a whole."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from controlroom.plan.models.base import Id, Length, Strict, Text, Zone
from controlroom.plan.models.day import (
    Action,
    Approval,
    Asked,
    Entry,
    Experiment,
    Inject,
    Load,
    Participant,
    Phase,
)
from controlroom.plan.models.figures import AbortRule, Criterion, Metric, Sampling, Sign

_CREDENTIALS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#\s]*@")


def _without_credentials(value: str) -> str:
    if _CREDENTIALS.search(value):
        raise ValueError(
            "an address with a user or a password would end up in the record: keep it in the environment, as ${NAME}"
        )
    return value


_TENANTS = frozenset({"x-scope-orgid", "thanos-tenant"})
"""Headers that say whose data are meant, and open nothing by themselves."""
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_ONE_NAME = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-)?\}|")
_OWN_MACHINE = re.compile(r"[a-z]+://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/[^@\s]*)?")


def _one_name(value: str) -> str:
    if not _ONE_NAME.fullmatch(value):
        raise ValueError(
            "this is a secret, and the plan is recorded: write one name of the environment, like ${NAME} or ${NAME:-}"
        )
    return value


def _by_name(value: str) -> str:
    return value if _OWN_MACHINE.fullmatch(value) else _one_name(value)


def _headers(value: dict[str, str]) -> dict[str, str]:
    for name, text in value.items():
        if not _HEADER.fullmatch(name):
            raise ValueError(f"`{name}` is no name of a header")
        if name.lower() not in _TENANTS:
            _one_name(text)
    return value


Headers = Annotated[dict[str, str], AfterValidator(_headers)]
Address = Annotated[str, AfterValidator(_without_credentials)]
SecretAddress = Annotated[str, AfterValidator(_by_name)]
Token = Annotated[str, AfterValidator(_one_name)]
PanelId = Annotated[
    Text,
    BeforeValidator(lambda value: str(value) if type(value) is int else value),
    WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1}, {"type": "integer"}]}),
]


class Cluster(Strict):
    """The cluster that may be touched."""

    context: Text = Field(description="Context of the kubeconfig; any other is refused.")
    namespaces: tuple[Text, ...] = Field(
        min_length=1, description="The namespaces that experiments may touch; any other is refused."
    )


class FurtherCluster(Cluster):
    """A further cluster, by the name that experiments give as `cluster`."""

    kubeconfig: Text | None = Field(
        default=None, description="Path of its kubeconfig; without it the one of `bindings`."
    )


class Login(Strict):
    """How a server lets one in. Of secrets only names of the environment stand here, like `${NAME}`."""

    headers: Headers = Field(
        default_factory=dict,
        description="Headers of every request. The tenant (`X-Scope-OrgID`, `THANOS-TENANT`) may be written as it "
        "is; any other value is one name of the environment.",
    )
    username: str = Field(default="", description="User of basic authentication.")
    password: Token = Field(default="", description="Its password, as one name of the environment.")
    token: Token = Field(default="", description="Bearer token, as one name of the environment.")
    token_file: str = Field(
        default="",
        description="File with the bearer token; read again while the day lasts, as it may be renewed.",
    )
    ca: str = Field(default="", description="PEM file of the authority that signed the server's certificate.")
    certificate: str = Field(default="", description="PEM file of a client certificate.")
    key: str = Field(default="", description="PEM file of its key.")


class Bindings(Strict):
    """Where the plan's systems are. `${NAME}` or `${NAME:-value}` is taken from the environment at the start."""

    cluster: Cluster = Field(description="The cluster.")
    prometheus: Address = Field(description="Base address of Prometheus.")
    alertmanager: Address = Field(description="Base address of Alertmanager.")
    grafana: Address | None = Field(default=None, description="Base address of Grafana; empty: none.")
    chat: SecretAddress | None = Field(
        default=None,
        description="Address of the incident channel, as one name of the environment, since it holds its own secret: "
        "the webhook that Slack, Teams, Discord or Google Chat gave, or an Apprise address like `slack://…`; several "
        "with spaces between them; empty: none.",
    )
    kubeconfig: Text | None = Field(
        default=None,
        description="Path of the kubeconfig; without it the usual one (`KUBECONFIG`, `~/.kube/config`), or in a pod "
        "with `context: in-cluster` its service account.",
    )
    clusters: dict[Id, FurtherCluster] = Field(
        default_factory=dict,
        description="Further clusters by names of one's own, which experiments give as their `cluster`. In a "
        "rehearsal the lab stands for all of them.",
    )
    prometheus_login: Login = Field(default_factory=Login, description="How Prometheus lets one in.")
    alertmanager_login: Login = Field(default_factory=Login, description="How Alertmanager lets one in.")


class Vanished(Strict):
    """What happens when nobody's screen is open any more."""

    policy: Literal["keep", "halt"] = Field(
        default="keep",
        description="`keep`: all goes on, only faults that have no end of their own are ended; `halt`: all are ended.",
    )
    after: Length = Field(default=120.0, description="How long no facilitator must be there before it acts.")


class Access(Strict):
    """Who may attach besides the account that runs the day, which may take any seat."""

    group: Text = Field(
        description="A group of this machine that the account belongs to; its members may attach to the day."
    )
    seats: tuple[Literal["facilitator", "scribe", "audience"], ...] = Field(
        min_length=1, description="The seats that they may take; every other is refused."
    )


class Chat(Strict):
    """What is told in the chat of `bindings`, if there is one."""

    audience: Literal["public", "facilitators"] = Field(
        default="public",
        description="Who reads it. `public`: nothing is told that an audience does not see, so an injection only "
        "once it is revealed; `facilitators`: all, as it happens.",
    )
    tell: tuple[Literal["phases", "injections", "halts", "incidents", "verdict", "end"], ...] = Field(
        default=("phases", "injections", "halts", "incidents", "verdict", "end"),
        description="What is told. Whatever is not in the list is not; `[]`: nothing.",
    )


class Panel(Strict):
    """A panel that pictures are taken of: at the baseline, when the faults have acted, and at the end."""

    title: Text = Field(description="Title in the report.")
    dashboard: Text = Field(description="Uid of its dashboard: what follows `/d/` in the address.")
    panel: PanelId = Field(
        description="Its id: what follows `viewPanel=` in the address, like `4` or `panel-4`."
    )
    variables: dict[str, str] = Field(
        default_factory=dict, description="Variables of the dashboard, by name and without `var-`."
    )


class Grafana(Strict):
    """What is marked on the dashboards of `bindings`, if there are any, and pictured from them."""

    audience: Literal["public", "facilitators"] = Field(
        default="public",
        description="Who looks at the dashboards. `public`: faults are marked once they are revealed, back to when "
        "they began; `facilitators`: as they happen.",
    )
    mark: tuple[Literal["phases", "faults"], ...] = Field(
        default=("phases", "faults"),
        description="What is marked, from its beginning to its end; `[]`: nothing.",
    )
    dashboard: Text | None = Field(
        default=None,
        description="Uid of the one dashboard that is marked; without it: every dashboard with an annotation query "
        "for the tag `controlroom`.",
    )
    token: Token = Field(
        default="${GRAFANA_TOKEN:-}",
        description="Token of a service account, as one name of the environment; it may write annotations.",
    )
    panels: tuple[Panel, ...] = Field(
        default=(), description="Panels that pictures are taken of, by Grafana's image renderer."
    )


class PlanFile(Strict):
    """A game day, as one file."""

    api_version: Literal["controlroom/v1"] = Field(alias="apiVersion", description="`controlroom/v1`.")
    kind: Literal["GameDay"] = Field(description="`GameDay`.")
    id: Id | None = Field(default=None, description="Name of the plan; the file's name when left out.")
    title: Text = Field(description="Title of the day.")
    date: str = Field(default="", description="When it is to be, in free words.")
    duration: Length = Field(description="Length of the day: the sum of its phases.")
    environment: Text = Field(description="What it runs against, like staging.")
    zone: Zone = Field(default="UTC", description="Time zone of the wall times that people see.")
    participants: tuple[Participant, ...] = Field(default=(), description="Who takes part.")
    objectives: tuple[Text, ...] = Field(default=(), description="What the day is for.")
    summary: str = Field(default="", description="The scenario in a sentence.")
    scenario: tuple[Text, ...] = Field(default=(), description="The scenario's points.")
    checklist: tuple[Entry, ...] = Field(
        default=(), description="What must be seen to before the day starts."
    )
    bindings: Bindings = Field(description="Where its systems are.")
    load: Load | None = Field(default=None, description="The load test.")
    phases: tuple[Phase, ...] = Field(min_length=1, description="The day's phases in their order.")
    experiments: tuple[Experiment, ...] = Field(default=(), description="The faults.")
    metrics: tuple[Metric, ...] = Field(min_length=1, description="What is measured.")
    sampling: Sampling = Field(default_factory=Sampling, description="How it is measured.")
    rules: Text | None = Field(
        default=None,
        description="Alert rules beside the plan, as Prometheus reads them: alert names are checked against it.",
    )
    criteria: tuple[Criterion, ...] = Field(default=(), description="The day is passed if all of these are.")
    signs: tuple[Sign, ...] = Field(
        default=(), description="Any of these set means that something needs improvement."
    )
    abort: tuple[AbortRule, ...] = Field(default=(), description="When the day is halted.")
    injects: tuple[Inject, ...] = Field(default=(), description="What is said or handed out, and hints.")
    observations: tuple[Asked, ...] = Field(
        default=(), description="What the facilitator watches and answers."
    )
    debrief: tuple[Asked, ...] = Field(default=(), description="Questions to the team afterwards.")
    after_actions: tuple[Action, ...] = Field(default=(), description="What is to be done after the day.")
    headings: tuple[Text, ...] = Field(default=(), description="Headings of the notes in the report.")
    approvals: tuple[Approval, ...] = Field(
        default=(), description="Guards overridden beforehand, with their reasons."
    )
    vanished: Vanished = Field(default_factory=Vanished, description="What happens when nobody is there.")
    access: Access | None = Field(
        default=None, description="Who else may attach; without it only the account that runs the day."
    )
    chat: Chat = Field(default_factory=Chat, description="What is told in the chat.")
    grafana: Grafana = Field(
        default_factory=Grafana, description="What is marked on dashboards and pictured from them."
    )
