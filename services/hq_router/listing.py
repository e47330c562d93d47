"""Lists as this service answers them: filters, sorting and pages of a table's rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from asyncpg import Record

from libs.security.masking import mask_phone
from libs.security.purposes import unmasked
from libs.telemetry.logs import logger
from libs.web import codes
from libs.web.call import Answer, Call
from libs.web.documentation import QueryParameter
from libs.web.errors import Reason, Refusal, refuse
from libs.web.paging import PAGING, page_headers, page_of

PURPOSE = QueryParameter("purpose", "Why numbers are to be shown in full; every such view is logged.")
_audit = logger("audit")

Row = Record
Condition = tuple[str, Any]
"""SQL with `{}` for its one parameter, and the parameter."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A parameter that narrows the list: several values, with commas between them, mean any of these."""

    name: str
    column: str
    description: str
    values: tuple[str, ...] = ()
    day: bool = False

    def parameter(self) -> QueryParameter:
        schema: dict[str, Any] = {"type": "string"}
        if self.values:
            schema = {"type": "array", "items": {"type": "string", "enum": list(self.values)}}
        if self.day:
            schema["format"] = "date"
        return QueryParameter(self.name, self.description, schema=schema)

    def condition(self, given: str) -> Condition:
        """Raises ValueError with what would have been valid."""
        parts = [part.strip() for part in given.split(",")]
        if self.values and not set(parts) <= set(self.values):
            raise ValueError(", ".join(self.values))
        if self.day:
            try:
                return f"{self.column} = ANY({{}}::date[])", [date.fromisoformat(part) for part in parts]
            except ValueError:
                raise ValueError("YYYY-MM-DD") from None
        return f"{self.column} = ANY({{}}::text[])", parts


@dataclass(frozen=True, slots=True)
class Flag:
    """A parameter that is true or false: whether `sql` holds, in which `{}` stands for the moment of the call."""

    name: str
    sql: str
    description: str

    def parameter(self) -> QueryParameter:
        return QueryParameter(self.name, self.description, schema={"type": "boolean"})

    def condition(self, given: str, now: datetime) -> Condition:
        """Raises ValueError with what would have been valid."""
        if given not in ("true", "false"):
            raise ValueError("true, false")
        return (self.sql if given == "true" else f"NOT {self.sql}"), now


@dataclass(frozen=True)
class Listing:
    """What may be asked of one table. `columns` and `source` are SQL of the service's own."""

    columns: str
    source: str
    filters: tuple[Filter | Flag, ...]
    sorts: Mapping[str, str]
    default_sort: str = "-id"
    group: str = ""
    last: str = "id"
    more: tuple[QueryParameter, ...] = field(default=(PURPOSE,))

    @property
    def parameters(self) -> tuple[QueryParameter, ...]:
        names = sorted(self.sorts)
        sort = QueryParameter("sort", f"One of {', '.join(names)}; a minus before it sorts downward.")
        return (*(one.parameter() for one in self.filters), *self.more, sort, *PAGING)

    async def answer(
        self, call: Call[Any], shown: Callable[[Row], Any], bounds: Sequence[Condition] = ()
    ) -> Answer:
        """The page that is asked for, with its headers. Raises Refusal 400 for what cannot be understood."""
        conditions = [*bounds, *self._conditions(call)]
        page = page_of(call)
        order = self._order(call)
        where, values = sql_of(conditions)
        grouped = f"SELECT {self.columns} FROM {self.source} WHERE {where} {self.group}"
        async with call.runtime.db.connection() as connection:
            total = await connection.fetchval(f"SELECT count(*) FROM ({grouped}) AS found", *values)
            rows = await connection.fetch(
                f"{grouped} ORDER BY {order} OFFSET ${len(values) + 1} LIMIT ${len(values) + 2}",
                *values,
                page.offset,
                page.limit,
            )
        return Answer(
            200, [shown(row) for row in rows], headers=page_headers(call, page, total=total, shown=len(rows))
        )

    def _conditions(self, call: Call[Any]) -> list[Condition]:
        found: list[Condition] = []
        reasons: list[Reason] = []
        for one in self.filters:
            if (given := call.query.get(one.name)) is not None:
                try:
                    found.append(
                        one.condition(given, call.now) if isinstance(one, Flag) else one.condition(given)
                    )
                except ValueError as error:
                    reasons.append(Reason(codes.INVALID, path=one.name, detail=str(error)))
        refuse(reasons)
        return found

    def _order(self, call: Call[Any]) -> str:
        given = call.query.get("sort") or self.default_sort
        downward = given.startswith("-")
        column = self.sorts.get(given.removeprefix("-"))
        if column is None:
            raise Refusal(Reason(codes.INVALID, path="sort", detail=", ".join(sorted(self.sorts))))
        way = "DESC" if downward else "ASC"
        return f"{column} {way}, {self.last} {way}"


def sql_of(conditions: Sequence[Condition]) -> tuple[str, list[Any]]:
    """The conditions joined, with their parameters numbered from 1."""
    parts = [sql.format(f"${n}") for n, (sql, _) in enumerate(conditions, 1)]
    return " AND ".join(parts) or "true", [value for _, value in conditions]


def numbers_shown(call: Call[Any], what: str) -> Callable[[str | None], str | None]:
    """How a number looks to this caller: masked, or in full for a purpose that the caller's role has.

    A view in full is logged with its purpose. Raises PurposeUnknown, PurposeRefused.
    """
    purpose = call.query.get("purpose")
    if not unmasked(call.actor, purpose):
        return lambda number: mask_phone(number) if number else number
    _audit.info(
        "personal-data.viewed",
        subject=call.actor.subject,
        issuer=call.actor.issuer,
        purpose=purpose,
        what=what,
        request=call.request_id,
    )
    return lambda number: number
