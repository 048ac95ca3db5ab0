"""A Schedule or Workflow by what it has made: its own object says little, the faults keep the records.

Children are observed each by itself, like any fault, and told as the one run that they are of.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from controlroom.core.events import FaultObserved, Injection, Target
from controlroom.core.faults.combined import injection_of, rank
from controlroom.core.faults.targets import is_over
from controlroom.core.values import Value, changed


class Child(Value):
    """What is known of one fault that was made."""

    name: str
    said: FaultObserved
    one_shot: bool = False

    @property
    def done(self) -> bool:
        """It acts on nothing any more, though its object may still be there."""
        if self.said.state == "ended":
            return True
        if self.one_shot:
            return self.said.effect_end is not None
        return self.said.state == "recovering" and all(
            is_over(own) or own.injected_at is None for own in self.said.targets
        )


def by_children(maker: FaultObserved, children: Sequence[Child]) -> FaultObserved:
    """The run of `maker`, which was observed by itself, with all that it has made, the oldest first.

    Of a maker that is gone the run goes on until every child is: they are collected after it, and only then is
    what they did taken back.
    """
    acting = [own for own in children if not own.done]
    left = [own for own in children if own.said.state != "ended"]
    targets = _targets(acting or children)
    injection = _injection(children)
    found = changed(maker, targets=targets, injection=injection, effect_end=None, object_end=None)
    if maker.state == "ended" and not left:
        return changed(
            maker,
            targets=targets,
            injection=injection,
            effect_end=_last(children),
            object_end=max(
                (own.said.object_end for own in children if own.said.object_end is not None),
                default=maker.object_end,
            ),
            how=_how(targets, children),
        )
    if acting:
        speaker = min(acting, key=lambda own: rank(own.said.state))
        state = speaker.said.state
        if maker.state in ("recovering", "ended") and state not in ("stuck", "recovering"):
            state = "recovering"  # it was deleted, or is over: what it made goes as well
        message = f"{speaker.name}: {speaker.said.message}" if speaker.said.message else _count(children)
        return changed(found, state=state, message=message, how="")
    if maker.state == "ended":
        return changed(found, state="recovering", message=f"{len(left)} of what it made not gone yet", how="")
    if maker.state == "active":
        return changed(found, message=f"between two faults; {_count(children)}")
    return changed(found, effect_end=_last(children))


def _count(children: Sequence[Child]) -> str:
    acting = sum(1 for own in children if not own.done)
    return f"{len(children)} made, {acting} acting now"


def _targets(children: Sequence[Child]) -> tuple[Target, ...]:
    """Each target once, by the last child that reached it; one that an older child still acts on is that one's."""
    found: dict[str, Target] = {}
    for own in children:
        for target in own.said.targets:
            before = found.get(target.id)
            held = before is not None and before.injected_at is not None and not is_over(before)
            if not held or target.injected_at is not None:
                found[target.id] = target
    return tuple(found.values())


def _injection(children: Sequence[Child]) -> Injection | None:
    return injection_of([own.said.injection for own in children if own.said.injection is not None])


def _last(children: Sequence[Child]) -> datetime | None:
    return max((own.said.effect_end for own in children if own.said.effect_end is not None), default=None)


def _how(targets: Sequence[Target], children: Sequence[Child]) -> str:
    hit = [own for own in targets if own.injected_at is not None]
    if not hit:
        return f"{len(children)} made, ended before injection"
    if all(own.one_shot for own in children):
        return f"{len(children)} made, fired {len(hit)}/{len(targets)}"
    said = [f"recovered {sum(1 for own in hit if own.state == 'recovered')}/{len(targets)}"]
    for state, word in (("lost", "lost"), ("failed", "not recovered")):
        if count := sum(1 for own in hit if own.state == state):
            said.append(f"{word} {count}")
    return f"{len(children)} made, " + " · ".join(said)
