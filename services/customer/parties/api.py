"""TMF632: individual and organization."""

from typing import Any

from libs.security.purposes import unmasked
from libs.tmf import Condition, Document, Resource
from libs.web.call import Call
from libs.web.errors import Reason, Refusal
from services.customer import errors, tables
from services.customer.customers.visibility import parties_of
from services.customer.desk import Desk, today
from services.customer.identity.rules import normal_number
from services.customer.parties.model import Individual, Organization
from services.customer.parties.registration import change_party, register_party, remove_party
from services.customer.parties.rules import IDENTIFICATION, INDIVIDUAL, ORGANIZATION, TYPES, PartyKind
from services.customer.personal.records import Record
from services.customer.personal.serving import PERSONAL_NAMES, Served, already_masked, serve

BASE = "/tmf-api/party/v4"
_DOCUMENTS = (
    errors.IDENTITY_NUMBER_INVALID,
    errors.IDENTIFICATION_TYPE_NOT_ALLOWED,
    errors.IDENTITY_REPEATED,
    errors.CONTACT_INVALID,
    errors.IDENTITY_ALREADY_REGISTERED,
)


def _search(kind: PartyKind) -> Any:
    """Finds whose an identity number is, by its digest: for a purpose, by roles that may have it."""

    def search(call: Call[Any], number: str) -> Condition:
        name = f"{IDENTIFICATION[kind]}.identificationId"
        if not unmasked(call.actor, call.query.get("purpose")):
            raise Refusal(Reason(errors.PURPOSE_REQUIRED, path=name))
        desk: Desk = call.runtime.state
        day = today(call.now)
        digests = [
            digest
            for type in sorted(TYPES[kind])
            if (normal := normal_number(type, number, day)) is not None
            for digest in desk.cipher.digests(type, normal)
        ]
        return Condition("id IN (SELECT party FROM identities WHERE digest = ANY({}::text[]))", digests)

    return search


INDIVIDUALS = Resource(
    name="individual",
    type="Individual",
    base=BASE,
    table=tables.individuals,
    model=Individual,
    columns={"status": "status"},
    visible=parties_of,
    mask=already_masked,
    personal=PERSONAL_NAMES,
    searches={"individualIdentification.identificationId": _search(INDIVIDUAL)},
)
ORGANIZATIONS = Resource(
    name="organization",
    type="Organization",
    base=BASE,
    table=tables.organizations,
    model=Organization,
    columns={"status": "status"},
    visible=parties_of,
    mask=already_masked,
    personal=PERSONAL_NAMES,
    searches={"organizationIdentification.identificationId": _search(ORGANIZATION)},
)


def _served(kind: PartyKind, resource: Resource) -> Served:
    async def make(call: Call[Any], tx: Any, document: Document, id: str) -> Record:
        return await register_party(
            call.runtime.state, tx, kind, document, id=id, actor=call.actor, now=call.now
        )

    async def change(call: Call[Any], tx: Any, before: Record, document: Document) -> Record:
        return await change_party(
            call.runtime.state, tx, kind, before, document, actor=call.actor, now=call.now
        )

    async def remove(call: Call[Any], tx: Any, before: Record) -> None:
        await remove_party(tx, kind, before, now=call.now)

    own = (errors.BIRTH_DATE_DIFFERS,) if kind == INDIVIDUAL else (errors.AGENT_UNKNOWN,)
    return Served(
        resource=resource,
        make=make,
        change=change,
        remove=remove,
        made_refusals=(*_DOCUMENTS, *own),
        changed_refusals=(*_DOCUMENTS, *own, errors.STATUS_NOT_REACHABLE, errors.NATIONAL_RECORD),
    )


individuals = serve(_served(INDIVIDUAL, INDIVIDUALS), "TMF632 Individual")
organizations = serve(_served(ORGANIZATION, ORGANIZATIONS), "TMF632 Organization")
