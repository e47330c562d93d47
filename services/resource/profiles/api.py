"""`/api/resource/v1/profileLoads`: SIM profiles come in with their keys, by two persons, and no ki ever goes out."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints, field_validator

from contracts.steps import Network
from libs.ids import new_id
from libs.security.actor import Actor
from libs.security.bounds import bounds
from libs.security.roles import AUDITOR, SUPERVISOR, Roles
from libs.web import codes
from libs.web.call import Answer, Call
from libs.web.errors import Reason, Refusal, refuse
from libs.web.idempotency import once
from libs.web.routes import Routes
from services.resource import errors
from services.resource.inventory.loading import CONFIG, id_of
from services.resource.profiles import store
from services.resource.profiles.rules import (
    MOST_AT_ONCE,
    PROFILE,
    ProfileEvent,
    ProfileState,
    is_imsi,
    is_ki,
    may_approve,
)
from services.resource.profiles.store import Load, NewProfile

SUPERVISORS = Roles(SUPERVISOR)
PATH = "/api/resource/v1/profileLoads"
routes = Routes(prefix=PATH, tag="Stock")
Digits = Annotated[str, StringConstraints(max_length=32)]


class ProfileCreate(BaseModel):
    model_config = CONFIG

    imsi: Digits
    ki: Digits = Field(
        description="32 hexadecimal digits; never read back", json_schema_extra={"writeOnly": True}
    )
    iccid: Annotated[str, StringConstraints(max_length=20)] | None = Field(
        None, description="of the personalised card that carries it; none: for the pool"
    )


class ProfileLoadCreate(BaseModel):
    """Profiles of one network."""

    model_config = CONFIG

    network: Network
    profile: Annotated[list[ProfileCreate], Field(min_length=1, max_length=MOST_AT_ONCE)]

    @field_validator("profile")
    @classmethod
    def _each_once(cls, profiles: list[ProfileCreate]) -> list[ProfileCreate]:
        cards = [one.iccid for one in profiles if one.iccid is not None]
        if len({one.imsi for one in profiles}) < len(profiles) or len(set(cards)) < len(cards):
            raise ValueError("an imsi or a card is listed twice")
        return profiles


class ProfileLoad(BaseModel):
    """What came in together; usable when a second person has approved it."""

    model_config = CONFIG

    id: str
    profiles: int
    state: Literal["waiting", "approved"]
    created: datetime
    approved: datetime | None = None


@routes.post(
    "",
    allow=SUPERVISORS,
    body=ProfileLoadCreate,
    answer=ProfileLoad,
    status=201,
    errors=(errors.IMSI_INVALID, errors.KI_INVALID, errors.CARD_NOT_PERSONALISED, errors.RESOURCE_KNOWN),
)
async def create_profile_load(call: Call[ProfileLoadCreate]) -> Answer:
    """Bring profiles in: all of them, or none. They wait for the approval of another supervisor."""
    asked = call.body.profile
    refuse(_malformed(asked))
    cipher, id = call.runtime.cipher, new_id()
    fresh = [
        NewProfile(id_of("profile", one.imsi), one.imsi, cipher.encrypt(one.ki), one.iccid) for one in asked
    ]
    async with once(call) as tx:
        cards = [one.iccid for one in asked if one.iccid is not None]
        here = await store.personalised(tx, cards, bounds(call.actor).area) if cards else set()
        refuse(
            Reason(errors.CARD_NOT_PERSONALISED, path=f"profile[{place}].iccid", iccid=one.iccid)
            for place, one in enumerate(asked)
            if one.iccid is not None and one.iccid not in here
        )
        taken = await store.lay_in(tx, fresh, call.body.network, ProfileState.WAITING, id, call.now)
        refuse(
            Reason(errors.RESOURCE_KNOWN, path=f"profile[{place}]", value=one.imsi)
            for place, one in enumerate(asked)
            if one.imsi not in taken
        )
        await store.record_load(tx, id, call.actor.place(), len(fresh), call.now)
        load = ProfileLoad(id=id, profiles=len(fresh), state="waiting", created=call.now)
        return tx.answer(Answer(201, load, location=call.url(f"{PATH}/{id}")))


def _malformed(profiles: list[ProfileCreate]) -> list[Reason]:
    reasons = []
    for place, one in enumerate(profiles):
        if not is_imsi(one.imsi):
            reasons.append(Reason(errors.IMSI_INVALID, path=f"profile[{place}].imsi", imsi=one.imsi))
        if not is_ki(one.ki):
            reasons.append(Reason(errors.KI_INVALID, path=f"profile[{place}].ki"))
    return reasons


@routes.get("/{id}", allow=Roles(SUPERVISOR, AUDITOR), answer=ProfileLoad)
async def retrieve_profile_load(call: Call[None]) -> Answer:
    """How many came in, and whether they are approved; nothing of what they are."""
    found = await store.load(call.runtime.db, call.path["id"], bounds(call.actor).area)
    if found is None:
        raise Refusal(Reason(codes.NOT_FOUND))
    return Answer(200, _shown(found))


@routes.post(
    "/{id}/approve",
    allow=SUPERVISORS,
    answer=ProfileLoad,
    errors=(errors.SECOND_PERSON_NEEDED, errors.LOAD_APPROVED),
)
async def approve_profile_load(call: Call[Any]) -> Answer:
    """Let the profiles be used. Not for who brought them in."""
    actor: Actor = call.actor
    async with once(call) as tx:
        found = await store.load(tx, call.path["id"], bounds(actor).area, lock=True)
        if found is None:
            raise Refusal(Reason(codes.NOT_FOUND))
        if found.approved is not None:
            raise Refusal(Reason(errors.LOAD_APPROVED))
        if not may_approve((found.issuer, found.actor), (actor.issuer, actor.subject)):
            raise Refusal(Reason(errors.SECOND_PERSON_NEEDED))
        usable = PROFILE.after(ProfileState.WAITING, ProfileEvent.APPROVE)
        by = f"{actor.issuer} {actor.subject}"
        await store.approve(tx, found.id, by, ProfileState.WAITING, usable, call.now)
        approved = Load(found.id, found.actor, found.issuer, found.profiles, found.created, call.now)
        return tx.answer(Answer(200, _shown(approved)))


def _shown(load: Load) -> ProfileLoad:
    return ProfileLoad(
        id=load.id,
        profiles=load.profiles,
        state="approved" if load.approved else "waiting",
        created=load.created,
        approved=load.approved,
    )
