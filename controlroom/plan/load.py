"""Reads a plan and the files it names: all or nothing, with every error found."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import yaml

from controlroom.core.plan import Plan
from controlroom.core.values import Value
from controlroom.plan import checks, convert, documents, manifests, rules, validation
from controlroom.plan.errors import Flaw, PlanError, PlanErrors, nearest
from controlroom.plan.models.base import slug
from controlroom.plan.models.plan import PlanFile
from controlroom.plan.times import shorten


class LoadedPlan(Value):
    """A plan that can be used, with all the text it was made of."""

    plan: Plan
    text: str
    hash: str
    """SHA-256 of the text, in hexadecimal."""
    files: dict[str, str]
    """Text of every manifest and of the rules, by the path that the plan names."""


def load_plan(path: Path) -> LoadedPlan:
    """Reads and checks the plan at `path`; its manifests and rules lie beside it. Raises PlanErrors."""
    try:
        text = documents.read_text(path)
    except Flaw as flaw:
        raise PlanErrors([flaw.within(str(path))]) from None
    return read_plan(text, path)


def read_plan(text: str, path: Path) -> LoadedPlan:
    """Checks the text of a plan as if it stood in the file `path`. Raises PlanErrors."""
    reader = _Reader(str(path), text, path.parent)
    file = reader.read()
    return LoadedPlan(
        plan=convert.to_plan(file, slug(path.stem)),
        text=text,
        hash=hashlib.sha256(text.encode()).hexdigest(),
        files=reader.files,
    )


class _Reader:
    """Reads one plan and gathers its errors."""

    def __init__(self, name: str, text: str, folder: Path) -> None:
        self._name = name
        self._folder = folder
        self._errors: list[PlanError] = []
        self.files: dict[str, str] = {}
        try:
            self._node = self._document(text)
            self._data = documents.data_of(self._node)
            self._check_header()
        except Flaw as flaw:
            raise PlanErrors([flaw.within(name)]) from None

    def read(self) -> PlanFile:
        """The plan file's model. Raises PlanErrors."""
        file, findings = validation.validate(self._data)
        self._add(findings)
        if file is None:
            self._give_up()
        # Beside a slip that was repaired, what else seems wrong is mostly its echo.
        holders = {finding.loc[:-1] for finding in findings}
        self._add(one for one in checks.check(file) if one.loc[:-1] not in holders)
        self._read_manifests(file)
        self._read_rules(file)
        if self._errors:
            self._give_up()
        return file

    def _give_up(self) -> NoReturn:
        raise PlanErrors(self._errors)

    def _add(self, findings: Iterable[validation.Finding]) -> None:
        for finding in findings:
            error = PlanError(
                file=self._name,
                line=documents.line_of(self._node, finding.loc),
                key=validation.written(finding.loc),
                message=finding.message,
                nearest=finding.near,
            )
            if error not in self._errors:
                self._errors.append(error)

    @staticmethod
    def _document(text: str) -> yaml.Node:
        nodes = documents.compose(text)
        if not nodes:
            raise Flaw(
                "the file is empty: a plan starts with `apiVersion: controlroom/v1` and `kind: GameDay`"
            )
        if len(nodes) > 1:
            raise Flaw("a plan is one document: this begins a second", nodes[1].start_mark.line + 1)
        return nodes[0]

    def _check_header(self) -> None:
        """A file that is something else gets one error that says so, not a list of missing keys."""
        start = "a plan starts with `apiVersion: controlroom/v1` and `kind: GameDay`"
        if not isinstance(self._data, dict):
            raise Flaw(f"this is not a plan: {start}")
        version, kind = self._data.get("apiVersion"), self._data.get("kind")
        if version == "controlroom/v1" and kind == "GameDay":
            return
        if isinstance(version, str) and version.startswith("controlroom/") and kind == "GameDay":
            message = f"a plan of version `{shorten(version)}`; this program reads controlroom/v1"
            raise Flaw(message, documents.line_of(self._node, ("apiVersion",)))
        what = (
            f"of kind `{shorten(str(kind))}` ({shorten(str(version))})"
            if version and kind
            else "without a kind"
        )
        raise Flaw(
            f"this is a file {what}, not a game day plan: {start}", documents.line_of(self._node, ("kind",))
        )

    def _read_beside(self, loc: documents.Loc, name: str) -> str | None:
        """Text of a file that the plan names; None, and an error, where there is none."""
        if name in self.files:
            return self.files[name]
        try:
            text = documents.read_text(manifests.beside(self._folder, name))
        except Flaw as flaw:
            near = nearest(name, sorted(one.name for one in self._folder.glob("*.y*ml")))
            self._add([validation.Finding(loc, f"`{shorten(name)}`: {flaw.message}", near)])
            return None
        self.files[name] = text
        return text

    def _inner(self, name: str, flaw: Flaw) -> None:
        """An error inside a file that the plan names."""
        self._errors.append(flaw.within(str(self._folder / name)))

    def _read_manifests(self, file: PlanFile) -> None:
        for number, experiment in enumerate(file.experiments):
            place = ("experiments", number, "manifest")
            self._read_manifest(place, experiment.manifest, experiment.cluster, file)
        if file.load is not None and file.load.manifest is not None:
            self._read_manifest(("load", "manifest"), file.load.manifest, file.load.cluster, file)

    def _read_manifest(self, place: documents.Loc, name: str, cluster: str | None, file: PlanFile) -> None:
        seen = name in self.files
        text = self._read_beside(place, name)
        if text is None or seen:
            return
        try:
            found = manifests.read_manifest(text)
        except Flaw as flaw:
            self._inner(name, flaw)
            return
        bindings = file.bindings
        allowed = bindings.clusters.get(cluster or "", bindings.cluster).namespaces
        for one in found:
            if one.namespace is not None and one.namespace not in allowed and "${" not in "".join(allowed):
                message = f"namespace `{one.namespace}` is not among the plan's: {', '.join(allowed)}"
                self._inner(name, Flaw(message, one.line))

    def _read_rules(self, file: PlanFile) -> None:
        if file.rules is None:
            return
        text = self._read_beside(("rules",), file.rules)
        if text is None:
            return
        try:
            alerts = rules.read_rules(text).alerts()
        except Flaw as flaw:
            self._inner(file.rules, flaw)
            return
        for number, experiment in enumerate(file.experiments):
            alert = experiment.alert
            if alert is None:
                continue
            place = ("experiments", number, "alert")
            if alert.name not in alerts:
                message = f"there is no alert `{alert.name}` in {file.rules}"
                self._add([validation.Finding((*place, "name"), message, nearest(alert.name, list(alerts)))])
            elif not any(_carries(rule, alert.labels) for rule in alerts[alert.name]):
                message = f"no rule of alert `{alert.name}` sets these labels"
                self._add([validation.Finding((*place, "labels"), message)])


def _carries(rule: rules.Rule, labels: dict[str, str]) -> bool:
    """Whether a rule's alerts may carry the labels: what a rule does not set may come from its expression."""
    return all(
        rule.labels.get(key, value) == value or "{{" in rule.labels[key] for key, value in labels.items()
    )
