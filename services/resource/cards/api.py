"""`/api/resource/v1/cards`: cards come into stock."""

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints, field_validator

from contracts.steps import CardKind, Network
from libs.web.call import Answer, Call
from libs.web.errors import Reason, refuse
from libs.web.idempotency import once
from libs.web.routes import Routes
from services.resource import errors
from services.resource.cards.rules import MOST_AT_ONCE, CardState, is_iccid
from services.resource.inventory.loading import CONFIG, KEEPERS, AreaCode, TakenIn, check_area, id_of
from services.resource.inventory.rules import SIM, Stock
from services.resource.inventory.store import into_stock

routes = Routes(prefix="/api/resource/v1/cards", tag="Stock")


class CardsCreate(BaseModel):
    """Cards of one kind, by their ICCIDs."""

    model_config = CONFIG

    kind: CardKind
    iccid: Annotated[
        list[Annotated[str, StringConstraints(max_length=20)]], Field(min_length=1, max_length=MOST_AT_ONCE)
    ]
    area: AreaCode
    network: Network | None = Field(None, description="the newest one the card can do; none: any")

    @field_validator("iccid")
    @classmethod
    def _each_once(cls, iccids: list[str]) -> list[str]:
        if len(set(iccids)) < len(iccids):
            raise ValueError("a card is listed twice")
        return iccids


@routes.post(
    "",
    allow=KEEPERS,
    body=CardsCreate,
    answer=TakenIn,
    status=201,
    errors=(errors.ICCID_INVALID, errors.AREA_NOT_HERE, errors.NOT_YOURS),
)
async def create_cards(call: Call[CardsCreate]) -> Answer:
    """Take cards in. Those that are known stay as they are."""
    body = call.body
    check_area(call, body.area)
    refuse(
        Reason(errors.ICCID_INVALID, path=f"iccid[{place}]", iccid=iccid)
        for place, iccid in enumerate(body.iccid)
        if not is_iccid(iccid)
    )
    stock = [
        Stock(id_of(SIM, iccid), SIM, iccid, CardState.IN_STOCK, body.kind, body.area, body.network)
        for iccid in body.iccid
    ]
    async with once(call) as tx:
        fresh = len(await into_stock(tx, stock, call.now))
        return tx.answer(Answer(201, TakenIn(taken_in=fresh, already_known=len(stock) - fresh)))
