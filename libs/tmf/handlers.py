"""What the endpoints of a resource do: list, retrieve, create, patch, delete."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, TypeAlias

from libs.database import Connection
from libs.json_text import json_bytes
from libs.telemetry.logs import logger
from libs.tmf import codes
from libs.tmf.condition import Condition
from libs.tmf.patch import Patch, merge_patch, object_of, patch_of
from libs.tmf.query import fields_asked, parse_query, sees_in_full
from libs.tmf.render import answer_list, answer_one, href_of, represent
from libs.tmf.resource import Document, Resource
from libs.tmf.select import lock_one, select_list, select_one
from libs.tmf.validation import validate
from libs.tmf.write import Stored, delete_resource, insert_resource, update_resource
from libs.web.call import Answer, Call
from libs.web.editing import check_if_match, etag
from libs.web.errors import Reason, refuse
from libs.web.idempotency import once

Columns: TypeAlias = "Mapping[str, Any] | None"
OnCreate: TypeAlias = Callable[[Connection, Call[Any], Document], Awaitable[Columns]]
"""(tx, call, the new document without id) → further columns."""
OnChange: TypeAlias = Callable[[Connection, Call[Any], Document, Document], Awaitable[Columns]]
"""(tx, call, the document as it shall be, as it was) → further columns."""
OnDelete: TypeAlias = Callable[[Connection, Call[Any], Document], Awaitable[None]]
"""(tx, call, the document)."""
OnFullView: TypeAlias = Callable[[Call[Any], str, Sequence[str]], Awaitable[None]]
"""(call, purpose, ids): personal data of these records is about to be shown in full."""

log = logger("libs.tmf")


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """What a service adds to the writes, and to views of personal data, of a resource."""

    on_create: OnCreate | None = None
    on_change: OnChange | None = None
    on_delete: OnDelete | None = None
    on_full_view: OnFullView | None = None


NO_HOOKS = Hooks()


class Crud:
    """The handlers of one resource."""

    def __init__(self, resource: Resource, hooks: Hooks) -> None:
        self.resource = resource
        self.hooks = hooks

    async def list(self, call: Call[None]) -> Answer:
        """A page of the records that match every filter: any attribute, nested by dots, with `.gt` `.gte` `.lt`
        `.lte` `.ne` `.regex` behind it; alternatives by commas or by repeating."""
        query = parse_query(self.resource, call)
        found = await select_list(call.runtime.db, self.resource, query, visible=self._visible(call))
        await self._viewed(call, query.full, [row.id for row in found.rows])
        return answer_list(self.resource, call, query, found)

    async def retrieve(self, call: Call[None]) -> Answer:
        """One record."""
        fields = fields_asked(self.resource, call)
        full = sees_in_full(self.resource, call)
        row = await select_one(call.runtime.db, self.resource, call.path["id"], visible=self._visible(call))
        await self._viewed(call, full, [row.id])
        return answer_one(self.resource, call, row, full=full, fields=fields)

    async def create(self, call: Call[Any]) -> Answer:
        """A new record; answered whole, with its address."""
        resource = self.resource
        document: Document = merge_patch({}, object_of(call.body))
        refuse(Reason(codes.READ_ONLY, path=name) for name in document if name in resource.server_set)
        validate(resource, document)
        async with once(call) as tx:
            columns = await self.hooks.on_create(tx, call, document) if self.hooks.on_create else None
            stored = await insert_resource(
                tx, call.runtime, resource, document, now=call.now, columns=columns
            )
            answer = tx.answer(self._whole(call, stored, 201))
        self._wake(call)
        return answer

    async def patch(self, call: Call[Any]) -> Answer:
        """A change by merge-patch (RFC 7396: arrays are replaced, null removes) or by JSON Patch (RFC 6902: one
        operation after another, all or none). Answers the whole new record."""
        return await self._change(call, patch_of(self.resource, call))

    async def _change(self, call: Call[Any], change: Patch) -> Answer:
        resource = self.resource
        async with call.runtime.db.transaction() as tx:
            stored = await lock_one(tx, resource, call.path["id"], visible=self._visible(call))
            check_if_match(call, stored.version)
            document = change(stored.document)
            if document == stored.document:
                return self._whole(call, stored)
            validate(resource, document)
            columns = None
            if self.hooks.on_change:
                columns = await self.hooks.on_change(tx, call, document, stored.document)
            changed = await update_resource(
                tx, call.runtime, resource, stored, document, now=call.now, columns=columns
            )
        self._wake(call)
        return self._whole(call, changed)

    async def replace(self, call: Call[Any]) -> Answer:
        """The whole record anew: what is left out is removed, but for what the system sets. Answers it whole."""
        resource = self.resource
        given = object_of(call.body)
        refuse(Reason(codes.READ_ONLY, path=name) for name in given if name in resource.unpatchable)

        def replaced(before: Document) -> Document:
            kept = {"id", "@type", *resource.unpatchable, *resource.kept}
            stays = {name: before[name] for name in kept if name in before}
            document: Document = stays | merge_patch({}, given)
            return document

        return await self._change(call, replaced)

    async def delete(self, call: Call[None]) -> Answer:
        """Removes the record."""
        resource = self.resource
        async with call.runtime.db.transaction() as tx:
            stored = await lock_one(tx, resource, call.path["id"], visible=self._visible(call))
            check_if_match(call, stored.version)
            if self.hooks.on_delete:
                await self.hooks.on_delete(tx, call, stored.document)
            await delete_resource(tx, call.runtime, resource, stored, now=call.now)
        self._wake(call)
        return Answer(204)

    def _visible(self, call: Call[Any]) -> Condition | None:
        return self.resource.visible(call.actor) if self.resource.visible else None

    def _whole(self, call: Call[Any], stored: Stored, status: int = 200) -> Answer:
        """The answer to a write: as a later read without a purpose will show it."""
        resource = self.resource
        href = href_of(resource, call, stored.id)
        # A copy: the mask may reach into it, while the document may still be used by its maker.
        document = deepcopy(stored.document) if resource.mask else stored.document
        shown = represent(resource, call, document, href=href, full=resource.mask is None)
        location = href if status == 201 else None
        return Answer(status, json_bytes(shown), {"ETag": etag(stored.version)}, location=location)

    async def _viewed(self, call: Call[Any], full: bool, ids: Sequence[str]) -> None:
        """Every view of personal data in full is told, with its purpose, before it is answered."""
        if self.resource.mask is None or not full or not ids:
            return
        purpose = call.query["purpose"]
        log.info(
            "personal.viewed", resource=self.resource.name, purpose=purpose, actor=call.actor.subject, ids=ids
        )
        if self.hooks.on_full_view:
            await self.hooks.on_full_view(call, purpose, ids)

    def _wake(self, call: Call[Any]) -> None:
        if self.resource.event is not None:
            call.runtime.outbox.wake()
