import asyncpg
import pytest

from libs.database.migrations import difference
from services.resource.tables import METADATA
from services.resource.tests.counter import Counter


async def test_the_tables_are_what_the_migrations_make(shared: Counter) -> None:
    assert await difference(shared.service.runtime.url, METADATA) == []


@pytest.mark.parametrize(
    "change",
    [
        "state = 'bound'",
        "state = 'sold'",
        "reservation = 'r', until = now()",
        "state = 'reserved'",
        "state = 'reserved', reservation = 'r'",
        "state = 'reserved', reservation = 'r', until = now(), held_by = 't'",
        "kind = 'blank'",
    ],
)
async def test_the_database_itself_lets_nobody_hold_what_is_not_theirs(counter: Counter, change: str) -> None:
    await counter.numbers("13000400001")
    with pytest.raises(asyncpg.CheckViolationError):
        await counter.db.execute(f"UPDATE resources SET {change}")
