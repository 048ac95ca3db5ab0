"""What people write and tick."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Literal

from controlroom.clock import Clock, WallClock, day_in
from controlroom.conductor.context import Handlers, Part, refuse
from controlroom.conductor.recorder import Recorder
from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.clean import clean
from controlroom.core.events import Actor
from controlroom.core.intents import Answer
from controlroom.core.people import Note
from controlroom.core.todo import Todo, due_of, read_todo, with_dates
from controlroom.core.values import changed

WALL = WallClock()
LONGEST = 4000
"""Characters of a note or an answer."""


class People(Part):
    """Marks, notes, ticks, answers, injects, polls, reveals."""

    def __init__(self, recorder: Recorder, real: Clock = WALL) -> None:
        super().__init__(recorder)
        self._real = real
        """What has to be done by Friday has to be done by a real one, also where a rehearsal's time is not real."""

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
        today = self._today()
        body = changed(body, text=with_dates(text, today))
        written = self.recorder.record(body, actor=actor, at=intent.began_at)
        own = read_todo(text, today)
        action = e.ActionSet(
            action=self._name("action"), title=own.title, owner=own.owner, due=own.due, note=name
        )
        answer = await self.write(action, actor)  # on disk with all before it
        return changed(answer, seq=written.seq)

    def _today(self) -> date:
        """The date of now, where the day takes place."""
        return day_in(self._real.time(), self.plan.zone)

    async def edit_note(self, intent: i.EditNote, actor: Actor) -> Answer:
        if intent.note not in self.state.notes:
            return refuse("there is no such note")
        text = clean(intent.text, LONGEST)
        if not text.strip():
            return refuse("an empty note is not kept")
        before, today = self.state.notes[intent.note], self._today()
        text = with_dates(text, today) if intent.type == "todo" else text
        body = e.NoteEdited(note=intent.note, type=intent.type, text=text, private=intent.private)
        action = self._action_of(before, changed(before, type=intent.type, text=text), today)
        if action is None:
            return await self.write(body, actor)
        written = self.recorder.record(body, actor=actor)
        return changed(await self.write(action, actor), seq=written.seq)

    def _action_of(self, before: Note, after: Note, today: date) -> e.ActionSet | None:
        """What becomes of a todo's action item when its note is edited; None: nothing.

        Only what the edit changed is taken over: an owner who was given in the form stays.
        """
        own = next((item for item in self.state.actions.values() if item.note == before.id), None)
        if after.type != "todo":
            return changed(own, status="dropped") if own is not None and own.status == "open" else None
        new = read_todo(after.text, today)
        if own is None:
            return e.ActionSet(
                action=self._name("action"), title=new.title, owner=new.owner, due=new.due, note=before.id
            )
        old = read_todo(before.text, today) if before.type == "todo" else Todo(title="")
        took_back = before.type != "todo" and own.status == "dropped"
        found = changed(
            own,
            title=new.title if new.title != old.title else own.title,
            owner=new.owner if new.owner != old.owner else own.owner,
            due=new.due if new.due != old.due else own.due,
            status="open" if took_back else own.status,
        )
        return found if found != own else None

    async def set_action(self, intent: i.SetAction, actor: Actor) -> Answer:
        if intent.after_action:
            return await self._set_after_action(intent, actor)
        title = clean(intent.title, LONGEST)
        if not title.strip():
            return refuse("an action needs a title")
        if intent.action and intent.action not in self.state.actions:
            return refuse("there is no such action")
        before = self.state.actions.get(intent.action)
        try:
            due = self._due(intent, before)
        except ValueError as error:
            return refuse(str(error))
        body = e.ActionSet(
            action=intent.action or self._name("action"),
            title=title,
            owner=clean(intent.owner),
            due=due,
            status=intent.status,
            note=before.note if before else "",
        )
        return await self.write(body, actor)

    def _due(self, intent: i.SetAction, before: e.ActionSet | None) -> str:
        """The date as it is kept; free words of an older record stay as they are. Raises `ValueError`."""
        text = clean(intent.due)
        return text if before is not None and text == before.due else due_of(text, self._today())

    async def _set_after_action(self, intent: i.SetAction, actor: Actor) -> Answer:
        """Owner and date of an after-action of the plan; that it is done is its tick, as in the checklist."""
        item = next((own for own in self.plan.after_actions if own.id == intent.after_action), None)
        if item is None:
            return refuse(f"the plan has no after-action item {intent.after_action}")
        before = next((own for own in self.state.actions.values() if own.after_action == item.id), None)
        try:
            due = self._due(intent, before)
        except ValueError as error:
            return refuse(str(error))
        tick = self.state.after_actions.get(item.id)
        done = intent.status == "done"
        if done != (tick is not None and tick.ticked):
            self.recorder.record(e.Ticked(list="after-action", item=item.id, ticked=done), actor=actor)
        body = e.ActionSet(
            action=before.action if before else self._name("action"),
            title=item.text,
            owner=clean(intent.owner),
            due=due,
            status=intent.status,
            after_action=item.id,
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
