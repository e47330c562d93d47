"""What is served of TM Forum is told of, and its changes are noted, in every service."""

import pytest

from deploy import services
from tests.running import Bench


@pytest.mark.parametrize("package", services.packages())
async def test_the_changes_of_every_record_that_is_told_are_noted(package: str, bench: Bench) -> None:
    service = services.service(package)
    wanted = {one.resource.table.name for hub in service.hubs for one in hub.told}
    async with bench.database(package) as database:
        rows = await database.fetch(
            "SELECT tgrelid::regclass::text AS table, pg_get_triggerdef(oid) AS sql FROM pg_trigger"
            " WHERE tgname = 'hub_note'"
        )
    assert {row["table"] for row in rows} == wanted
    for row in rows:
        assert f"WHEN (hub_listened('{row['table']}'::text))" in row["sql"]
        assert "AFTER INSERT OR DELETE OR UPDATE" in row["sql"]


@pytest.mark.parametrize("package", services.packages())
def test_every_api_of_tm_forum_has_a_hub(package: str) -> None:
    service = services.service(package)
    served = {routes.prefix for routes in service.routes if routes.prefix.startswith("/tmf-api/")}
    assert {hub.base for hub in service.hubs} == served
