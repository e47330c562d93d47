"""Where an act takes place is the token's to say: a body may repeat the channel, not choose another."""

from libs.security.actor import Actor
from libs.web.errors import Reason
from services.order_acceptance.errors import CHANNEL_DIFFERS


def channel_differs(named: str | None, actor: Actor, path: str) -> list[Reason]:
    """The refusal of a channel that is named and is not the actor's; empty where none is named, or his own."""
    if named is None or named == actor.channel:
        return []
    return [Reason(CHANNEL_DIFFERS, path=path, channel=actor.channel or "")]
