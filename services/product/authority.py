"""Who may write what: the national catalogue is headquarters', a province adds records of its own."""

from typing import Any

from libs.database import Connection
from libs.node import HQ
from libs.security.bounds import bounds
from libs.security.roles import EVERYONE, HQ_OPERATOR, SUPERVISOR, Roles
from libs.tmf import Resource
from libs.tmf.condition import quoted
from libs.web.call import Call
from libs.web.errors import Reason, Refusal
from services.product.errors import NATIONAL_RECORD, NOT_YOURS

READERS = EVERYONE
WRITERS = Roles(HQ_OPERATOR, SUPERVISOR)
"""Which of them, at which node and for which record, is said below."""


def check_new(call: Call[Any]) -> bool:
    """Whether the record that is to be made is national. Raises Refusal 403 for whom it is not theirs to make."""
    check_writer(call)
    return bool(call.runtime.settings.node == HQ)


async def check_existing(tx: Connection, call: Call[Any], resource: Resource, id: str) -> None:
    """Let through who may change this record.

    Raises Refusal 409 national-record in a province for what is headquarters', 403 for another's record.
    """
    national = await tx.fetchval(f"SELECT national FROM {quoted(resource.table.name)} WHERE id = $1", id)
    if national and call.runtime.settings.node != HQ:
        raise Refusal(Reason(NATIONAL_RECORD))
    check_writer(call)


def check_writer(call: Call[Any]) -> None:
    """Raises Refusal 403 for who does not write here.

    At headquarters its operators write; in a province its own supervisors do, and not those of headquarters.

    The catalogue is of no area: whose right ends at one reads it, and writes nothing.
    """
    node = call.runtime.settings.node
    writer = HQ_OPERATOR if node == HQ else SUPERVISOR
    if not call.actor.has(writer) or call.actor.node != node or not bounds(call.actor).everything:
        raise Refusal(Reason(NOT_YOURS))
