"""What a province makes of a page: which of its records are newer than the copy, and which cannot be taken in. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from contracts.publications import ListedIdentity


@dataclass(frozen=True, slots=True)
class Held:
    """What the province has under an id: an entry of its own, a copy, or what it knows of one that was removed."""

    national: bool
    edition: int
    digests: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """What becomes of a page."""

    listed: Sequence[ListedIdentity]
    removed: Sequence[ListedIdentity]
    refused: Sequence[ListedIdentity]

    def concerned(self, held: Mapping[str, Held]) -> set[str]:
        """The digests of all whose standing may have changed: as they were, and as they are."""
        fresh = [*self.listed, *self.removed]
        before = [digest for one in fresh if one.id in held for digest in held[one.id].digests]
        return {*before, *(digest for one in fresh for digest in one.digests)}


def judge_page(records: Iterable[ListedIdentity], held: Mapping[str, Held]) -> Taken:
    """Of each record the newest counts, and only where the copy is older; an entry of the province's own stays."""
    newest = {one.id: one for one in sorted(records, key=lambda one: one.number)}
    refused = [one for id, one in newest.items() if id in held and not held[id].national]
    fresh = [
        one
        for id, one in newest.items()
        if id not in held or (held[id].national and held[id].edition < one.number)
    ]
    return Taken(
        listed=[one for one in fresh if not one.removed],
        removed=[one for one in fresh if one.removed],
        refused=refused,
    )
