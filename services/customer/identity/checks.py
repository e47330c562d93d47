"""A check is made: what others need to compare is a digest, and the identity itself travels sealed."""

from datetime import datetime, timedelta

from contracts.events import IdentityChecked
from contracts.processes import Presented
from libs.database import Connection
from libs.ids import new_id
from libs.security.actor import Actor
from libs.security.sealing import seal
from services.customer.desk import Desk, who
from services.customer.identity import store
from services.customer.identity.rules import normal_name

GOOD_FOR = timedelta(minutes=30)


async def check_identity(
    desk: Desk, tx: Connection, actor: Actor, *, kind: str, number: str, name: str, method: str, now: datetime
) -> IdentityChecked:
    """Keep a check and tell of it. `number` is in normal form; neither it nor the name is kept in clear."""
    shown = Presented(identification_type=kind, identification_id=number, name=normal_name(name))
    content = shown.model_dump_json(include={"identification_type", "identification_id", "name"})
    checked = IdentityChecked(
        id=new_id(),
        actor=who(actor),
        method=method,
        identity_digest=desk.cipher.digest(kind, number),
        name_digest=desk.cipher.digest("name", normal_name(name)),
        sealed=seal(content.encode(), desk.keys.recipient(desk.node)),
        valid_until=now + GOOD_FOR,
        at=now,
    )
    await store.insert_check(tx, checked, actor)
    await desk.tell(tx, [checked], now)
    return checked
