"""The plan of a game day as values: what a plan file says once it has been read and checked.

Times are seconds. An offset counts from the start of the phase that holds it, so an over-run shifts what
follows. Identifiers are lower-case words joined by hyphens (metrics: underscores), unique in their list.
"""

from __future__ import annotations

from typing import Literal, get_args

from controlroom.core.info import Seat
from controlroom.core.values import Value, the_one

Worse = Literal["higher", "lower", "neither"]
Statistic = Literal["p95", "worst", "mean", "last"]


class Participant(Value):
    name: str
    role: str
    """What the person is on the day: facilitator, on-call, incident commander, scribe, observer, …"""


class ChecklistItem(Value):
    id: str
    text: str
    check: str | None = None
    """Name of the machine check that can tick it (`observability`, `alert-routes`, …); None: by hand only."""
    files: tuple[str, ...] = ()
    """Scripts, by their paths beside the plan, that must be there and can be run."""
    command: tuple[str, ...] = ()
    """A command that ends with 0 when it is seen to."""


class Step(Value):
    id: str
    text: str
    at: float
    """Offset in its phase, seconds."""
    until: float | None = None
    """End of a step that lasts, offset in the same phase, seconds."""
    kind: Literal["manual", "load-start", "load-stop", "experiment", "clean-up", "pictures", "verify"] = (
        "manual"
    )
    experiment: str | None = None
    command: str | None = None
    """The command a person would type, shown beside the step; never executed from here."""
    details: tuple[str, ...] = ()


class Phase(Value):
    id: str
    title: str
    duration: float
    kind: Literal["baseline", "inject", "respond", "recover", "other"] = "other"
    steps: tuple[Step, ...] = ()


class AlertRef(Value):
    """The alert that should detect an experiment."""

    name: str
    labels: dict[str, str] = {}

    def matches(self, name: str, labels: dict[str, str]) -> bool:
        return name == self.name and all(labels.get(key) == value for key, value in self.labels.items())


class Experiment(Value):
    id: str
    title: str
    manifest: str
    """Path beside the plan file; its text travels in `session.opened`."""
    phase: str
    at: float
    """Planned injection, offset in its phase, seconds."""
    until: str | None = None
    """Phase or step at whose start the experiment ends; None: the plan's clean-up step."""
    expected: tuple[str, ...] = ()
    observe: tuple[str, ...] = ()
    alert: AlertRef | None = None
    impact: tuple[str, ...] = ()
    """Metrics expected to leave their limits; any other that does is a cascade."""
    cluster: str = ""
    """One of the bindings' further clusters; empty: the plan's own."""
    change: bool = False
    """The manifest names objects that are there: their fields are set for the time, and put back."""
    auto: bool = False
    """Inject when due without a person; a headless day does so for all."""


class Load(Value):
    """A command, or a manifest of Kubernetes objects: one of the two."""

    command: tuple[str, ...] = ()
    manifest: str = ""
    """Path as the plan names it; empty: it is a command."""
    cluster: str = ""
    """Where the manifest goes: one of the further clusters; empty: the plan's own."""
    directory: str | None = None
    environment: dict[str, str] = {}
    """Names to values; a value `${NAME}` is looked up at start and never recorded."""


class Metric(Value):
    id: str
    title: str
    query: str
    """PromQL that yields one series or a scalar."""
    short: str = ""
    """Title where there is little room."""
    unit: str = ""
    worse: Worse = "neither"
    tolerance: float = 0.25
    """Share by which p95 (p5) of the baseline may be passed."""
    k: float = 6.0
    """How many median absolute deviations from the median are still normal."""
    floor: float = 0.0
    """Distance from the median, in the metric's unit, that is always normal."""
    during: Statistic = "worst"
    """Statistic of the *during* column; *pre* and *post* show the median."""
    decimals: int = 1
    criterion: bool = False
    """Its limit decides whether the service is impacted and recovered."""
    table: bool = True
    """It has a row in the report's metrics table."""
    uninvolved: bool = False
    """It belongs to a system outside the scenario."""


class Sampling(Value):
    step: float = 2.0
    warm_up: float = 120.0
    """Seconds at the start of the baseline phase that do not count."""
    least: int = 30
    """Fewer baseline samples than this and the baseline is unknown."""
    hold: float = 30.0
    """Seconds a metric must stay inside (recovered) or outside (cascade) its limit."""
    grace: float = 60.0
    """Seconds after the effect end in which an alert or an impact still belongs to the experiment."""
    present: float = 0.95
    """Share of a window's steps that must be there for a pass."""


class AlertsWithin(Value, tag="alerts-within"):
    """Every injected experiment that names an alert is detected by it within `limit` seconds."""

    id: str
    text: str
    limit: float


class NoDataLoss(Value, tag="no-data-loss"):
    """Read once after load stop, when `lag` is inside its limit: `stored` has reached `accepted`."""

    id: str
    text: str
    accepted: str
    stored: str
    """PromQL of totals that survive a restart."""
    lag: str
    """Metric that tells when the queues have drained."""
    settle: float = 60.0
    """Seconds after load stop before the totals are compared."""
    tolerance: float = 0.0


class RecoversWithin(Value, tag="recovers-within"):
    """The day's service recovered at most `limit` seconds after the last mitigation before it."""

    id: str
    text: str
    limit: float


class RatioBelow(Value, tag="ratio-below"):
    """The worst sample of *during* stays below `limit` times the baseline median."""

    id: str
    text: str
    metric: str
    limit: float


class ValueBelow(Value, tag="value-below"):
    """The worst sample of *during* stays below `limit`, in the metric's unit."""

    id: str
    text: str
    metric: str
    limit: float


Criterion = AlertsWithin | NoDataLoss | RecoversWithin | RatioBelow | ValueBelow


class AlertsDelayed(Value, tag="alerts-delayed"):
    """Set when an alert of an injected experiment came later than its criterion allows, or never."""

    id: str
    text: str


class ManualIntervention(Value, tag="manual-intervention"):
    """Set when the service recovered only after the facilitator's clean-up or a halt, or not at all."""

    id: str
    text: str


class Cascading(Value, tag="cascading"):
    """Set when a metric outside every experiment's expected impact stays outside its limit for the hold."""

    id: str
    text: str


class Judged(Value, tag="judged"):
    """Set or cleared by a person: the answer to an observation question, `yes` sets the sign."""

    id: str
    text: str
    question: str


Sign = AlertsDelayed | ManualIntervention | Cascading | Judged


class AbortRule(Value):
    id: str
    text: str
    metric: str
    above: float | None = None
    below: float | None = None
    lasting: float = 30.0
    """Seconds of unbroken breach before the countdown begins (session time)."""
    countdown: float = 10.0
    """Seconds a person has to hold it (real time)."""
    no_data: Literal["breach", "ignore"] = "breach"


class Inject(Value):
    """Something said or handed out at a planned time; a hint is one the team may ask for."""

    id: str
    text: str
    phase: str
    at: float
    hint: bool = False


class Question(Value):
    id: str
    text: str
    kind: Literal["text", "score", "yes-no", "figure"] = "text"
    """`score` is 1 to 5; `figure` is filled from what was measured and may be commented."""
    figure: str | None = None


class AfterAction(Value):
    id: str
    text: str


class Approval(Value):
    """A guard overridden beforehand, with its reason."""

    guard: str
    experiment: str
    reason: str
    by: str = ""


class Cluster(Value):
    context: str
    namespaces: tuple[str, ...]
    kubeconfig: str | None = None
    """Of a further cluster; None: the one of the bindings."""


class Login(Value):
    """How Prometheus or Alertmanager lets one in. Secrets are names of the environment, and recorded so."""

    headers: dict[str, str] = {}
    username: str = ""
    password: str = ""
    token: str = ""
    token_file: str = ""
    """Read again while the day lasts: somebody else renews it."""
    ca: str = ""
    certificate: str = ""
    key: str = ""
    """Paths of PEM files: the server's authority, a client certificate, its key."""


class Bindings(Value):
    """Where the plan's systems are. A value `${NAME}` names an environment variable and is recorded so."""

    cluster: Cluster
    prometheus: str
    alertmanager: str
    grafana: str | None = None
    chat: str | None = None
    kubeconfig: str | None = None
    lab: str | None = None
    """Control address of the lab in a rehearsal."""
    clusters: dict[str, Cluster] = {}
    """Further clusters by the names that experiments say; in a rehearsal there are none but the lab."""
    prometheus_login: Login = Login()
    alertmanager_login: Login = Login()

    def cluster_of(self, name: str) -> Cluster:
        """The cluster that an experiment names; in a rehearsal the lab stands for every one."""
        return self.clusters.get(name, self.cluster)


class Vanished(Value):
    """What happens when no facilitator's screen is left."""

    policy: Literal["keep", "halt"] = "keep"
    after: float = 120.0


class Access(Value):
    """Who else may attach, besides the account that runs the host: members of a group of this machine."""

    group: str
    seats: tuple[Seat, ...]


ToldAbout = Literal["phases", "injections", "halts", "incidents", "verdict", "end"]
Listeners = Literal["public", "facilitators"]
"""Who reads along outside: everybody (told no more than an audience sees), or those who may know all."""


class Chat(Value):
    """What is told in the chat that the bindings name."""

    audience: Listeners = "public"
    tell: tuple[ToldAbout, ...] = get_args(ToldAbout)


class Panel(Value):
    """A panel of a dashboard that pictures are taken of."""

    title: str
    dashboard: str
    """Its uid."""
    panel: str
    variables: dict[str, str] = {}


class Grafana(Value):
    """What is marked on the dashboards of the Grafana that the bindings name, and pictured from them."""

    audience: Listeners = "public"
    mark: tuple[Literal["phases", "faults"], ...] = ("phases", "faults")
    dashboard: str | None = None
    """Uid of the one dashboard that is marked; None: all that show marks by their tags."""
    token: str = "${GRAFANA_TOKEN:-}"
    """Name of the environment; its value is never recorded."""
    panels: tuple[Panel, ...] = ()


class Plan(Value):
    id: str
    title: str
    environment: str
    duration: float
    phases: tuple[Phase, ...]
    experiments: tuple[Experiment, ...]
    metrics: tuple[Metric, ...]
    bindings: Bindings
    date: str = ""
    """The day it is meant for, in free words; the record has the true one."""
    zone: str = "UTC"
    summary: str = ""
    scenario: tuple[str, ...] = ()
    objectives: tuple[str, ...] = ()
    participants: tuple[Participant, ...] = ()
    checklist: tuple[ChecklistItem, ...] = ()
    load: Load | None = None
    sampling: Sampling = Sampling()
    rules: str | None = None
    """Alert rules beside the plan, Prometheus's own format."""
    criteria: tuple[Criterion, ...] = ()
    signs: tuple[Sign, ...] = ()
    abort: tuple[AbortRule, ...] = ()
    injects: tuple[Inject, ...] = ()
    observations: tuple[Question, ...] = ()
    debrief: tuple[Question, ...] = ()
    after_actions: tuple[AfterAction, ...] = ()
    headings: tuple[str, ...] = ()
    """Headings of the notes section in the report."""
    approvals: tuple[Approval, ...] = ()
    vanished: Vanished = Vanished()
    access: Access | None = None
    """None: the account that runs the host, and nobody else."""
    chat: Chat = Chat()
    grafana: Grafana = Grafana()

    def phase(self, name: str) -> Phase:
        return the_one((phase for phase in self.phases if phase.id == name), f"phase {name!r}")

    def experiment(self, name: str) -> Experiment:
        return the_one(
            (experiment for experiment in self.experiments if experiment.id == name), f"experiment {name!r}"
        )

    def metric(self, name: str) -> Metric:
        return the_one((metric for metric in self.metrics if metric.id == name), f"metric {name!r}")

    def metric_index(self, name: str) -> int:
        return the_one(
            (index for index, metric in enumerate(self.metrics) if metric.id == name), f"metric {name!r}"
        )

    def phase_of_step(self, step: str) -> Phase:
        return the_one(
            (phase for phase in self.phases if any(own.id == step for own in phase.steps)), f"step {step!r}"
        )

    @property
    def steps(self) -> tuple[tuple[Phase, Step], ...]:
        return tuple((phase, step) for phase in self.phases for step in phase.steps)

    def starts(self) -> dict[str, float]:
        """Planned start of each phase, seconds from the start of the day."""
        found: dict[str, float] = {}
        elapsed = 0.0
        for phase in self.phases:
            found[phase.id] = elapsed
            elapsed += phase.duration
        return found
