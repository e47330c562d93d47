"""缴费: money for the account that pays for a number, wherever it lives."""

from contracts.base import Part
from contracts.processes import Pay
from contracts.steps import PostPayment
from services.order_acceptance.engine.process import PointOfNoReturn, Process, Progress, Step


def post_payment(progress: Progress) -> Part:
    wanted: Pay = progress.content
    if wanted.account is None:
        raise ValueError(f"payment {wanted.payment} reached its home without an account")
    return PostPayment(
        reference=wanted.payment, account=wanted.account, number=wanted.number, amount=wanted.amount
    )


PAY = Process(
    name="pay",
    version=1,
    travels=True,
    content=Pay,
    guarded=False,
    steps=(
        Step("post-payment", at="production", takes=post_payment, undo="reverse-payment"),
        PointOfNoReturn(),
    ),
)
