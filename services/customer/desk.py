"""What the capabilities of this service work with."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from libs.clock import SHANGHAI
from libs.database import Connection
from libs.messaging import Outbox, Outgoing
from libs.messaging.topics import events
from libs.security.actor import Actor
from libs.security.fields import FieldCipher
from libs.security.keys import Keys

SERVICE_NAME = "customer"


@dataclass(frozen=True)
class Desk:
    """The node, its ciphers and its outbox."""

    node: str
    cipher: FieldCipher
    keys: Keys = field(repr=False)
    outbox: Outbox

    async def tell(self, tx: Connection, records: Sequence[BaseModel], now: datetime) -> None:
        """Put events of these records (each with an `id`) into the transaction; `outbox.wake()` after it."""
        topic = events(self.node, SERVICE_NAME)
        outgoings = [Outgoing(topic, _key(record), record, subject=_key(record)) for record in records]
        await self.outbox.put(tx, outgoings, now)


def _key(record: Any) -> str:
    return str(record.id)


def who(actor: Actor) -> str:
    """An actor in one text: issuer and subject."""
    return f"{actor.issuer} {actor.subject}"


def today(now: datetime) -> date:
    """The day in Shanghai."""
    return now.astimezone(SHANGHAI).date()
