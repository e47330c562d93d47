from libs.database.migrations import difference
from libs.web import texts
from services.product import errors
from services.product.tables import METADATA
from tests.running import RunningService


async def test_migrations_make_the_tables_as_they_are_declared(guangdong: RunningService) -> None:
    assert await difference(guangdong.runtime.url, METADATA) == []


def test_every_code_has_its_texts() -> None:
    folder = str(errors.NATIONAL_RECORD.folder)
    assert [fault for fault in texts.completeness() if folder in fault] == []
