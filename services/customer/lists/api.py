"""`/api/customer/v1/blacklist` and `…/redlist`: with whom no new business is done, and who is never suspended by a
machine."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from libs.database import Connection
from libs.ids import new_id
from libs.node import HQ
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
from services.customer.facts.telling import lists_may_change, tell_listed
from services.customer.identity.rules import normal_number
from services.customer.lists import store
from services.customer.lists.model import CustomerRef, ListEntry, ListEntryCreate, ValidFor
from services.customer.lists.rules import ALWAYS, ListName, is_national, may_write
from services.customer.lists.store import Entry

_BASE = "/api/customer/v1"
_MAY_READ = Roles(SUPERVISOR, HQ_OPERATOR, AUDITOR)
_MAY_WRITE: Mapping[ListName, Roles] = MappingProxyType(
    {"blacklist": Roles(SUPERVISOR, HQ_OPERATOR), "redlist": Roles(SUPERVISOR)}
)
"""At which node, is a rule of the lists."""

routes = Routes(prefix=_BASE, tag="Lists")


def _serve(name: ListName) -> None:
    """The endpoints of one list."""

    async def create(call: Call[ListEntryCreate]) -> Answer:
        """List a customer, or an identity whoever has it; its customers' facts change at once."""
        desk: Desk = call.runtime.state
        _check_writer(desk, call, name)
        entry, personal = _entry(desk, call, name)
        async with once(call) as tx:
            await lists_may_change(tx)
            if entry.customer is None and not bounds(call.actor).everything:
                # Whoever has that identity may be anybody's customer.
                raise Refusal(Reason(codes.FORBIDDEN, path="identificationId"))
            own = customers_of(call.actor)
            if entry.customer is not None and not await store.customer_exists(tx, entry.customer, own):
                raise Refusal(Reason(errors.CUSTOMER_UNKNOWN, path="customer.id", id=entry.customer))
            if not await store.insert(tx, name, entry, entry.valid.standing(call.now), personal):
                raise Refusal(Reason(errors.ALREADY_LISTED))
            await _tell(desk, tx, entry, call)
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
        _check_writer(desk, call, name)
        async with call.runtime.db.transaction() as tx:
            await lists_may_change(tx)
            found = await store.one(tx, name, call.path["id"], of_their_customers(call.actor))
            if found is None:
                raise Refusal(Reason(codes.NOT_FOUND))
            if found.national and desk.node != HQ:
                raise Refusal(Reason(errors.NATIONAL_RECORD))
            await store.remove(tx, name, found.id, call.now)
            await _tell(desk, tx, found, call)
        desk.outbox.wake()
        return Answer(204)

    title = name.capitalize()
    refusals = (errors.IDENTITY_NUMBER_INVALID, errors.CUSTOMER_UNKNOWN, errors.ALREADY_LISTED)
    routes.post(
        f"/{name}",
        allow=_MAY_WRITE[name],
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
    routes.delete(
        f"/{name}/{{id}}",
        allow=_MAY_WRITE[name],
        errors=(errors.NATIONAL_RECORD,),
        operation_id=f"delete{title}Entry",
    )(remove)


def _check_writer(desk: Desk, call: Call[Any], name: ListName) -> None:
    if not may_write(desk.node, name, call.actor.roles):
        raise Refusal(Reason(codes.FORBIDDEN))


def _entry(desk: Desk, call: Call[ListEntryCreate], name: ListName) -> tuple[Entry, str | None]:
    """What is to be listed, and the whole number of its document, encrypted."""
    body = call.body
    digests = number = None
    if body.identificationType is not None and body.identificationId is not None:
        number = normal_number(body.identificationType, body.identificationId, today(call.now))
        if number is None:
            raise Refusal(
                Reason(errors.IDENTITY_NUMBER_INVALID, path="identificationId", type=body.identificationType)
            )
        digests = desk.cipher.digests(body.identificationType, number)
    customer = body.customer.id if body.customer else None
    entry = Entry(
        id=new_id(),
        customer=customer,
        digests=digests,
        identification_type=body.identificationType,
        shown=mask_identity(number) if number else None,
        reason=body.reason,
        created=call.now,
        created_by=who(call.actor),
        national=is_national(desk.node, name, customer),
        valid=body.validFor.period() if body.validFor else ALWAYS,
    )
    return entry, desk.cipher.encrypt(number) if number else None


async def _tell(desk: Desk, tx: Connection, entry: Entry, call: Call[Any]) -> None:
    customers = [entry.customer] if entry.customer else ()
    await tell_listed(desk, tx, call.now, customers=customers, digests=entry.digests or ())


def _shown(call: Call[Any], name: ListName, entry: Entry) -> ListEntry:
    valid = ValidFor(startDateTime=entry.valid.start, endDateTime=entry.valid.end)
    return ListEntry.model_validate(
        {
            "id": entry.id,
            "href": call.url(f"{_BASE}/{name}/{entry.id}"),
            "customer": CustomerRef(id=entry.customer) if entry.customer else None,
            "identificationType": entry.identification_type,
            "identificationId": entry.shown,
            "reason": entry.reason,
            "validFor": valid if entry.valid != ALWAYS else None,
            "national": entry.national,
            "created": entry.created,
            "createdBy": entry.created_by,
        }
    )


_serve("blacklist")
_serve("redlist")
