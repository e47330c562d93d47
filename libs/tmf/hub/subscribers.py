"""Whose a subscription is: the actor as the token vouched for it, kept beside the subscription."""

import json
from dataclasses import asdict

from libs.json_text import json_text
from libs.security.actor import Actor
from libs.security.roles import (
    ACCOUNT_MANAGER,
    DEALER_CLERK,
    HQ_OPERATOR,
    MACHINE,
    SERVICE,
    SUPERVISOR,
    Roles,
)

SUBSCRIBERS = Roles(MACHINE, SERVICE, DEALER_CLERK, ACCOUNT_MANAGER, SUPERVISOR, HQ_OPERATOR)
"""Programs, and those who answer for one: what a clerk needs to know the clerk's own front end asks for."""


def kept(actor: Actor) -> str:
    """The actor as JSON."""
    return json_text(asdict(actor) | {"roles": sorted(actor.roles)})


def actor_of(kept: str) -> Actor:
    """The actor that was kept."""
    fields = json.loads(kept)
    return Actor(**fields | {"roles": frozenset(fields["roles"])})
