"""复机: one reason less; the subscriber may do again what no other reason bars."""

from contracts.base import Part
from contracts.processes import Resume
from contracts.steps import SetBarring
from services.order_acceptance.engine.process import HERE, PointOfNoReturn, Process, Progress, Step
from services.order_acceptance.processes.subscriber import MONEY, here


def set_barring(progress: Progress) -> Part:
    """Asked even where nothing changes in the network: another reason may bar as much."""
    wanted: Resume = progress.content
    return SetBarring(number=wanted.number, barring=wanted.barred_after, before=wanted.barred_before)


RESUME = Process(
    name="resume",
    version=1,
    travels=True,
    content=Resume,
    steps=(
        *MONEY,
        Step("set-barring", at="production", takes=set_barring, undo="set-barring-back"),
        PointOfNoReturn(),
        Step("resume-product", at=HERE, takes=here),
    ),
)
