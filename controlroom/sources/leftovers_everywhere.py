"""What sessions left in several clusters: all are asked at once, and one that is away hides nothing of the others."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from controlroom.core.events import Leftover
from controlroom.core.values import changed
from controlroom.sources.kubernetes_leftovers import Found, Leftovers
from controlroom.sources.ports import SourceError


class Place(NamedTuple):
    """One cluster. `instead`: namespaces that are asked where not all may be."""

    leftovers: Leftovers
    instead: Sequence[str] = ()


class Everywhere:
    """Looks at each cluster by its name in the plan; the plan's own is called ""."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        self._places = places

    async def find(self, only: Sequence[str] = ()) -> Found:
        """As :meth:`Leftovers.find` of every cluster; each object names its own. Raises SourceError if none answers.

        A cluster that does not answer is in `away`, and why in `unseen`.
        """
        looks = await asyncio.gather(*(self._look(name, only) for name in self._places))
        errors = [look for look in looks if isinstance(look, SourceError)]
        if len(errors) == len(looks):
            raise errors[0]
        left: list[Leftover] = []
        unseen: list[str] = []
        away: list[str] = []
        for name, look in zip(self._places, looks, strict=True):
            if isinstance(look, SourceError):
                away.append(name)
                unseen.append(f"{name or 'the cluster of the plan'}: {look.message}")
                continue
            left += [_of(one, name) for one in look.left]
            unseen += [f"{name}: {text}" if name else text for text in look.unseen]
        return Found(left=tuple(left), unseen=tuple(unseen), away=tuple(away))

    async def made_by(self, makers: Sequence[Leftover]) -> tuple[Leftover, ...]:
        """As :meth:`Leftovers.made_by`, in the cluster of each maker. Raises SourceError if none of them answers."""
        names = list(dict.fromkeys(one.object.cluster for one in makers))
        asked = [
            self._places[name].leftovers.made_by([one for one in makers if one.object.cluster == name])
            for name in names
        ]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        made: list[Leftover] = []
        errors: list[SourceError] = []
        for name, answer in zip(names, answers, strict=True):
            if isinstance(answer, SourceError):
                errors.append(answer)  # what was made goes with its maker all the same
            elif isinstance(answer, BaseException):
                raise answer
            else:
                made += [_of(one, name) for one in answer]
        if errors and len(errors) == len(names):
            raise errors[0]
        return tuple(made)

    async def _look(self, name: str, only: Sequence[str]) -> Found | SourceError:
        place = self._places[name]
        try:
            return await place.leftovers.find(only, place.instead)
        except SourceError as error:
            return error


def _of(one: Leftover, cluster: str) -> Leftover:
    return changed(one, object=changed(one.object, cluster=cluster)) if cluster else one
