"""The rules of the lifecycle as reasons against a change, the same for every record of the catalogue. Pure."""

from collections.abc import Sequence

from contracts.base import Document
from libs.web import codes
from libs.web.errors import Reason
from services.product import errors
from services.product.lifecycle.rules import DRAFT, INITIAL, NEXT, may_be_incomplete, may_follow

STATUS = "lifecycleStatus"


def against_beginning(document: Document, lacking: Sequence[str] = ()) -> list[Reason]:
    """Why a record cannot begin so. `lacking`: the attributes that it would need to be sold."""
    state = document[STATUS]
    if state not in INITIAL:
        return [Reason(errors.NOT_INITIAL, path=STATUS, state=state)]
    return _incomplete(state, lacking)


def against_change(before: Document, after: Document, lacking: Sequence[str] = ()) -> list[Reason]:
    """Why a record cannot go from one state to the other; empty when it stays, or may."""
    old, new = before[STATUS], after.get(STATUS)
    if new is None:
        return [Reason(codes.MISSING, path=STATUS)]
    if not may_follow(old, new):
        allowed = ", ".join(sorted(NEXT[old])) or "–"
        return [Reason(errors.LIFECYCLE_NOT_ALLOWED, path=STATUS, before=old, after=new, allowed=allowed)]
    return _incomplete(new, lacking)


def against_deletion(document: Document, referred_by: Sequence[str]) -> list[Reason]:
    """Why a record cannot be removed; `referred_by` names what still refers to it."""
    reasons = []
    if document[STATUS] not in DRAFT:
        reasons.append(Reason(errors.DELETION_NOT_ALLOWED, path=STATUS, state=document[STATUS]))
    if referred_by:
        reasons.append(Reason(errors.STILL_REFERENCED, by=", ".join(referred_by)))
    return reasons


def _incomplete(state: str, lacking: Sequence[str]) -> list[Reason]:
    if may_be_incomplete(state):
        return []
    return [Reason(errors.INCOMPLETE, path=path, state=state) for path in lacking]
