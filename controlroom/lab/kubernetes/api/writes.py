"""Create, update, patch and apply."""

from __future__ import annotations

from typing import Any

from controlroom.lab.kubernetes.api import admission, bodies, errors, managed_fields, patches, validation
from controlroom.lab.kubernetes.api.answers import Answer
from controlroom.lab.kubernetes.api.options import WriteOptions
from controlroom.lab.kubernetes.api.routes import Route
from controlroom.lab.kubernetes.cluster import Cluster
from controlroom.lab.kubernetes.defaults import with_defaults
from controlroom.lab.kubernetes.documents import (
    Document,
    copied,
    is_deleting,
    metadata,
    name_of,
    namespace_of,
)
from controlroom.lab.kubernetes.resources import CHAOS_KINDS, NAMESPACES, SCHEDULES, Resource

_HOOKED = (*CHAOS_KINDS, SCHEDULES)


class Writer:
    """The verbs that change objects."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def create(self, route: Route, document: Document, twice: list[str], options: WriteOptions) -> Answer:
        """POST. `twice` are the fields that the body has twice."""
        resource = route.resource
        validation.check_identity(resource, document)
        warnings = self._unknown_fields(resource, document, twice, options)
        self._place(route, document)
        made = self._admit_new(resource, document)
        managed_fields.note_update(None, made, options.manager, self._cluster.now)
        return Answer(201, self._store_new(resource, made, options), warnings)

    def replace(self, route: Route, document: Document, twice: list[str], options: WriteOptions) -> Answer:
        """PUT."""
        resource = route.resource
        validation.check_identity(resource, document)
        warnings = self._unknown_fields(resource, document, twice, options)
        self._place(route, document)
        old = self._existing(route)
        revision = metadata(document).get("resourceVersion")
        if not revision and resource.custom:
            text = "Invalid value: 0: must be specified for an update"
            cause = errors.Cause("FieldValueInvalid", text, "metadata.resourceVersion")
            raise errors.invalid(resource, route.name, [cause], by_plural=True)
        return Answer(200, self._change(route, old, document, options), warnings)

    def patch(self, route: Route, content_type: str, patch: Any, options: WriteOptions) -> Answer:
        """PATCH of any kind; an apply creates what is not there."""
        resource = route.resource
        if content_type == bodies.APPLY_PATCH:
            return self._apply(route, patch, options)
        old = self._existing(route)
        made = _patched(old, content_type, patch)
        warnings = self._unknown_fields(resource, made, [], options)
        return Answer(200, self._change(route, old, made, options), warnings)

    def _apply(self, route: Route, applied: Document, options: WriteOptions) -> Answer:
        resource = route.resource
        if not options.manager_named:
            cause = errors.Cause(
                "FieldValueRequired", "Required value: is required for apply patch", "fieldManager"
            )
            raise errors.invalid_options("PatchOptions", cause)
        validation.check_identity(resource, applied)
        name = name_of(applied) or route.name
        if name != route.name:
            text = f"the name of the object ({name}) does not match the name on the URL ({route.name})"
            raise errors.bad_request(text)
        self._place(route, applied)
        unknown = validation.prune_unknown(resource, copied(applied))
        if unknown:
            where = f"{route.namespace}/{route.name}; {resource.api_version}, Kind={resource.kind}"
            text = (
                f"failed to create typed patch object ({where}): .{unknown[0]}: field not declared in schema"
            )
            raise errors.internal(text, plain=True)
        store = self._cluster.store
        old = store.get(resource, route.namespace, route.name)
        now = self._cluster.now
        if old is None:
            made, _ = managed_fields.apply(copied(applied), applied, options.manager, now, force=True)
            made = self._admit_new(resource, made)
            return Answer(201, self._store_new(resource, made, options))
        made, conflicts = managed_fields.apply(old, applied, options.manager, now, force=options.force)
        if conflicts:
            raise errors.apply_conflict([(each.manager, each.text) for each in conflicts])
        return Answer(200, self._change(route, old, made, options, noted=True))

    def update_status(self, route: Route, made: Document, options: WriteOptions) -> Answer:
        """A write of the status subresource: nothing but the status changes."""
        old = self._existing(route)
        status_only = {**copied(old), "status": made.get("status", old.get("status", {}))}
        return Answer(200, self._keep(route.resource, old, status_only, options))

    def patch_status(self, route: Route, content_type: str, patch: Any, options: WriteOptions) -> Answer:
        """A patch of the status subresource."""
        return self.update_status(route, _patched(self._existing(route), content_type, patch), options)

    def _existing(self, route: Route) -> Document:
        held = self._cluster.store.get(route.resource, route.namespace, route.name)
        if held is None:
            raise errors.not_found(route.resource, route.name)
        return held

    def _unknown_fields(
        self, resource: Resource, document: Document, twice: list[str], options: WriteOptions
    ) -> tuple[str, ...]:
        """Prunes; gives the warnings, or raises for Strict."""
        complaints = [f'duplicate field "{name}"' for name in twice]
        complaints += [f'unknown field "{path}"' for path in validation.prune_unknown(resource, document)]
        if complaints and options.validation == "Strict":
            raise validation.strict_error(resource, complaints)
        return tuple(complaints) if options.validation == "Warn" else ()

    def _place(self, route: Route, document: Document) -> None:
        """Puts the path's namespace and name into the object; raises where they contradict it."""
        meta = document.setdefault("metadata", {})
        if route.resource.namespaced:
            if meta.setdefault("namespace", route.namespace) != route.namespace:
                text = "the namespace of the provided object does not match the namespace sent on the request"
                raise errors.bad_request(text)
        else:
            meta.pop("namespace", None)
        if route.name and meta.setdefault("name", route.name) != route.name:
            text = (
                f"the name of the object ({meta['name']}) does not match the name on the URL ({route.name})"
            )
            raise errors.bad_request(text)

    def _admit_new(self, resource: Resource, document: Document) -> Document:
        """Defaults, webhooks and checks of a new object; the object as it would be stored."""
        self._check_namespace(resource, document)
        made = self._mutate(resource, document)
        validation.check_object(resource, made, None)
        if resource in _HOOKED:
            admission.review(made, None, self._cluster.trouble)
        return made

    def _check_namespace(self, resource: Resource, document: Document) -> None:
        if not resource.namespaced:
            return
        namespace = namespace_of(document)
        held = self._cluster.store.get(NAMESPACES, "", namespace)
        if held is None:
            raise errors.not_found(NAMESPACES, namespace)
        if is_deleting(held):
            raise errors.terminating(resource, name_of(document), namespace)

    def _mutate(self, resource: Resource, document: Document) -> Document:
        if not resource.custom:
            return with_defaults(resource, document)
        made = copied(document)
        validation.fill_schema_defaults(resource, made)
        if resource in _HOOKED:
            unreachable = admission.reach(resource.kind, self._cluster.trouble)
            if unreachable is not None:
                raise unreachable
            admission.fill_in(made)
        return made

    def _store_new(self, resource: Resource, made: Document, options: WriteOptions) -> Document:
        held = self._cluster.store.get(resource, namespace_of(made), name_of(made))
        if held is not None:
            raise errors.already_exists(resource, name_of(made), deleting=is_deleting(held))
        prepared = self._cluster.store.prepare(resource, made)
        return prepared if options.dry_run else self._cluster.store.insert(resource, prepared)

    def _change(
        self, route: Route, old: Document, document: Document, options: WriteOptions, *, noted: bool = False
    ) -> Document:
        """Checks and stores a new version of an object; `noted` if its managedFields are already right."""
        resource = route.resource
        revision = metadata(document).get("resourceVersion")
        if revision and revision != old["metadata"]["resourceVersion"]:
            raise errors.modified(resource, route.name)
        made = self._mutate(resource, document)
        validation.check_object(resource, made, old)
        if not resource.custom and "status" in old:
            made["status"] = copied(old)["status"]
        if resource in _HOOKED:
            admission.review(made, old, self._cluster.trouble)
        if not noted and managed_fields.field_set(made) | managed_fields.field_set(old):
            managed_fields.note_update(old, made, options.manager, self._cluster.now)
        return self._keep(resource, old, made, options)

    def _keep(self, resource: Resource, old: Document, made: Document, options: WriteOptions) -> Document:
        if options.dry_run:
            return self._cluster.store.revise(resource, made)
        if not metadata(made).get("finalizers"):
            made["metadata"].pop("finalizers", None)
        return self._cluster.store.update(resource, made)


def _patched(old: Document, content_type: str, patch: Any) -> Document:
    if content_type == bodies.JSON_PATCH:
        try:
            return patches.json_patch(old, patch)
        except patches.CannotApply:
            raise errors.rejected() from None
    if content_type == bodies.STRATEGIC_PATCH:
        return copied(patches.strategic_merge_patch(old, patch))
    made = copied(patches.merge_patch(old, patch))
    for field in ("annotations", "labels"):
        # A map that the patch has emptied goes with its last entry.
        if made["metadata"].get(field) == {}:
            del made["metadata"][field]
    return made
