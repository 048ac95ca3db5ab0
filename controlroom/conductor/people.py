"""What people write and tick."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from controlroom.conductor.context import Handlers, Part, refuse
from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.clean import clean
from controlroom.core.events import Actor
from controlroom.core.intents import Answer
from controlroom.core.values import changed

LONGEST = 4000
"""Characters of a note or an answer."""


class People(Part):
    """Marks, notes, ticks, answers, injects, polls, reveals."""

    def handlers(self) -> Handlers:
        return {
            i.MakeMark: self.make_mark,
            i.AmendMark: self.amend_mark,
            i.UndoMark: self.undo_mark,
            i.WriteNote: self.write_note,
            i.EditNote: self.edit_note,
            i.SetAction: self.set_action,
            i.SetTick: self.tick,
            i.GiveAnswer: self.answer,
            i.GiveInject: self.give_inject,
            i.Reveal: self.reveal,
            i.Poll: self.poll,
        }

    def _name(self, kind: str) -> str:
        """A name that no other has: it carries the number of the event that will hold it."""
        return f"{kind}-{len(self.recorder.events) + 1}"

    async def make_mark(self, intent: i.MakeMark, actor: Actor) -> Answer:
        known = {experiment.id for experiment in self.plan.experiments}
        if strange := set(intent.experiments) - known:
            return refuse(f"no experiment is called {', '.join(sorted(strange))}")
        source: Literal["person", "script"] = "script" if actor.role == "script" else "person"
        body = e.MarkMade(
            mark=self._name("mark"),
            milestone=intent.milestone,
            text=clean(intent.text, LONGEST),
            experiments=intent.experiments,
            source=source,
        )
        return await self.write(body, actor, at=intent.at)

    async def amend_mark(self, intent: i.AmendMark, actor: Actor) -> Answer:
        mark = self.state.marks.get(intent.mark)
        if mark is None or mark.undone:
            return refuse("there is no such mark")
        body = e.MarkAmended(
            mark=intent.mark,
            text=None if intent.text is None else clean(intent.text, LONGEST),
            experiments=intent.experiments,
        )
        return await self.write(body, actor, at=intent.at or mark.at)

    async def undo_mark(self, intent: i.UndoMark, actor: Actor) -> Answer:
        mark = self.state.marks.get(intent.mark)
        if mark is None or mark.undone:
            return refuse("there is no such mark")
        return await self.write(e.MarkUndone(mark=intent.mark), actor)

    async def write_note(self, intent: i.WriteNote, actor: Actor) -> Answer:
        text = clean(intent.text, LONGEST)
        if not text.strip():
            return refuse("an empty note is not kept")
        name = self._name("note")
        body = e.NoteWritten(note=name, type=intent.type, text=text, private=intent.private)
        if intent.type != "todo":
            return await self.write(body, actor, at=intent.began_at)
        written = self.recorder.record(body, actor=actor, at=intent.began_at)
        title, owner = split_owner(text)
        action = e.ActionSet(action=self._name("action"), title=title, owner=owner, note=name)
        answer = await self.write(action, actor)  # on disk with all before it
        return changed(answer, seq=written.seq)

    async def edit_note(self, intent: i.EditNote, actor: Actor) -> Answer:
        if intent.note not in self.state.notes:
            return refuse("there is no such note")
        body = e.NoteEdited(
            note=intent.note,
            type=intent.type,
            text=clean(intent.text, LONGEST),
            private=intent.private,
        )
        return await self.write(body, actor)

    async def set_action(self, intent: i.SetAction, actor: Actor) -> Answer:
        title = clean(intent.title, LONGEST)
        if not title.strip():
            return refuse("an action needs a title")
        if intent.action and intent.action not in self.state.actions:
            return refuse("there is no such action")
        before = self.state.actions.get(intent.action)
        body = e.ActionSet(
            action=intent.action or self._name("action"),
            title=title,
            owner=clean(intent.owner),
            due=clean(intent.due),
            status=intent.status,
            note=before.note if before else "",
        )
        return await self.write(body, actor)

    async def tick(self, intent: i.SetTick, actor: Actor) -> Answer:
        lists: dict[str, Callable[[], set[str]]] = {
            "checklist": lambda: {item.id for item in self.plan.checklist},
            "step": lambda: {step.id for _, step in self.plan.steps},
            "after-action": lambda: {item.id for item in self.plan.after_actions},
        }
        if intent.item not in lists[intent.list]():
            return refuse(f"the plan has no {intent.list} item {intent.item}")
        body = e.Ticked(
            list=intent.list, item=intent.item, ticked=intent.ticked, detail=clean(intent.detail, LONGEST)
        )
        return await self.write(body, actor)

    async def answer(self, intent: i.GiveAnswer, actor: Actor) -> Answer:
        questions = self.plan.debrief if intent.section == "debrief" else self.plan.observations
        question = next((own for own in questions if own.id == intent.question), None)
        if question is None:
            return refuse(f"there is no such question: {intent.question}")
        if intent.score is not None and not 1 <= intent.score <= 5:
            return refuse("a score is 1 to 5")
        body = e.Answered(
            section=intent.section,
            question=intent.question,
            text=clean(intent.text, LONGEST),
            score=intent.score,
        )
        return await self.write(body, actor)

    async def give_inject(self, intent: i.GiveInject, actor: Actor) -> Answer:
        if all(inject.id != intent.inject for inject in self.plan.injects):
            return refuse(f"the plan has no inject {intent.inject}")
        return await self.write(e.InjectGiven(inject=intent.inject, skipped=intent.skipped), actor)

    async def reveal(self, intent: i.Reveal, actor: Actor) -> Answer:
        if all(experiment.id != intent.experiment for experiment in self.plan.experiments):
            return refuse(f"no experiment is called {intent.experiment}")
        if intent.experiment in self.state.revealed:
            return refuse("it is revealed already")
        run = self.state.latest_run(intent.experiment)
        began = run.injection.first if run and run.injection else None
        return await self.write(e.Revealed(experiment=intent.experiment, began_at=began), actor)

    async def poll(self, intent: i.Poll, actor: Actor) -> Answer:
        body = e.Polled(
            role=clean(intent.role, 60),
            go=intent.go,
            experiment=intent.experiment,
            reason=clean(intent.reason, LONGEST),
        )
        return await self.write(body, actor)


def split_owner(text: str) -> tuple[str, str]:
    """Title and owner of a todo: the last word with an @ names the owner."""
    words = text.split()
    owner = next((word[1:] for word in reversed(words) if word.startswith("@") and len(word) > 1), "")
    kept = [word for word in words if word != f"@{owner}" and word not in ("→", "->")] if owner else words
    return " ".join(kept), owner
