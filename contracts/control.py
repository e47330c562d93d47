"""Interface `control`: signs of life, and copies that ask after what they have not heard of.

`Heartbeat` travels on `<node>.uplink.control`, keyed by the node. `StateAsked` and `NotReceived` travel with the work
that they are about, on the uplinks and downlinks of `work-orders` and under the same key: they never overtake it.
"""

from datetime import timedelta

from pydantic import Field

from contracts.base import Contract, Digits, Identifier, Instant, NodeCode, Part


class ProcessKnown(Part):
    """One version of one process that a node can run."""

    process: str = Field(max_length=64)
    version: int = Field(ge=1)


class Heartbeat(Contract):
    """A node is there, every ten seconds. Of several only the newest counts."""

    ce_type = "unicrm.control.heartbeat.v1"

    node: NodeCode
    at: Instant
    processes: list[ProcessKnown] = Field([], max_length=1000)


ASK_AFTER = timedelta(minutes=5)
"""How long nothing is heard of a work order that another node has, before that node is asked."""
DATED_ASK_AFTER = timedelta(days=1)
"""The same, of what its home keeps for its time, and nobody wants back."""


class StateAsked(Contract):
    """Whoever holds a copy of a work order that is not ended, and has heard nothing of it for five minutes, asks.

    From the acceptance node to the router, and from the router to the home, which answers with an `Outcome` out of
    its own database, marked `duplicate`.
    """

    ce_type = "unicrm.work-order.state-asked.v1"

    origin: NodeCode
    origin_transaction: Identifier
    attempt: int = Field(1, ge=1, le=99)
    number: Digits | None = None
    home: NodeCode | None = Field(None, description="who is asked; set by the router")
    asked_by: NodeCode = Field(description="the acceptance node, or `hq` for the ledger")
    sequence: int = Field(0, ge=0, description="what the asker knows already")
    at: Instant


class NotReceived(Contract):
    """The answer to `StateAsked` of whoever has never had the forward: it got lost on the way.

    From the home to the router, and from the router to the acceptance node. Whoever sent the forward and still waits
    for its end sends it again, with the same ids and the same attempt; who has it by then takes it in once.
    """

    ce_type = "unicrm.work-order.not-received.v1"

    origin: NodeCode
    origin_transaction: Identifier
    attempt: int = Field(1, ge=1, le=99)
    number: Digits | None = None
    node: NodeCode = Field(description="who has not had it: the home, or `hq` for the ledger")
    at: Instant
