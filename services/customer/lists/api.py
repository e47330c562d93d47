"""`/api/customer/v1/blacklist` and `…/redlist`: with whom no new business is done, and who is never suspended by a
machine."""

from typing import Literal

from libs.database import Connection
from libs.ids import new_id
from libs.security.bounds import bounds
from libs.security.masking import mask_identity
from libs.security.roles import AUDITOR, HQ_OPERATOR, SUPERVISOR, Roles
from libs.web import codes
from libs.web.call import Answer, Call
from libs.web.errors import Reason, Refusal
from libs.web.idempotency import once
from libs.web.paging import PAGING, page_headers, page_of
from libs.web.routes import KIB, Routes
from services.customer import errors
from services.customer.customers.visibility import customers_of, of_their_customers
from services.customer.desk import Desk, today, who
from services.customer.facts.store import customers_with_identity
from services.customer.facts.telling import lists_may_change, tell_customers
from services.customer.identity.rules import normal_number
from services.customer.lists import store
from services.customer.lists.model import CustomerRef, ListEntry, ListEntryCreate
from services.customer.lists.store import Entry

ListName = Literal["blacklist", "redlist"]

_BASE = "/api/customer/v1"
_MAY_READ = Roles(SUPERVISOR, HQ_OPERATOR, AUDITOR)
_MAY_WRITE = Roles(SUPERVISOR)

routes = Routes(prefix=_BASE, tag="Lists")


def _serve(name: ListName) -> None:
    """The endpoints of one list."""

    async def create(call: Call[ListEntryCreate]) -> Answer:
        """List a customer, or an identity whoever has it; its customers' facts change at once."""
        desk: Desk = call.runtime.state
        entry = _entry(desk, call)
        async with once(call) as tx:
            await lists_may_change(tx)
            if entry.customer is None and not bounds(call.actor).everything:
                # Whoever has that identity may be anybody's customer.
                raise Refusal(Reason(codes.FORBIDDEN, path="identificationId"))
            own = customers_of(call.actor)
            if entry.customer is not None and not await store.customer_exists(tx, entry.customer, own):
                raise Refusal(Reason(errors.CUSTOMER_UNKNOWN, path="customer.id", id=entry.customer))
            if not await store.insert(tx, name, entry):
                raise Refusal(Reason(errors.ALREADY_LISTED))
            await tell_customers(desk, tx, await _concerned(tx, entry), call.now)
            shown = _shown(call, name, entry)
            answer = tx.answer(Answer(201, shown, location=shown.href))
        desk.outbox.wake()
        return answer

    async def entries(call: Call[None]) -> Answer:
        """The entries, the newest first; identification ids are masked."""
        page = page_of(call)
        found, total = await store.page(
            call.runtime.db, name, page.offset, page.limit, of_their_customers(call.actor)
        )
        body = [_shown(call, name, entry).model_dump(mode="json", exclude_none=True) for entry in found]
        return Answer(200, body, page_headers(call, page, total=total, shown=len(body)))

    async def entry(call: Call[None]) -> Answer:
        """One entry."""
        found = await store.one(call.runtime.db, name, call.path["id"], of_their_customers(call.actor))
        if found is None:
            raise Refusal(Reason(codes.NOT_FOUND))
        return Answer(200, _shown(call, name, found))

    async def remove(call: Call[None]) -> Answer:
        """Take an entry off the list; its customers' facts change at once."""
        desk: Desk = call.runtime.state
        async with call.runtime.db.transaction() as tx:
            await lists_may_change(tx)
            gone = await store.remove(tx, name, call.path["id"], of_their_customers(call.actor))
            if gone is None:
                raise Refusal(Reason(codes.NOT_FOUND))
            await tell_customers(desk, tx, await _concerned(tx, gone), call.now)
        desk.outbox.wake()
        return Answer(204)

    title = name.capitalize()
    refusals = (errors.IDENTITY_NUMBER_INVALID, errors.CUSTOMER_UNKNOWN, errors.ALREADY_LISTED)
    routes.post(
        f"/{name}",
        allow=_MAY_WRITE,
        body=ListEntryCreate,
        answer=ListEntry,
        status=201,
        errors=refusals,
        max_body=16 * KIB,
        operation_id=f"create{title}Entry",
    )(create)
    routes.get(
        f"/{name}",
        allow=_MAY_READ,
        answer=list[ListEntry],
        query=PAGING,
        operation_id=f"list{title}Entries",
    )(entries)
    routes.get(f"/{name}/{{id}}", allow=_MAY_READ, answer=ListEntry, operation_id=f"retrieve{title}Entry")(
        entry
    )
    routes.delete(f"/{name}/{{id}}", allow=_MAY_WRITE, operation_id=f"delete{title}Entry")(remove)


def _entry(desk: Desk, call: Call[ListEntryCreate]) -> Entry:
    body = call.body
    digests = number = None
    if body.identificationType is not None and body.identificationId is not None:
        number = normal_number(body.identificationType, body.identificationId, today(call.now))
        if number is None:
            raise Refusal(
                Reason(errors.IDENTITY_NUMBER_INVALID, path="identificationId", type=body.identificationType)
            )
        digests = desk.cipher.digests(body.identificationType, number)
    return Entry(
        id=new_id(),
        customer=body.customer.id if body.customer else None,
        digests=digests,
        identification_type=body.identificationType,
        shown=mask_identity(number) if number else None,
        reason=body.reason,
        created=call.now,
        created_by=who(call.actor),
    )


async def _concerned(tx: Connection, entry: Entry) -> list[str]:
    if entry.customer is not None:
        return [entry.customer]
    return await customers_with_identity(tx, entry.digests or ())


def _shown(call: Call[ListEntryCreate] | Call[None], name: ListName, entry: Entry) -> ListEntry:
    return ListEntry.model_validate(
        {
            "id": entry.id,
            "href": call.url(f"{_BASE}/{name}/{entry.id}"),
            "customer": CustomerRef(id=entry.customer) if entry.customer else None,
            "identificationType": entry.identification_type,
            "identificationId": entry.shown,
            "reason": entry.reason,
            "created": entry.created,
            "createdBy": entry.created_by,
        }
    )


_serve("blacklist")
_serve("redlist")
