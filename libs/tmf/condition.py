"""Conditions in SQL: text that we wrote, and values that are bound. What a caller sends is never part of the text."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from libs.security.actor import Actor
from libs.security.bounds import bounds


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL over the columns of one table; each `{}` stands for the next of `values`.

    `Condition("state = {} AND area = ANY({}::text[])", "free", ["020"])`. A brace that is meant is doubled.
    """

    sql: str
    values: tuple[Any, ...] = ()

    def __init__(self, sql: str, *values: Any) -> None:
        object.__setattr__(self, "sql", sql)
        object.__setattr__(self, "values", values)


Visible: TypeAlias = Callable[[Actor], Condition | None]
"""Which records an actor may see; None is all. What is outside is not there, whatever is asked."""

NOTHING = Condition("false")


class Parameters:
    """The values of one statement, numbered in the order in which they come."""

    def __init__(self, *values: Any) -> None:
        self.values: list[Any] = list(values)

    def add(self, value: Any) -> str:
        """The placeholder of one more value: `$3`."""
        self.values.append(value)
        return f"${len(self.values)}"

    def bind(self, condition: Condition) -> str:
        """The text of a condition with its placeholders."""
        return condition.sql.format(*(self.add(value) for value in condition.values))


def both(*conditions: Condition | None) -> Condition:
    """All of them; those that are None ask for nothing."""
    return _joined(" AND ", "true", [one for one in conditions if one is not None])


def either(conditions: Iterable[Condition]) -> Condition:
    """At least one of them; of none, nothing is true."""
    return _joined(" OR ", "false", list(conditions))


def negated(condition: Condition) -> Condition:
    """Where the condition is not true, also where it is unknown."""
    return Condition(f"({condition.sql}) IS NOT TRUE", *condition.values)


def _joined(word: str, empty: str, conditions: list[Condition]) -> Condition:
    if not conditions:
        return Condition(empty)
    if len(conditions) == 1:
        return conditions[0]
    values = (value for one in conditions for value in one.values)
    return Condition(word.join(f"({one.sql})" for one in conditions), *values)


def bounded(
    *, dealer: str | None = None, area: str | None = None, account_manager: str | None = None
) -> Visible:
    """The rows inside an actor's bounds, by the columns that say whose a row is.

    An actor bound by something that the table has no column for sees nothing.
    """
    columns = {"dealer": dealer, "area": area, "account_manager": account_manager}

    def visible(actor: Actor) -> Condition | None:
        within = bounds(actor)
        if within.everything:
            return None
        found = []
        for name, column in columns.items():
            wanted = getattr(within, name)
            if wanted is None:
                continue
            found.append(Condition(f"{quoted(column)} = {{}}", wanted) if column else NOTHING)
        return both(*found)

    return visible


def quoted(name: str) -> str:
    """An identifier as SQL wants it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Our own text as an SQL literal inside a Condition, its braces doubled. For declared names, never for values."""
    escaped = text.replace("'", "''").replace("{", "{{").replace("}", "}}")
    return f"E'{escaped.replace(chr(92), chr(92) * 2)}'" if "\\" in text else f"'{escaped}'"
