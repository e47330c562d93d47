"""When a node shows that it is there, and when it asks after what it has not heard of. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contracts.control import ASK_AFTER
from services.order_acceptance.engine.process import FORWARD
from services.order_acceptance.engine.rules import StepState, WorkOrder

BEAT_EVERY = timedelta(seconds=10)


@dataclass
class Signs:
    """What one process remembers of its own signs of life; what a restart forgets is only said once more."""

    beaten: datetime | None = None
    asked: dict[str, datetime] = field(default_factory=dict)
    """When it asked after a work order last."""

    def beat_due(self, now: datetime) -> bool:
        return self.beaten is None or now - self.beaten >= BEAT_EVERY

    def asked_lately(self, now: datetime) -> list[str]:
        """The work orders that it need not ask after again yet; older questions are forgotten."""
        self.asked = {id: at for id, at in self.asked.items() if now - at < ASK_AFTER}
        return list(self.asked)


def waits_for_home(work: WorkOrder, attempt: int) -> bool:
    """Whether this attempt was handed to the router and its end is not known: then it may be handed over again."""
    step = work.current
    return (
        not work.ended
        and work.part != "home"
        and work.forward_attempt == attempt
        and step is not None
        and step.name == FORWARD
        and step.state is StepState.ASKED
    )
