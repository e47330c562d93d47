"""The bodies of TMF622 cancelProductOrder."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from libs.tmf.model import EntityRef, TmfModel

TaskState = Literal["acknowledged", "terminatedWithError", "inProgress", "done"]


class CancelProductOrderCreate(TmfModel):
    """The wish to cancel an order."""

    productOrder: EntityRef
    cancellationReason: Annotated[str, Field(max_length=4000)] | None = None
    requestedCancellationDate: AwareDatetime | None = None


class CancelProductOrder(CancelProductOrderCreate):
    """What became of it: `done` when the order is cancelled, `terminatedWithError` when it ended otherwise."""

    id: str
    href: str | None = None
    state: TaskState
    effectiveCancellationDate: AwareDatetime | None = None
