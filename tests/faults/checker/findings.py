"""What the checker says when something is not as it must be."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Violation:
    """`rule` names what was promised, `what` the record that breaks it."""

    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.what}"


def by_rule(violations: Iterable[Violation]) -> dict[str, int]:
    return dict(Counter(one.rule for one in violations))
