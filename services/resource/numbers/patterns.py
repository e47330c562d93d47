"""Numbers as customers wish for them: `130????88*`, where `?` is one digit and `*` any run of digits."""

import re
from dataclasses import dataclass
from typing import Literal

_PATTERN = re.compile(r"[0-9?*]{1,24}")
_RUN = re.compile(r"[0-9]+")
_MOST_GAPS = 3
"""Runs of asterisks: who wishes for more describes nothing, and makes every number be looked at again and again."""
_SHARED = 3
"""All numbers of an operator have one of few beginnings: so many digits of a prefix single nothing out."""
_TRIGRAM = 3
"""An index of trigrams tells nothing of a shorter run of digits."""

Way = Literal["prefix", "suffix", "inner"]


class PatternInvalid(ValueError):
    """A pattern has one to 24 digits, question marks and asterisks, these in three places at most."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A wish, and by which of the indexes the fewest numbers have to be looked at."""

    text: str

    def __post_init__(self) -> None:
        if not _PATTERN.fullmatch(self.text) or len(re.findall(r"\*+", self.text)) > _MOST_GAPS:
            raise PatternInvalid(self.text)

    @property
    def like(self) -> str:
        """The same for SQL's LIKE."""
        return re.sub(r"\*+", "%", self.text).replace("?", "_")

    @property
    def prefix(self) -> str:
        """The digits that it begins with."""
        begin = _RUN.match(self.text)
        return begin[0] if begin else ""

    @property
    def suffix(self) -> str:
        """The digits that it ends with."""
        end = re.search(r"[0-9]+$", self.text)
        return end[0] if end else ""

    @property
    def way(self) -> Way:
        """By the beginning, by the end, or by a run of digits between: whatever leaves the fewest numbers."""
        between = self.text[len(self.prefix) : len(self.text) - len(self.suffix)]
        run = max(map(len, _RUN.findall(between)), default=0)
        worth: dict[Way, int] = {
            "prefix": max(0, len(self.prefix) - _SHARED),
            "suffix": len(self.suffix),
            # A run may stand in several places.
            "inner": run - 1 if run >= _TRIGRAM else 0,
        }
        return max(worth, key=lambda way: worth[way])

    @property
    def range(self) -> tuple[str, str]:
        """From (included) and to (excluded) what an index is read, of the digits, or by the end, of the digits
        reversed. A colon sorts behind every digit: `("", ":")` is all there is.
        """
        fixed = {"prefix": self.prefix, "suffix": self.suffix[::-1], "inner": ""}[self.way]
        return fixed, fixed + ":"

    def fits(self, digits: str) -> bool:
        """Whether a number is as wished."""
        shape = "".join({"?": "[0-9]", "*": "[0-9]*"}.get(sign, sign) for sign in self.text)
        return re.fullmatch(shape, digits) is not None
