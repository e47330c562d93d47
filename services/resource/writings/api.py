"""`/api/resource/v1/cardWritings`: what a card writer needs, for whoever took the order, until the card is written."""

from typing import Annotated, Any

from joserfc.jwk import ECKey
from pydantic import BaseModel, Field, StringConstraints, field_validator

from contracts.events import CardWritingChanged
from libs.ids import new_id
from libs.security.actor import Actor
from libs.security.roles import ACCOUNT_MANAGER, DEALER_CLERK, HALL_CLERK, MACHINE, SERVICE, SUPERVISOR, Roles
from libs.security.sealing import seal
from libs.web import codes
from libs.web.call import Answer, Call
from libs.web.errors import Reason, Refusal
from libs.web.idempotency import once
from libs.web.routes import KIB, Routes
from services.resource import errors
from services.resource.inventory.loading import CONFIG
from services.resource.writings import store, telling
from services.resource.writings.rules import WriterKeyInvalid, check_writer_key

WRITERS = Roles(HALL_CLERK, DEALER_CLERK, ACCOUNT_MANAGER, SUPERVISOR, MACHINE)
PATH = "/api/resource/v1/cardWritings"
routes = Routes(prefix=PATH, tag="Card writings")
facts = Routes(prefix="/api/resource/v1/facts/cardWritings", tag="Facts for other services")


class CardWritingCreate(BaseModel):
    """For which order, and for which card writer."""

    model_config = CONFIG

    order: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    writer_key: dict[str, Any] = Field(description="JWK: the card writer's public EC key on P-256")

    @field_validator("writer_key")
    @classmethod
    def _public(cls, jwk: dict[str, Any]) -> dict[str, Any]:
        try:
            check_writer_key(jwk)
        except WriterKeyInvalid:
            raise errors.WRITER_KEY_INVALID.wrong() from None
        return jwk


class CardWriting(BaseModel):
    """What to write on which card."""

    model_config = CONFIG

    id: str
    order: str
    iccid: str
    write_data: str = Field(description="JWE for the card writer: `{imsi, ki, iccid}`")


class CardWritten(BaseModel):
    model_config = CONFIG

    id: str
    order: str
    iccid: str


def name_of(actor: Actor) -> str:
    """How an order names who accepted it: by issuer and subject with a blank between."""
    return f"{actor.issuer} {actor.subject}"


def _writer(jwk: dict[str, Any]) -> ECKey:
    key = ECKey.import_key({name: jwk[name] for name in ("kty", "crv", "x", "y")})
    kid = jwk.get("kid")
    return ECKey.import_key(
        key.as_dict(private=False, kid=kid if isinstance(kid, str) and kid else key.thumbprint())
    )


@routes.post(
    "",
    allow=WRITERS,
    body=CardWritingCreate,
    answer=CardWriting,
    status=201,
    errors=(errors.CARD_ALREADY_WRITTEN, errors.WRITER_KEY_INVALID, codes.NOT_FOUND),
    max_body=8 * KIB,
    personal=True,
)
async def create_card_writing(call: Call[CardWritingCreate]) -> Answer:
    """The write data of an order's card, sealed for the card writer. For the order's actor alone, and logged; may be
    asked for again until the writing is confirmed."""
    async with once(call) as tx:
        found = await store.of_order(tx, call.body.order, name_of(call.actor))
        if found is None:
            raise Refusal(Reason(codes.NOT_FOUND, path="order"))
        if found.data is None:
            raise Refusal(Reason(errors.CARD_ALREADY_WRITTEN, iccid=found.iccid))
        writer = _writer(call.body.writer_key)
        sealed = seal(call.runtime.cipher.decrypt(found.data).encode(), writer)
        await store.log(
            tx, new_id(), found.id, call.actor.place(), "handed-out", writer.thumbprint(), call.now
        )
        answer = CardWriting(id=found.id, order=found.order, iccid=found.iccid, write_data=sealed)
        return tx.answer(Answer(201, answer))


@routes.post(
    "/{id}/confirm",
    allow=WRITERS,
    answer=CardWritten,
    errors=(errors.CARD_ALREADY_WRITTEN,),
)
async def confirm_card_writing(call: Call[None]) -> Answer:
    """The card is written: from now on nobody gets its data, and it is forgotten here."""
    async with once(call) as tx:
        found = await store.by_id(tx, call.path["id"], name_of(call.actor))
        if found is None:
            raise Refusal(Reason(codes.NOT_FOUND))
        if found.data is None:
            raise Refusal(Reason(errors.CARD_ALREADY_WRITTEN, iccid=found.iccid))
        await store.confirm(tx, found.id, call.now)
        await store.log(tx, new_id(), found.id, call.actor.place(), "confirmed", None, call.now)
        news = telling.messages(call.runtime.settings.node, await telling.told(tx, [found.id]))
        await call.runtime.outbox.put(tx, news, call.now)
        answer = tx.answer(Answer(200, CardWritten(id=found.id, order=found.order, iccid=found.iccid)))
    call.runtime.outbox.wake()
    return answer


@facts.get("/{id}", allow=Roles(SERVICE), answer=CardWritingChanged)
async def facts_of_card_writing(call: Call[None]) -> Answer:
    """Whether a card is written, as the newest event told it; by the id of the writing, or of its order."""
    found = await telling.facts_of(call.runtime.db, call.path["id"])
    if found is None:
        raise Refusal(Reason(codes.NOT_FOUND))
    return Answer(200, found)
