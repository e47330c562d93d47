"""Who an operator or a client may be: the roles that fit a node, and the place that a role needs."""

import hashlib
import unicodedata
import uuid
from dataclasses import dataclass, replace

from libs.node import HQ, NODES, province_of_area
from libs.security.actor import Actor
from libs.security.roles import (
    ACCOUNT_MANAGER,
    ALL_ROLES,
    AUDITOR,
    CALL_CENTRE_CLERK,
    CLIENT_ROLES,
    DEALER_CLERK,
    HALL_CLERK,
    HQ_OPERATOR,
    MACHINE,
    SERVICE,
    SUPERVISOR,
)

PASSWORD = "password"
CLIENT_CREDENTIALS = "client_credentials"
GRANTS = frozenset({PASSWORD, CLIENT_CREDENTIALS})

SERVICES = (
    "access",
    "customer",
    "product",
    "resource",
    "channel",
    "staff",
    "order-acceptance",
    "fault",
    "sla",
    "hq-router",
)
"""The ten services, by the name that each has in topics and addresses; every one is a client of its own node."""


@dataclass(frozen=True, slots=True)
class Operator:
    """A person with an account. `username` is in its normal form; the rest is what their tokens will tell."""

    id: str
    username: str
    roles: frozenset[str]
    name: str
    channel: str
    hall: str | None = None
    dealer: str | None = None
    area: str | None = None
    area_bound: bool = False
    active: bool = True

    def actor(self, issuer: str, node: str) -> Actor:
        return Actor(
            subject=self.id,
            issuer=issuer,
            node=node,
            roles=self.roles,
            channel=self.channel,
            hall=self.hall,
            dealer=self.dealer,
            area=self.area,
            name=self.name,
            area_bound=self.area_bound,
        )


@dataclass(frozen=True, slots=True)
class Client:
    """A program with a secret; `grants` are the ways in which it may ask for tokens."""

    id: str
    roles: frozenset[str]
    name: str
    grants: frozenset[str] = frozenset({CLIENT_CREDENTIALS})
    channel: str | None = None
    dealer: str | None = None
    area: str | None = None
    active: bool = True

    def actor(self, issuer: str, node: str) -> Actor:
        return Actor(
            subject=self.id,
            issuer=issuer,
            node=node,
            roles=self.roles,
            channel=self.channel,
            dealer=self.dealer,
            area=self.area,
            name=self.name,
            client=True,
        )


def normal_username(text: str) -> str:
    """One spelling of a name, however it is typed: full-width letters and capitals are the same user."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def faults(who: Operator | Client, node: str) -> list[str]:
    """Why this operator or client cannot be kept at this node; empty when nothing speaks against it."""
    found = [f"there is no role {role}" for role in sorted(who.roles - ALL_ROLES)]
    people = who.roles - CLIENT_ROLES
    if isinstance(who, Operator):
        if who.username != normal_username(who.username) or not who.username:
            found.append("the user name is not in its normal form")
        if not who.roles:
            found.append("an operator has a role")
        found += [f"{role} is a role of programs" for role in sorted(who.roles & CLIENT_ROLES)]
        if HALL_CLERK in who.roles and not who.hall:
            found.append("a hall clerk works in a hall")
        if who.area_bound and not who.area:
            found.append("whoever is bound to an area has one")
    else:
        found += [f"{role} is a role of people" for role in sorted(people & ALL_ROLES)]
        found += [f"there is no grant {grant}" for grant in sorted(who.grants - GRANTS)]
    if DEALER_CLERK in who.roles and not who.dealer:
        found.append("a dealer's clerk acts for a dealer")
    if HQ_OPERATOR in who.roles and node != HQ:
        found.append("only headquarters has operators of headquarters")
    if who.area is not None and province_of_area(who.area) != node:
        found.append(f"the area {who.area} is not one of {node}")
    return found


def fixed_id(node: str, username: str) -> str:
    """The id of a seeded operator: a UUID of version 7 that is the same at every seeding and unique across nodes."""
    digest = hashlib.sha256(f"operator\0{node}\0{username}".encode()).digest()
    # 2026-01-01T00:00:00Z in milliseconds: seeded records sort before all that is made later.
    moment = 1_767_225_600_000
    value = moment << 80 | int.from_bytes(digest[:10], "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def development_operators(node: str) -> tuple[Operator, ...]:
    """One operator of each kind, to try a node with; in development only.

    A province has one more, the last: a hall clerk who sees one area and nothing beyond it. It is the province's last
    area, where the others work in its first, so that both see what the other does not.
    """
    names = NODES[node]

    def operator(
        username: str, role: str, channel: str, hall: str | None = None, dealer: str | None = None
    ) -> Operator:
        return Operator(
            id=fixed_id(node, username),
            username=username,
            roles=frozenset({role}),
            name=f"{names.name_zh}{_TITLES[username]}",
            channel=channel,
            hall=hall,
            dealer=dealer,
            area=names.area_codes[0] if names.area_codes else None,
        )

    everywhere = (
        operator("supervisor", SUPERVISOR, "back-office"),
        operator("auditor", AUDITOR, "back-office"),
        operator("manager", ACCOUNT_MANAGER, "account-manager"),
    )
    if node == HQ:
        return (operator("hq", HQ_OPERATOR, "back-office"), *everywhere)
    local = operator("local-clerk", HALL_CLERK, "hall", hall=f"{node}-hall-2")
    return (
        operator("clerk", HALL_CLERK, "hall", hall=f"{node}-hall-1"),
        operator("caller", CALL_CENTRE_CLERK, "call-centre"),
        operator("dealer", DEALER_CLERK, "dealer", dealer=f"{node}-dealer-1"),
        *everywhere,
        replace(local, area=names.area_codes[-1], area_bound=True),
    )


_TITLES = {
    "clerk": "营业员",
    "local-clerk": "本地网营业员",
    "caller": "客服代表",
    "dealer": "代理商营业员",
    "manager": "客户经理",
    "supervisor": "值班主管",
    "auditor": "审计员",
    "hq": "运营人员",
}


def development_partner() -> Client:
    """A partner's machine client, to try a node with; in development only."""
    return Client("partner", frozenset({MACHINE}), "Partner", channel="partner")


def service_clients() -> tuple[Client, ...]:
    """The services of a node as clients, that may ask each other over their public APIs."""
    return tuple(Client(name, frozenset({SERVICE}), name) for name in SERVICES)
