"""`/api/resource/v1/numbers`: a segment of numbers comes into stock."""

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from contracts.steps import Network
from libs.web.call import Answer, Call
from libs.web.errors import Reason, Refusal
from libs.web.idempotency import once
from libs.web.routes import KIB, Routes
from services.resource import errors
from services.resource.inventory.loading import CONFIG, KEEPERS, AreaCode, TakenIn, check_area, id_of
from services.resource.inventory.rules import MSISDN, Stock
from services.resource.inventory.store import into_stock
from services.resource.numbers.rules import MOST_AT_ONCE, NumberClass, NumberState, class_of, segment

routes = Routes(prefix="/api/resource/v1/numbers", tag="Stock")


class NumbersCreate(BaseModel):
    """`count` numbers from `first` on, in national digits."""

    model_config = CONFIG

    first: Annotated[str, StringConstraints(pattern=r"^[0-9]{5,15}$")] = Field(examples=["13000400000"])
    count: Annotated[int, Field(strict=True, ge=1, le=MOST_AT_ONCE)]
    area: AreaCode
    network: Network
    number_class: NumberClass | None = Field(None, alias="class", description="else by each one's digits")
    frozen: bool = Field(False, description="kept back from sale")


@routes.post(
    "",
    allow=KEEPERS,
    body=NumbersCreate,
    answer=TakenIn,
    status=201,
    errors=(errors.SEGMENT_INVALID, errors.AREA_NOT_HERE, errors.NOT_YOURS),
    max_body=4 * KIB,
)
async def create_numbers(call: Call[NumbersCreate]) -> Answer:
    """Take a segment in. Numbers that are known stay as they are."""
    body = call.body
    check_area(call, body.area)
    try:
        digits = segment(body.first, body.count)
    except ValueError:
        raise Refusal(
            Reason(errors.SEGMENT_INVALID, path="count", first=body.first, count=body.count)
        ) from None
    state = NumberState.FROZEN if body.frozen else NumberState.FREE
    stock = [
        Stock(
            id_of(MSISDN, number),
            MSISDN,
            number,
            state,
            area=body.area,
            network=body.network,
            number_class=body.number_class or class_of(number),
        )
        for number in digits
    ]
    async with once(call) as tx:
        fresh = len(await into_stock(tx, stock, call.now))
        return tx.answer(Answer(201, TakenIn(taken_in=fresh, already_known=len(stock) - fresh)))
