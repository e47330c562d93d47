"""停机: one reason more for which the subscriber is barred."""

from contracts.base import Part
from contracts.processes import Suspend
from contracts.steps import SetBarring
from services.order_acceptance.engine.process import HERE, PointOfNoReturn, Process, Progress, Step
from services.order_acceptance.processes.subscriber import MONEY, here


def set_barring(progress: Progress) -> Part:
    """Asked even where nothing changes in the network: it says so, and does it again if it had not."""
    wanted: Suspend = progress.content
    return SetBarring(number=wanted.number, barring=wanted.barred_after, before=wanted.barred_before)


SUSPEND = Process(
    name="suspend",
    version=1,
    travels=True,
    content=Suspend,
    steps=(
        *MONEY,
        Step("set-barring", at="production", takes=set_barring, undo="set-barring-back"),
        PointOfNoReturn(),
        Step("suspend-product", at=HERE, takes=here),
    ),
)
