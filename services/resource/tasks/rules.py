"""What each task does to numbers, cards and profiles.

Pure: a `Shelf` holds what a batch of tasks is about, tasks are done on it one after the other, and the store writes
what changed. Rules: orders.md of the design, sections 2 and 5; api.md, "Cards" and "Stock".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from contracts.steps import (
    AllocateProfile,
    BindCard,
    BindNumber,
    BindProfile,
    CardHeld,
    CoolNumber,
    NumberHeld,
    PickCard,
    PickNumber,
    ReserveCard,
    ReserveNumber,
    RetireCard,
)
from services.resource.cards.rules import CardState
from services.resource.inventory.rules import LAID_IN, MSISDN, SIM, Category, after
from services.resource.numbers.rules import NumberState
from services.resource.profiles.rules import PROFILE, ProfileEvent, ProfileState

NUMBER_NOT_AVAILABLE = "number-not-available"
CARD_NOT_AVAILABLE = "card-not-available"
CARD_KIND_NOT_ALLOWED = "card-kind-not-allowed"
CARD_ALREADY_WRITTEN = "card-already-written"
NETWORK_MISMATCH = "network-mismatch"
PROFILE_NOT_AVAILABLE = "profile-not-available"
NOT_HELD = "not-held-by-order"
UNDONE_BEFORE = "undone-before"


class Refused(Exception):
    """The task is not done: a stable code, and what its text names."""

    def __init__(self, code: str, **parameters: str) -> None:
        super().__init__(code)
        self.code = code
        self.parameters = parameters


@dataclass(frozen=True, slots=True)
class Effect:
    """On whose behalf something is done. `does` is the id of the task that an undo would take back."""

    does: str
    work_order: str
    actor: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Reserved:
    """The reservation that a number or a card is in: whose, and until when."""

    id: str
    actor: str
    issuer: str
    until: datetime

    def belongs_to(self, actor: str) -> bool:
        """Whether this actor made it, named by issuer and subject with a blank between."""
        return actor == f"{self.issuer} {self.actor}"


@dataclass(frozen=True, slots=True)
class Held:
    """A number or a card, with what decides about it."""

    id: str
    category: Category
    value: str
    state: str
    kind: str | None = None
    area: str | None = None
    network: str | None = None
    number_class: str | None = None
    reserved: Reserved | None = None
    work_order: str | None = None
    held_by: str | None = None
    bound_to: str | None = None
    until: datetime | None = None
    """Written, not read: when the state that a task gives it ends by itself. What a work order holds has no end."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A SIM profile; its ki is encrypted."""

    id: str
    imsi: str
    ki: str
    state: str
    iccid: str | None = None
    work_order: str | None = None
    held_by: str | None = None
    number: str | None = None


@dataclass(slots=True)
class Shelf:
    """What a batch of tasks is about, locked. `pool` has free profiles that belong to no card."""

    things: dict[tuple[str, str], Held] = field(default_factory=dict)
    profiles: dict[str, Profile] = field(default_factory=dict)
    pool: list[Profile] = field(default_factory=list)
    stock: dict[str, Held] = field(default_factory=dict)
    """What was laid ready for tasks that pick, by the id of the do."""
    written: set[tuple[str, str]] = field(default_factory=set)
    """Order and ICCID of cards that are written, of those that are said to have broken."""
    changed: dict[str, Held] = field(default_factory=dict)
    changed_profiles: dict[str, Profile] = field(default_factory=dict)

    def find(self, category: Category, value: str) -> Held | None:
        return self.things.get((category, value))

    def put(self, thing: Held) -> None:
        self.things[thing.category, thing.value] = thing
        self.changed[thing.id] = thing

    def move_profile(self, profile: Profile, event: ProfileEvent, **changes: Any) -> Profile:
        state = PROFILE.after(ProfileState(profile.state), event)
        moved = replace(profile, state=state, **changes)
        self.profiles[moved.id] = self.changed_profiles[moved.id] = moved
        return moved

    def profile_of_card(self, iccid: str) -> Profile | None:
        return next((one for one in self.profiles.values() if one.iccid == iccid), None)

    def profile_of_imsi(self, imsi: str) -> Profile | None:
        return next((one for one in self.profiles.values() if one.imsi == imsi), None)


def _may_take(thing: Held, named: str | None, by: Effect) -> bool:
    """Whether this order may have it: it lies free, or in a reservation of the order's own actor that still holds.

    A reservation that the order names must be the one that it lies in.
    """
    if thing.state == LAID_IN[thing.category]:
        return named is None
    kept = thing.reserved
    if thing.state != "reserved" or kept is None:
        return False
    if kept.until <= by.now:
        return named is None
    return kept.belongs_to(by.actor) and named in (None, kept.id)


def _take(shelf: Shelf, thing: Held, by: Effect) -> Held:
    # Out of a reservation, or off the shelf: for the order both begin where stock begins.
    state = after(thing.category, LAID_IN[thing.category], "reserve")
    taken = replace(thing, state=state, reserved=None, work_order=by.work_order, held_by=by.does)
    shelf.put(taken)
    return taken


def reserve_number(shelf: Shelf, wanted: ReserveNumber, by: Effect) -> NumberHeld:
    """Hold a number for the order; it stays held until it is bound or given back."""
    number = shelf.find(MSISDN, wanted.number)
    if number is None:
        raise Refused(NUMBER_NOT_AVAILABLE, number=wanted.number)
    if number.held_by != by.does:
        if not _may_take(number, wanted.reservation, by):
            raise Refused(NUMBER_NOT_AVAILABLE, number=wanted.number)
        if wanted.networks and number.network not in wanted.networks:
            raise Refused(NETWORK_MISMATCH, number=wanted.number, network=str(number.network))
        number = _take(shelf, number, by)
    return NumberHeld.model_validate(
        {
            "id": number.id,
            "number": number.value,
            "area": number.area,
            "network": number.network,
            "numberClass": number.number_class,
        }
    )


def reserve_card(shelf: Shelf, wanted: ReserveCard, by: Effect) -> CardHeld:
    """Hold a card for the order: a free one, or one in any reservation of the order's actor.

    An order names one reservation, that of its number; the card may lie in another one, or in none. A broken card that
    was written after all is replaced without fee no more.
    """
    if wanted.broken is not None and (wanted.broken.order, wanted.broken.iccid) in shelf.written:
        raise Refused(CARD_ALREADY_WRITTEN, iccid=wanted.broken.iccid)
    card = shelf.find(SIM, wanted.iccid)
    if card is None:
        raise Refused(CARD_NOT_AVAILABLE, iccid=wanted.iccid)
    if card.held_by != by.does:
        if not _may_take(card, None, by):
            raise Refused(CARD_NOT_AVAILABLE, iccid=wanted.iccid)
        if card.kind not in wanted.kinds:
            raise Refused(CARD_KIND_NOT_ALLOWED, iccid=wanted.iccid, kind=str(card.kind))
        if wanted.networks and card.network is not None and card.network not in wanted.networks:
            raise Refused(NETWORK_MISMATCH, iccid=wanted.iccid, network=card.network)
        card = _take(shelf, card, by)
    return CardHeld.model_validate({"id": card.id, "iccid": card.value, "kind": card.kind})


def pick_number(shelf: Shelf, wanted: PickNumber, by: Effect) -> NumberHeld:
    """Hold a number for the order: the named one, else the next of those that lie ready."""
    held = _held_by(shelf, MSISDN, by.does)
    if held is None and wanted.number is not None:
        return reserve_number(shelf, ReserveNumber(number=wanted.number, networks=wanted.networks), by)
    held = held or shelf.stock.get(by.does)
    if held is None:
        raise Refused(NUMBER_NOT_AVAILABLE, number="*")
    return reserve_number(shelf, ReserveNumber(number=held.value, networks=wanted.networks), by)


def pick_card(shelf: Shelf, wanted: PickCard, by: Effect) -> CardHeld:
    """Hold a card for the order: the next of those that lie ready."""
    held = _held_by(shelf, SIM, by.does) or shelf.stock.get(by.does)
    if held is None:
        raise Refused(CARD_NOT_AVAILABLE, iccid="*")
    return reserve_card(
        shelf, ReserveCard(iccid=held.value, kinds=wanted.kinds, networks=wanted.networks), by
    )


def put_picked_back(shelf: Shelf, category: Category, by: Effect) -> None:
    """Undo of a pick: whatever that task holds is free again."""
    held = _held_by(shelf, category, by.does)
    if held is not None:
        give_back(shelf, category, held.value, by)


def _held_by(shelf: Shelf, category: Category, does: str) -> Held | None:
    return next(
        (one for one in shelf.things.values() if one.category == category and one.held_by == does), None
    )


def give_back(shelf: Shelf, category: Category, value: str, by: Effect) -> None:
    """Undo of a reservation: free again, if that task still holds it; otherwise there is nothing to give."""
    thing = shelf.find(category, value)
    if thing is not None and thing.held_by == by.does:
        shelf.put(
            replace(thing, state=after(category, thing.state, "release"), work_order=None, held_by=None)
        )


def allocate_profile(shelf: Shelf, wanted: AllocateProfile, by: Effect) -> Profile:
    """The profile that the card will carry: a personalised card's own, else the next of the pool."""
    held = next((one for one in shelf.profiles.values() if one.held_by == by.does), None)
    if held is not None:
        return held
    if wanted.kind == "personalised":
        card, own = shelf.find(SIM, wanted.iccid), shelf.profile_of_card(wanted.iccid)
        if card is None or card.state != "reserved" or card.work_order != by.work_order:
            raise Refused(CARD_NOT_AVAILABLE, iccid=wanted.iccid)
        if own is None or own.state != ProfileState.FREE:
            raise Refused(CARD_NOT_AVAILABLE, iccid=wanted.iccid)
    else:
        own = shelf.pool.pop() if shelf.pool else None
        if own is None:
            raise Refused(PROFILE_NOT_AVAILABLE)
    return shelf.move_profile(
        own, ProfileEvent.RESERVE, work_order=by.work_order, held_by=by.does, number=wanted.number
    )


def release_profile(shelf: Shelf, by: Effect) -> None:
    """Undo of an allocation."""
    for held in [one for one in shelf.profiles.values() if one.held_by == by.does]:
        shelf.move_profile(held, ProfileEvent.RELEASE, work_order=None, held_by=None, number=None)


def bind_number(shelf: Shelf, wanted: BindNumber, by: Effect) -> None:
    """The number is in use."""
    number = shelf.find(MSISDN, wanted.number)
    if number is not None and number.work_order == by.work_order:
        if number.state == "reserved":
            state = after(MSISDN, number.state, "bind")
            shelf.put(replace(number, state=state, held_by=None, bound_to=wanted.subscription))
            return
        if number.state == NumberState.IN_USE and number.bound_to == wanted.subscription:
            return
    raise Refused(NOT_HELD, value=wanted.number)


def bind_card(shelf: Shelf, wanted: BindCard, by: Effect) -> None:
    """The card belongs to the number."""
    card = shelf.find(SIM, wanted.iccid)
    if card is not None and card.work_order == by.work_order:
        if card.state == "reserved":
            state = after(SIM, card.state, "bind")
            shelf.put(replace(card, state=state, held_by=None, bound_to=wanted.number))
            return
        if card.state == CardState.BOUND and card.bound_to == wanted.number:
            return
    raise Refused(NOT_HELD, value=wanted.iccid)


def bind_profile(shelf: Shelf, wanted: BindProfile, by: Effect) -> None:
    """The profile is in use; the one that the number had before, and its card, never come back."""
    profile = shelf.profiles.get(wanted.profile)
    if profile is None or profile.work_order != by.work_order:
        raise Refused(NOT_HELD, value=wanted.profile)
    if profile.state == ProfileState.RESERVED:
        shelf.move_profile(profile, ProfileEvent.BIND, held_by=None, number=wanted.number)
    elif profile.state != ProfileState.IN_USE:
        raise Refused(NOT_HELD, value=wanted.profile)
    former = shelf.profile_of_imsi(wanted.replaces_imsi) if wanted.replaces_imsi else None
    if former is not None and former.state == ProfileState.IN_USE and former.id != profile.id:
        shelf.move_profile(former, ProfileEvent.RETIRE)
    if wanted.replaces_card:
        _retire(shelf, wanted.replaces_card, wanted.number)


def cool_number(shelf: Shelf, wanted: CoolNumber, by: Effect) -> None:
    """The number of a subscription that has ended rests until its time; the timer frees it.

    One that is not of our stock (it came with a subscription of a former system) rests without us.
    """
    number = shelf.find(MSISDN, wanted.number)
    if number is None or (number.state == NumberState.COOLING and number.bound_to == wanted.subscription):
        return
    if number.state != NumberState.IN_USE or number.bound_to != wanted.subscription:
        raise Refused(NOT_HELD, value=wanted.number)
    state = after(MSISDN, number.state, "give-up")
    shelf.put(replace(number, state=state, work_order=by.work_order, until=wanted.until))


def retire_card(shelf: Shelf, wanted: RetireCard, by: Effect) -> None:
    """Card and profile of a subscription that has ended never come back; what we do not know is nobody's here."""
    profile = shelf.profile_of_imsi(wanted.imsi)
    if profile is not None and profile.state == ProfileState.IN_USE and profile.number == wanted.number:
        shelf.move_profile(profile, ProfileEvent.RETIRE)
    _retire(shelf, wanted.iccid, wanted.number)


def _retire(shelf: Shelf, iccid: str, number: str) -> None:
    card = shelf.find(SIM, iccid)
    if card is not None and card.state == CardState.BOUND and card.bound_to == number:
        shelf.put(replace(card, state=after(SIM, card.state, "retire")))


@dataclass(frozen=True, slots=True)
class Recorded:
    """A task that was carried out, or refused: the same to every sending."""

    task_id: str
    effect: str
    work_order: str
    outcome: str
    reasons: tuple[Mapping[str, object], ...] = ()
    output: Mapping[str, object] = field(default_factory=dict)
