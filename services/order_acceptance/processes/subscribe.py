"""订购: a subscription gets options."""

from contracts.processes import ChangeOptions
from services.order_acceptance.engine.process import HERE, PointOfNoReturn, Process, Step
from services.order_acceptance.processes.services import SERVICES
from services.order_acceptance.processes.subscriber import MONEY, here

SUBSCRIBE = Process(
    name="subscribe",
    version=1,
    travels=True,
    content=ChangeOptions,
    steps=(
        *MONEY,
        *SERVICES,
        PointOfNoReturn(),
        Step("install-options", at=HERE, takes=here),
    ),
)
