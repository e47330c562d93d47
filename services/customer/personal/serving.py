"""The five endpoints of a TM Forum resource with personal attributes.

What is stored for reading is masked already, so lists, filters, sorting and answers to writes need no care. Only
`?purpose=`, for roles that may, opens the encrypted representation, and then who saw what and why is written down
before it is shown.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from libs.ids import new_id
from libs.json_text import json_text
from libs.security.roles import (
    ACCOUNT_MANAGER,
    CALL_CENTRE_CLERK,
    DEALER_CLERK,
    EVERYONE,
    HALL_CLERK,
    MIGRATION,
    SUPERVISOR,
    Roles,
)
from libs.tmf import (
    Document,
    Found,
    Resource,
    Row,
    answer_list,
    answer_one,
    apply_fields,
    fields_asked,
    href_of,
    merge_patch,
    parse_query,
    patch_of,
    represent,
    sees_in_full,
    select_list,
    select_one,
    validate,
)
from libs.tmf import codes as tmf_codes
from libs.tmf.filters import OPERATORS
from libs.tmf.patch import BODIES, REFUSALS, object_of
from libs.tmf.query import FIELDS, PURPOSE, SORT
from libs.web import codes
from libs.web.call import Answer, Call
from libs.web.editing import check_if_match, etag
from libs.web.errors import Code, Reason, Refusal, refuse
from libs.web.idempotency import OnceTransaction, once
from libs.web.paging import PAGING
from libs.web.routes import AnyQuery, Routes
from services.customer import errors
from services.customer.desk import Desk
from services.customer.facts.telling import customers_may_change
from services.customer.personal import records
from services.customer.personal.records import Record
from services.customer.personal.rules import PERSONAL, disclosed
from services.customer.personal.store import write_disclosures

MAY_READ = EVERYONE
MAY_WRITE = Roles(HALL_CLERK, CALL_CENTRE_CLERK, DEALER_CLERK, ACCOUNT_MANAGER, SUPERVISOR, MIGRATION)
MAY_REMOVE = Roles(HALL_CLERK, SUPERVISOR, MIGRATION)

Make = Callable[[Call[Any], OnceTransaction, Document, str], Awaitable[Record]]
Change = Callable[[Call[Any], Any, Record, Document], Awaitable[Record]]
Remove = Callable[[Call[Any], Any, Record], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Served:
    """A resource, and what making, changing and removing one means."""

    resource: Resource
    make: Make
    change: Change
    remove: Remove
    made_refusals: Sequence[Code]
    changed_refusals: Sequence[Code]
    writers: Roles = MAY_WRITE
    removers: Roles = MAY_REMOVE


def already_masked(document: Document, _: Call[Any]) -> Document:
    """The mask of such a resource: a stored document shows nothing that is hidden."""
    return document


PERSONAL_NAMES = frozenset(PERSONAL)


class _Counter:
    """The handlers of one resource."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.resource = served.resource

    async def list(self, call: Call[None]) -> Answer:
        """Those that the caller may see. Personal attributes are masked; `purpose` shows them, and is audited."""
        _only_filterable(self.resource, call)
        query = parse_query(self.resource, call)
        found = await select_list(
            call.runtime.db, self.resource, query, visible=_visible(self.resource, call)
        )
        if query.full:
            found = Found(found.total, await _in_full(self.resource, call, found.rows, query.fields))
        return answer_list(self.resource, call, query, found)

    async def retrieve(self, call: Call[None]) -> Answer:
        """One, masked unless a `purpose` is given."""
        full, fields = sees_in_full(self.resource, call), fields_asked(self.resource, call)
        row = await select_one(
            call.runtime.db, self.resource, call.path["id"], visible=_visible(self.resource, call)
        )
        rows = await _in_full(self.resource, call, [row], fields) if full else [row]
        if not rows:
            raise Refusal(Reason(codes.NOT_FOUND))
        return answer_one(self.resource, call, rows[0], full=full, fields=fields)

    async def create(self, call: Call[Any]) -> Answer:
        """A new one; the answer is masked."""
        resource = self.resource
        document: Document = merge_patch({}, object_of(call.body))
        refuse(
            Reason(tmf_codes.READ_ONLY, path=name) for name in sorted(resource.server_set) if name in document
        )
        validate(resource, document)
        async with once(call) as tx:
            await customers_may_change(tx)
            record = await self.served.make(call, tx, document, new_id())
            answer = tx.answer(_answer(resource, call, record, status=201))
        call.runtime.outbox.wake()
        return answer

    async def patch(self, call: Call[Any]) -> Answer:
        """Change by merge-patch (what is named is replaced, null removes it, arrays are replaced whole) or by JSON
        Patch (which neither compares nor copies what is personal)."""
        patch = patch_of(self.resource, call)
        async with call.runtime.db.transaction() as tx:
            await customers_may_change(tx)
            before = await _locked(self.resource, call, tx)
            document = patch(dict(before.whole))
            if document == before.whole:
                return _answer(self.resource, call, before)
            validate(self.resource, document)
            record = await self.served.change(call, tx, before, document)
        call.runtime.outbox.wake()
        return _answer(self.resource, call, record)

    async def delete(self, call: Call[None]) -> Answer:
        """Remove one that nothing refers to, in its first state."""
        async with call.runtime.db.transaction() as tx:
            await customers_may_change(tx)
            await self.served.remove(call, tx, await _locked(self.resource, call, tx))
        call.runtime.outbox.wake()
        return Answer(204)


_PURPOSES = (
    codes.PURPOSE_UNKNOWN,
    codes.PURPOSE_NOT_PERMITTED,
    errors.PURPOSE_REQUIRED,
    errors.NOT_FILTERABLE,
)


def serve(served: Served, tag: str) -> Routes:
    """The endpoints of a resource."""
    resource, counter = served.resource, _Counter(served)
    routes = Routes(prefix=resource.base, tag=tag)
    path, one, name = f"/{resource.name}", f"/{resource.name}/{{id}}", resource.type
    model: Any = resource.model
    reading: dict[str, Any] = {"allow": MAY_READ, "errors": (*tmf_codes.ASKING, *_PURPOSES)}
    writing: dict[str, Any] = {"allow": served.writers, "body": Any, "body_shown": model, "answer": model}
    sent = (tmf_codes.READ_ONLY, *tmf_codes.SENT)
    edited = (codes.EDITED_MEANWHILE,)
    query = AnyQuery((FIELDS, SORT, PURPOSE, *PAGING))
    routes.add(
        "GET", path, counter.list, **reading, answer=list[model], query=query, operation_id=f"list{name}"
    )
    routes.add(
        "GET",
        one,
        counter.retrieve,
        **reading,
        answer=model,
        query=(FIELDS, PURPOSE),
        operation_id=f"retrieve{name}",
    )
    routes.add(
        "POST",
        path,
        counter.create,
        **writing,
        status=201,
        errors=(*sent, *served.made_refusals),
        personal=True,
        operation_id=f"create{name}",
    )
    routes.add(
        "PATCH",
        one,
        counter.patch,
        **writing,
        errors=(*REFUSALS, *served.changed_refusals),
        operation_id=f"patch{name}",
        openapi=BODIES,
    )
    routes.add(
        "DELETE",
        one,
        counter.delete,
        allow=served.removers,
        status=204,
        errors=(errors.NOT_DELETABLE, *edited),
        operation_id=f"delete{name}",
    )
    return routes


def _visible(resource: Resource, call: Call[Any]) -> Any:
    return resource.visible(call.actor) if resource.visible else None


def _only_filterable(resource: Resource, call: Call[Any]) -> None:
    """What is masked in the database would match nothing, or only its mask: say so instead of an empty list."""
    reasons = []
    for name in dict.fromkeys(name for name, _ in call.query.multi_items()):
        stem, _, last = name.rpartition(".")
        asked = stem if last in OPERATORS else name
        if resource.is_personal(asked) and name not in resource.searches:
            reasons.append(Reason(errors.NOT_FILTERABLE, path=name[:200], name=name[:200]))
    refuse(reasons)


async def _locked(resource: Resource, call: Call[Any], tx: Any) -> Record:
    desk: Desk = call.runtime.state
    found = await records.lock(desk, tx, resource.table, call.path["id"], _visible(resource, call))
    if found is None:
        raise Refusal(Reason(codes.NOT_FOUND))
    check_if_match(call, found.version)
    return found


async def _in_full(
    resource: Resource, call: Call[Any], rows: Sequence[Row], fields: frozenset[str] | None
) -> list[Row]:
    """The same records with what is personal; that they were shown is committed when this returns."""
    desk: Desk = call.runtime.state
    async with call.runtime.db.transaction() as tx:
        found = await records.in_full(desk, tx, resource.table, [row.id for row in rows])
        shown = [row for row in rows if row.id in found]
        await write_disclosures(
            tx,
            call.actor,
            purpose=call.query["purpose"],
            resource=resource.type,
            records=[(row.id, disclosed(apply_fields(found[row.id], fields))) for row in shown],
            request_id=call.request_id,
            now=call.now,
        )
    return [row._replace(document=json_text(found[row.id])) for row in shown]


def _answer(resource: Resource, call: Call[Any], record: Record, *, status: int = 200) -> Answer:
    shown = represent(resource, call, dict(record.shown), full=True)
    href = href_of(resource, call, record.id)
    return Answer(
        status,
        json_text(shown),
        {"ETag": etag(record.version)},
        location=href if status == 201 else None,
    )
