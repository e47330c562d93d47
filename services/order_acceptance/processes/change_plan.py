"""套餐变更: another plan on the same number, now or from 00:00 on the 1st on."""

from contracts.processes import ChangePlan
from services.order_acceptance.engine.process import HERE, PointOfNoReturn, Process, Step
from services.order_acceptance.processes.services import SERVICES
from services.order_acceptance.processes.subscriber import MONEY, here

CHANGE_PLAN = Process(
    name="change-plan",
    version=1,
    travels=True,
    content=ChangePlan,
    steps=(
        *MONEY,
        *SERVICES,
        PointOfNoReturn(),
        Step("change-plan-of-product", at=HERE, takes=here),
    ),
)
