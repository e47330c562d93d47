"""退订: a subscription gives options up."""

from contracts.processes import ChangeOptions
from services.order_acceptance.engine.process import HERE, PointOfNoReturn, Process, Step
from services.order_acceptance.processes.services import SERVICES
from services.order_acceptance.processes.subscriber import MONEY, here

UNSUBSCRIBE = Process(
    name="unsubscribe",
    version=1,
    travels=True,
    content=ChangeOptions,
    steps=(
        *MONEY,
        *SERVICES,
        PointOfNoReturn(),
        Step("end-options", at=HERE, takes=here),
    ),
)
