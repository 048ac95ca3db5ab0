"""Who, when and what happens: participants, phases, steps, experiments, injects, questions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from controlroom.plan.models.base import Command, Id, Label, Length, MetricId, Moment, OrText, Strict, Text

Check = Literal["observability", "alert-routes"]


class Participant(Strict):
    """Somebody who takes part."""

    name: Text = Field(description="Who: a person, a team or a rotation.")
    role: Text = Field(
        description="What they are on the day: facilitator, scribe, incident commander, on-call, responder, observer."
    )


class ChecklistItem(Strict):
    """Something to be seen to before the day starts. May be written as its text alone."""

    id: Id | None = Field(default=None, description="Name in the record; made of the text when left out.")
    text: Text = Field(description="What must be done or verified.")
    check: Check | None = Field(
        default=None,
        description="The machine check that can tick it: `observability` (Prometheus answers and every query of the "
        "plan has data) or `alert-routes` (Alertmanager answers and has a receiver). Without it: by hand.",
    )
    files: tuple[Text, ...] = Field(
        default=(),
        description="Scripts beside the plan, such as those of a rollback: `controlroom check` sees that each is there "
        "and can be run.",
    )
    command: Command | None = Field(
        default=None,
        description="A command that `controlroom check` runs beside the plan, without a shell and for at most 30 "
        "seconds; seen to when it ends with 0. It must change nothing.",
    )


class Step(Strict):
    """Something that is due at a moment of its phase. A prompt, never an act by itself."""

    id: Id | None = Field(default=None, description="Name in the record; made of the text when left out.")
    text: Text = Field(description="What is to be done.")
    at: Moment = Field(
        description="When: `t=15` (minute 15 of the day) or `5m` (from the start of the phase)."
    )
    until: Moment | None = Field(default=None, description="End of a step that lasts, in the same phase.")
    kind: Literal["manual", "load-start", "load-stop", "clean-up", "pictures", "verify"] = Field(
        default="manual",
        description="What the room offers with it: start or stop of the load, clean-up of all experiments, "
        "pictures of the room's panes, a check that the metrics are back. `manual`: nothing.",
    )
    experiment: Id | None = Field(default=None, description="The experiment that is injected at this step.")
    command: str | None = Field(
        default=None,
        description="The command a person would type, shown beside the step; never run from here.",
    )
    details: tuple[Text, ...] = Field(default=(), description="The step's own points, shown below it.")


class Phase(Strict):
    """A part of the day. Its steps count from its real start, so an over-run shifts what follows."""

    id: Id = Field(description="Name of the phase.")
    title: Text = Field(description="Title on the timeline and in the report.")
    duration: Length = Field(description="Planned length.")
    kind: Literal["baseline", "inject", "respond", "recover", "other"] = Field(
        default="other",
        description="What it is for. Exactly one is `baseline`: its samples are what is normal.",
    )
    steps: tuple[Step, ...] = Field(default=(), description="Its timed steps.")


class Alert(Strict):
    """The alert that should detect an experiment."""

    name: Text = Field(description="Value of the label `alertname`.")
    labels: dict[Label, str] = Field(
        default_factory=dict, description="Labels that it must carry as well, each with its exact value."
    )


class Experiment(Strict):
    """A fault: a Kubernetes manifest, injected at the step that names it."""

    id: Id = Field(description="Name of the experiment.")
    title: Text = Field(description="Title on the screen and in the report.")
    manifest: Text = Field(description="File beside the plan, with one Kubernetes object or several.")
    until: Id | None = Field(
        default=None, description="Phase or step at whose start it ends; without it: the clean-up step."
    )
    expected: tuple[Text, ...] = Field(default=(), description="What should happen.")
    observe: tuple[Text, ...] = Field(default=(), description="What to watch.")
    alert: Alert | None = Field(default=None, description="The alert that should detect it.")
    impact: tuple[MetricId, ...] = Field(
        default=(),
        description="Metrics expected to leave their limits; any other that does is a cascading failure.",
    )
    cluster: Id | None = Field(
        default=None, description="One of `bindings.clusters`; without it: `bindings.cluster`."
    )
    change: bool = Field(
        default=False,
        description="The manifest names objects that are there: its fields are set for the time and put back.",
    )
    auto: bool = Field(
        default=False,
        description="Injected when due without a person. A headless day does so for all experiments.",
    )


class Load(Strict):
    """The load test: a program or Kubernetes objects, started and stopped at the steps of those kinds."""

    command: Command | None = Field(
        default=None,
        description="Program and arguments: one line, split as a shell would split it, or a list. No shell runs it.",
    )
    manifest: Text | None = Field(
        default=None,
        description="In place of a command: file beside the plan, with a Job, a k6 TestRun or other objects. They are "
        "created under their own names to start the load, and deleted to stop it.",
    )
    cluster: Id | None = Field(
        default=None,
        description="Of a manifest: one of `bindings.clusters`; without it `bindings.cluster`.",
    )
    directory: Text | None = Field(
        default=None, description="Of a command: working directory; without it the plan's own."
    )
    environment: dict[Label, str] = Field(
        default_factory=dict,
        description="Of a command: variables for it. `${NAME}` is looked up when it starts and never recorded.",
    )


class Inject(Strict):
    """Something said or handed out at a planned time."""

    id: Id | None = Field(default=None, description="Name in the record; made of the text when left out.")
    text: Text = Field(description="What is said.")
    at: Moment = Field(description="When: `t=20` (minute 20 of the day), or `5m` from the start of `phase`.")
    phase: Id | None = Field(
        default=None, description="Phase that `at` counts from; without it `at` must be a time of the day."
    )
    hint: bool = Field(default=False, description="Given only when the team asks for help.")


class Question(Strict):
    """A question to the facilitator or the team. May be written as its text alone."""

    id: Id | None = Field(default=None, description="Name in the record; made of the text when left out.")
    text: Text = Field(description="The question.")
    kind: Literal["text", "score", "yes-no", "figure"] = Field(
        default="text",
        description="Answer: free words, 1 to 5, yes or no, or a figure that is measured and may be commented.",
    )
    figure: Literal["ttd", "tta", "tti", "ttm", "ttr"] | None = Field(
        default=None,
        description="Which figure fills it: time to detect, acknowledge, identify, mitigate, recover.",
    )


class AfterAction(Strict):
    """Something to be done after the day. May be written as its text alone."""

    id: Id | None = Field(default=None, description="Name in the record; made of the text when left out.")
    text: Text = Field(description="What is to be done.")


class Approval(Strict):
    """A guard that was overridden beforehand."""

    guard: Id = Field(description="The guard, like `blast-radius`.")
    experiment: Id = Field(description="For which experiment.")
    reason: Text = Field(description="Why this is all right.")
    by: str = Field(default="", description="Who said so.")


Entry = Annotated[ChecklistItem, OrText()]
Asked = Annotated[Question, OrText()]
Action = Annotated[AfterAction, OrText()]
