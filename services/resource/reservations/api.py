"""`/api/resource/v1/reservations`: hold numbers and cards for a while, before an order takes them."""

import json
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints, field_validator, model_validator

from contracts.steps import CardKind, Network
from libs.ids import new_id
from libs.security.actor import Actor
from libs.security.bounds import bounds
from libs.security.roles import (
    ACCOUNT_MANAGER,
    CALL_CENTRE_CLERK,
    DEALER_CLERK,
    HALL_CLERK,
    MACHINE,
    SUPERVISOR,
    Roles,
)
from libs.web import codes
from libs.web.call import Answer, Call
from libs.web.claims import COLUMNS as CLAIM
from libs.web.errors import Reason, Refusal
from libs.web.routes import KIB, Routes
from services.resource import errors
from services.resource.inventory.loading import CONFIG, AreaCode
from services.resource.inventory.rules import MSISDN, Category
from services.resource.inventory.store import come_free
from services.resource.numbers.patterns import Pattern, PatternInvalid
from services.resource.numbers.rules import NumberClass
from services.resource.reservations import rules, store
from services.resource.reservations.rules import LONGEST, MOST, Pick, valid_for
from services.resource.reservations.store import Wanted

SELLERS = Roles(HALL_CLERK, CALL_CENTRE_CLERK, DEALER_CLERK, ACCOUNT_MANAGER, SUPERVISOR, MACHINE)
PATH = "/api/resource/v1/reservations"
routes = Routes(prefix=PATH, tag="Reservations")


class Named(BaseModel):
    model_config = CONFIG

    id: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class Picked(BaseModel):
    """Which of stock: numbers by pattern (`?` one digit, `*` any), cards by kind."""

    model_config = CONFIG

    category: Category
    pattern: str = Field("*", description="`?` is one digit, `*` any run of digits", examples=["130????88*"])
    count: Annotated[int, Field(strict=True, ge=1, le=MOST)] = 1
    kind: CardKind | None = Field(None, description="of cards")
    area: AreaCode | None = None
    network: Network | None = None
    number_class: NumberClass | None = Field(None, alias="class", description="of numbers")

    @field_validator("pattern")
    @classmethod
    def _readable(cls, text: str) -> str:
        try:
            return Pattern(text).text
        except PatternInvalid:
            raise errors.PATTERN_INVALID.wrong() from None

    @model_validator(mode="after")
    def _of_its_category(self) -> "Picked":
        foreign = self.kind if self.category == MSISDN else self.number_class
        if foreign is not None:
            raise ValueError("kind is of cards, class of numbers")
        return self


class ReservationCreate(BaseModel):
    """Either `resource`, what exactly, or `pick`, so many of it."""

    model_config = CONFIG

    resource: Annotated[list[Named], Field(min_length=1, max_length=MOST)] | None = None
    pick: Picked | None = None
    valid_minutes: Annotated[int, Field(strict=True, ge=1, le=LONGEST)] = rules.USUALLY

    @field_validator("resource")
    @classmethod
    def _each_once(cls, named: list[Named] | None) -> list[Named] | None:
        if named is not None and len({one.id for one in named}) < len(named):
            raise ValueError("a resource is named twice")
        return named

    @model_validator(mode="after")
    def _one_way(self) -> "ReservationCreate":
        if (self.resource is None) == (self.pick is None):
            raise ValueError("give either resource or pick")
        return self


class ReservedResource(BaseModel):
    id: str
    value: str = Field(description="the number, or the ICCID")


class Reservation(BaseModel):
    """What is held, and until when."""

    model_config = CONFIG

    id: str
    resource: list[ReservedResource]
    valid_until: datetime


@routes.post(
    "",
    allow=SELLERS,
    body=ReservationCreate,
    answer=Reservation,
    status=201,
    errors=(
        errors.NUMBER_NOT_AVAILABLE,
        errors.CARD_NOT_AVAILABLE,
        errors.RESOURCE_UNKNOWN,
        errors.PATTERN_INVALID,
    ),
    max_body=16 * KIB,
)
async def create_reservation(call: Call[ReservationCreate]) -> Answer:
    """Hold numbers or cards: all that are wanted, or none."""
    id, body = new_id(), call.body
    until = call.now + valid_for(body.valid_minutes)
    location = call.url(f"{PATH}/{id}")
    claim: tuple[Any, ...] = (None,) * len(CLAIM)
    if call.idempotency is not None:
        claim = call.idempotency.params(call.runtime.cipher, Answer(201, "", location=location))
    wanted = Wanted(id, call.actor.place(), until, until.isoformat(), call.now, claim)
    area = bounds(call.actor).area
    if body.pick is not None:
        answer = await _pick(call, wanted, body.pick, area)
    else:
        answer = await _name(call, wanted, [one.id for one in body.resource or ()], area)
    return Answer(201, answer, location=location)


async def _pick(call: Call[Any], wanted: Wanted, asked: Picked, area: str | None) -> str:
    pick = Pick(
        asked.category,
        asked.count,
        Pattern(asked.pattern),
        asked.kind,
        asked.area,
        asked.network,
        asked.number_class,
    ).within(area)
    if pick is not None:
        db = call.runtime.db
        answer = await store.reserve_picked(db, wanted, pick, waiting=False)
        if answer is None:
            # Perhaps only because reservations that have ended still lie there, or others were about to take some.
            await come_free(db, call.now)
            answer = await store.reserve_picked(db, wanted, pick, waiting=True)
        if answer is not None:
            return answer
    raise Refusal(_not_available(asked.category, "pick", asked.pattern))


async def _name(call: Call[Any], wanted: Wanted, ids: list[str], area: str | None) -> str:
    answer = await store.reserve_named(call.runtime.db, wanted, ids, area)
    if answer is not None:
        return answer
    known = await store.known(call.runtime.db, ids, area, call.now)
    unknown, taken = [], []
    for place, id in enumerate(ids):
        path = f"resource[{place}].id"
        if id not in known:
            unknown.append(Reason(errors.RESOURCE_UNKNOWN, path=path, id=id))
        elif not known[id].free:
            taken.append(_not_available(known[id].category, path, known[id].value))
    reasons = [*unknown, *taken]
    if not reasons:
        # Whoever held one of them has given it back since: the next try will succeed.
        raise Refusal(Reason(codes.RECORD_BUSY), headers={"Retry-After": "1"})
    raise Refusal(*reasons)


def _not_available(category: Category, path: str, value: str) -> Reason:
    if category == MSISDN:
        return Reason(errors.NUMBER_NOT_AVAILABLE, path=path, number=value)
    return Reason(errors.CARD_NOT_AVAILABLE, path=path, iccid=value)


@routes.get("/{id}", allow=SELLERS, answer=Reservation)
async def retrieve_reservation(call: Call[None]) -> Answer:
    """One's own reservation while it holds, with what no order has taken out of it yet."""
    actor: Actor = call.actor
    row = await store.own(call.runtime.db, call.path["id"], actor.subject, actor.issuer, call.now)
    if row is None:
        raise Refusal(Reason(codes.NOT_FOUND))
    return Answer(
        200,
        {
            "id": row["id"],
            "resource": json.loads(row["resource"]),
            "validUntil": row["valid_until"].isoformat(),
        },
    )


@routes.delete("/{id}", allow=SELLERS)
async def delete_reservation(call: Call[None]) -> Answer:
    """Give back what one's reservation still holds."""
    actor: Actor = call.actor
    if not await store.give_back(call.runtime.db, call.path["id"], actor.subject, actor.issuer, call.now):
        raise Refusal(Reason(codes.NOT_FOUND))
    return Answer(204)
