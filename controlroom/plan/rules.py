"""Alert rules beside a plan, in Prometheus's own format: enough of it to know which alerts there are."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from controlroom.plan import queries
from controlroom.plan.documents import compose, data_of, line_of
from controlroom.plan.errors import Flaw
from controlroom.plan.validation import written


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(_Strict):
    """An alerting or a recording rule."""

    alert: str | None = None
    record: str | None = None
    expr: str
    lasting: str = Field(default="0s", alias="for")
    keep_firing_for: str = "0s"
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _alert_or_record(self) -> Rule:
        if (self.alert is None) == (self.record is None):
            raise ValueError("a rule has either `alert` or `record`")
        return self


class Group(_Strict):
    """Rules that are evaluated together."""

    name: str
    interval: str | None = None
    limit: int = 0
    query_offset: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    rules: tuple[Rule, ...]


class RuleFile(_Strict):
    """A file that `rule_files:` of a Prometheus may name."""

    groups: tuple[Group, ...]

    def alerts(self) -> dict[str, list[Rule]]:
        """Alerting rules by name; a name may have several."""
        found: dict[str, list[Rule]] = {}
        for group in self.groups:
            for rule in group.rules:
                if rule.alert is not None:
                    found.setdefault(rule.alert, []).append(rule)
        return found


def read_rules(text: str) -> RuleFile:
    """The rules of a file. Raises Flaw with the first thing that is wrong and its line."""
    documents = compose(text)
    if len(documents) != 1:
        raise Flaw("no alert rules: the file is empty" if not documents else "more than one document")
    node = documents[0]
    try:
        file = RuleFile.model_validate(data_of(node))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise Flaw(
            f"no rules as Prometheus reads them: {written(first['loc'])}: {first['msg']}",
            line_of(node, first["loc"]),
        ) from None
    for i, group in enumerate(file.groups):
        for j, rule in enumerate(group.rules):
            flaw = queries.flaw_of(rule.expr)
            if flaw:
                raise Flaw(flaw, line_of(node, ("groups", i, "rules", j, "expr")))
            flaw = queries.duration_flaw(rule.lasting) if rule.lasting != "0s" else None
            if flaw:
                raise Flaw(flaw, line_of(node, ("groups", i, "rules", j, "for")))
    return file
