"""A service's tables are declared once: what its migrations make is what it declares, in every service."""

import pytest

from deploy import services
from libs.database.migrations import difference
from tests.running import Bench


@pytest.mark.parametrize("package", services.packages())
async def test_migrations_make_the_tables_that_are_declared(package: str, bench: Bench) -> None:
    service = services.service(package)
    async with bench.database(package) as database:
        name = await database.fetchval("SELECT current_database()")
        found = await difference(f"{bench.engines.postgres_url}/{name}", service.tables)
    assert found == []
