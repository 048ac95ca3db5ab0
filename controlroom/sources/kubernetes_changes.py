"""Objects that were there before and are changed for the time of an experiment: changed, and put back as they were.

The same PATCH that changes an object writes on it what undoes the change, with the session's label: any machine
can find it and put it back (`controlroom sweep`). It is bound to the version of the object that was read, so that
nobody's change in between is overwritten or taken for ours.
"""

from __future__ import annotations

from typing import cast

import msgspec

from controlroom.core.clean import clean
from controlroom.core.events import ObjectRef
from controlroom.core.faults.reversal import Json, merged, reverse, told
from controlroom.core.values import Value
from controlroom.sources.chaos_mesh import Resource
from controlroom.sources.errors import SOURCE, Doing
from controlroom.sources.kubernetes_api import Api, path_of
from controlroom.sources.manifests import PRIOR_NOTE, RUN_NOTE, SESSION_NOTE
from controlroom.sources.ports import Prepared, SourceError

CONFLICT, NOT_FOUND = 409, 404
ATTEMPTS = 5
"""How often a change is tried anew because somebody else changed the object at the same moment."""

Object = dict[str, Json]


class Look(Value):
    """What a change would do to the object as it is now."""

    fields: tuple[str, ...]
    """`spec.replicas 3 → 0`."""
    prior: str
    """JSON of the merge patch that undoes it."""


class Changes:
    """Changes and puts back, on one API server."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def look(self, prepared: Prepared, kind: Resource) -> Look:
        """Raises SourceError where there is no such object, or where it is changed by another run already."""
        return _weighed(prepared, await self._read(prepared.object, kind))

    async def dry_run(self, prepared: Prepared, kind: Resource) -> None:
        """Everything is asked, nothing is stored."""
        await self._patch(prepared.object, kind, _patch_of(prepared), "change", dry=True)

    async def change(self, prepared: Prepared, kind: Resource) -> tuple[bytes, bool]:
        """The object as it is then, and whether it was changed by this run before."""
        for _ in range(ATTEMPTS):
            now = await self._read(prepared.object, kind)
            look = _weighed(prepared, now)
            assert now is not None
            if PRIOR_NOTE in _notes(now):
                return msgspec.json.encode(now), True
            own: Object = {"metadata": {"annotations": {PRIOR_NOTE: look.prior}}}
            try:
                patch = _bound(merged(_patch_of(prepared), own), now)
                return await self._patch(prepared.object, kind, patch, "change"), False
            except SourceError as error:
                if error.status != CONFLICT:
                    raise
        raise SourceError(
            SOURCE,
            f"could not change {prepared.object}: somebody else changes it all the time",
            hint="find out who, then start it again",
            status=CONFLICT,
        )

    async def put_back(self, target: ObjectRef, kind: Resource) -> bool:
        """Undoes the change that stands written on the object; False: none does, or it is gone."""
        for _ in range(ATTEMPTS):
            now = await self._read(target, kind, urgent=True)
            if now is None or PRIOR_NOTE not in _notes(now):
                return False
            try:
                undo = msgspec.json.decode(_notes(now)[PRIOR_NOTE], type=dict)
            except msgspec.DecodeError as error:
                message = clean(
                    f"could not put {target} back: what undoes the change cannot be read: {error}"
                )
                hint = f"put it back by hand; its annotation {PRIOR_NOTE} was damaged"
                raise SourceError(SOURCE, message, hint=hint) from error
            gone: Object = {"metadata": {"annotations": {PRIOR_NOTE: None}}}
            try:
                await self._patch(target, kind, _bound(_joined(undo, gone), now), "put back", urgent=True)
                return True
            except SourceError as error:
                if error.status == NOT_FOUND:
                    return False
                if error.status != CONFLICT:
                    raise
        raise SourceError(SOURCE, f"could not put {target} back: somebody else changes it", status=CONFLICT)

    async def _read(self, target: ObjectRef, kind: Resource, *, urgent: bool = False) -> Object | None:
        doing = Doing(what=f"read {kind.plural} {target.name}")
        path = path_of(kind.api_version, kind.plural, target.namespace, target.name)
        try:
            return cast(
                Object,
                msgspec.json.decode(await self._api.send("GET", path, doing, urgent=urgent), type=dict),
            )
        except msgspec.DecodeError as error:
            message = clean(f"could not {doing.what}: {error}")
            raise SourceError(SOURCE, message, hint="is this a Kubernetes API?") from error
        except SourceError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    async def _patch(
        self,
        target: ObjectRef,
        kind: Resource,
        patch: Json,
        what: str,
        *,
        dry: bool = False,
        urgent: bool = False,
    ) -> bytes:
        doing = Doing(what=f"{what} {kind.plural} {target.name}", changes=not dry)
        path = path_of(kind.api_version, kind.plural, target.namespace, target.name)
        query = {
            "fieldValidation": "Strict",
            "fieldManager": "controlroom",
            **({"dryRun": "All"} if dry else {}),
        }
        body = msgspec.json.encode(patch)
        return await self._api.send("PATCH", path, doing, query=query, body=body, urgent=urgent)


def _weighed(prepared: Prepared, now: Object | None) -> Look:
    if now is None:
        hint = "the manifest names what it changes"
        raise SourceError(SOURCE, f"there is no {prepared.object} to change", hint=hint)
    notes = _notes(now)
    if PRIOR_NOTE in notes and (notes.get(SESSION_NOTE), notes.get(RUN_NOTE)) != _own(prepared):
        whose = clean(f"{notes.get(RUN_NOTE, 'a run')} of {notes.get(SESSION_NOTE, 'another session')}")
        raise SourceError(
            SOURCE,
            f"{prepared.object} is changed already, by {whose}",
            hint="stop that run, or `controlroom sweep` puts it back",
        )
    patch = _patch_of(prepared)
    fields = tuple(line for line in told(now, patch) if not line.startswith("metadata."))
    return Look(fields=fields, prior=msgspec.json.encode(reverse(now, patch)).decode())


def _own(prepared: Prepared) -> tuple[str | None, str | None]:
    notes = _notes(cast(Object, msgspec.json.decode(prepared.body, type=dict)))
    return notes.get(SESSION_NOTE), notes.get(RUN_NOTE)


def _patch_of(prepared: Prepared) -> Object:
    """The manifest as a merge patch: what says which object it is, is not changed."""
    body = cast(Object, msgspec.json.decode(prepared.body, type=dict))
    metadata = cast(Object, body.get("metadata") or {})
    kept: Json = {key: value for key, value in metadata.items() if key in ("labels", "annotations")}
    rest = {
        key: value for key, value in body.items() if key not in ("apiVersion", "kind", "metadata", "status")
    }
    return {"metadata": kept, **rest}


def _bound(patch: Json, now: Object) -> Json:
    """The patch, refused by the server (409) where the object is not this version any more."""
    version = cast(Object, now.get("metadata") or {}).get("resourceVersion")
    return _joined(patch, {"metadata": {"resourceVersion": version}})


def _joined(patch: Json, more: Json) -> Json:
    """Two patches as one: unlike :func:`merged`, what removes (null) stays."""
    if not isinstance(patch, dict) or not isinstance(more, dict):
        return more
    return {**patch, **{key: _joined(patch.get(key), value) for key, value in more.items()}}


def _notes(found: Object) -> dict[str, str]:
    metadata = found.get("metadata")
    notes = metadata.get("annotations") if isinstance(metadata, dict) else None
    return (
        {key: value for key, value in notes.items() if isinstance(value, str)}
        if isinstance(notes, dict)
        else {}
    )
