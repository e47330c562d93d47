"""Messages between services and nodes: written with the change, sent once it is true, taken in once."""

from libs.messaging.envelope import Message, Outgoing
from libs.messaging.handles import Handles, Publishes
from libs.messaging.outbox import MessageTooLarge, Outbox
from libs.messaging.work import Work, unit_of_work

__all__ = [
    "Handles",
    "Message",
    "MessageTooLarge",
    "Outbox",
    "Outgoing",
    "Publishes",
    "Work",
    "unit_of_work",
]
