"""What a node's stock starts with under development: numbers of real segments, cards of every kind, profiles.

Repeatable: ids come from digits, ICCIDs and IMSIs, and what is there already stays as it is. Headquarters starts
empty: its stock is what it keeps back from the provinces.
"""

import hashlib
import hmac
from collections.abc import Iterator
from typing import TYPE_CHECKING

from contracts.steps import CardKind, Network
from libs.node import PROVINCES
from services.resource.cards.rules import CardState, check_digit
from services.resource.inventory.loading import id_of
from services.resource.inventory.rules import MSISDN, SIM, Stock
from services.resource.inventory.store import into_stock
from services.resource.numbers.rules import NumberState, class_of, segment
from services.resource.profiles.rules import ProfileState
from services.resource.profiles.store import NewProfile, lay_in
from services.resource.segments import SEGMENTS

if TYPE_CHECKING:
    from libs.service import Runtime

NUMBERS = 400
"""Of each of the two segments."""
CARDS: dict[CardKind, int] = {"personalised": 100, "blank": 150, "esim": 50}
POOL = 300
_KINDS: tuple[CardKind, ...] = ("personalised", "blank", "esim")


async def seed(runtime: "Runtime") -> None:
    """Fill a province's stock; see above."""
    node, now = runtime.settings.node, runtime.clock.now()
    if node not in SEGMENTS or not runtime.settings.development:
        return
    async with runtime.db.transaction() as tx:
        await into_stock(tx, [*numbers(node), *cards(node)], now)
        own, pool = profiles(runtime)
        await lay_in(tx, own, "nr", ProfileState.FREE, None, now)
        await lay_in(tx, pool, "nr", ProfileState.FREE, None, now)


def numbers(node: str) -> Iterator[Stock]:
    """The first numbers of the province's two segments."""
    area, *segments = SEGMENTS[node]
    networks: tuple[Network, ...] = ("lte", "nr")
    for first, network in zip(segments, networks, strict=True):
        for digits in segment(f"{first}0000", NUMBERS):
            yield Stock(
                id_of(MSISDN, digits),
                MSISDN,
                digits,
                NumberState.FREE,
                area=area,
                network=network,
                number_class=class_of(digits),
            )


def iccid(node: str, kind: CardKind, serial: int) -> str:
    """8986 01 (China Unicom), year, province, kind, serial number, and Luhn's digit: 20 in all."""
    body = f"89860126{_place(node):02d}{_KINDS.index(kind)}{serial:08d}"
    return body + check_digit(body)


def cards(node: str) -> Iterator[Stock]:
    """Cards of every kind."""
    area = SEGMENTS[node][0]
    for kind, count in CARDS.items():
        for serial in range(count):
            value = iccid(node, kind, serial)
            yield Stock(id_of(SIM, value), SIM, value, CardState.IN_STOCK, kind, area)


def profiles(runtime: "Runtime") -> tuple[list[NewProfile], list[NewProfile]]:
    """Profiles for the personalised cards, and for the pool. Their keys follow from the node's own secret, so that a
    second seeding makes the same ones, and nobody outside could."""
    node = runtime.settings.node
    secret = runtime.keys.field[-1].octets

    def profile(serial: int, card: str | None) -> NewProfile:
        imsi = f"46001{_place(node):02d}{serial:08d}"
        ki = hmac.digest(secret, f"development ki\0{imsi}".encode(), hashlib.sha256).hex()[:32]
        return NewProfile(id_of("profile", imsi), imsi, runtime.cipher.encrypt(ki), card)

    own = [profile(serial, iccid(node, "personalised", serial)) for serial in range(CARDS["personalised"])]
    return own, [profile(10_000 + serial, None) for serial in range(POOL)]


def _place(node: str) -> int:
    """A two-digit number of the province, as it stands in our register."""
    return PROVINCES.index(node) + 11
