"""A revision is written from what is declared, and is what stands between it and the revisions so far."""

import importlib
from pathlib import Path

import pytest
from sqlalchemy import Column, MetaData, Table, Text

from deploy import services
from deploy.local import revisions
from deploy.local.engines import Engines
from deploy.local.trouble import Trouble
from libs.database.ground import ground_tables


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the revisions of a service `toy`, which begins without any."""
    folder = tmp_path / "migrations" / "versions"
    for module in (revisions, importlib.import_module("libs.database.migrations")):
        monkeypatch.setattr(module, "versions_of", lambda package: folder)
    return folder


def _tables(*columns: str) -> MetaData:
    metadata = MetaData()
    ground_tables(metadata)
    Table("toys", metadata, Column("id", Text, primary_key=True), *(Column(name, Text) for name in columns))
    return metadata


def _written(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.glob("*.py"))


async def test_each_revision_leads_from_the_ones_before_to_the_tables(toy: Path, engines: Engines) -> None:
    first = await revisions.write_revision("toy", _tables(), "toys")
    assert first == toy / "toy_0001.py"
    made = first.read_text()
    assert "'toys'" in made
    assert "outbox" not in made, "what lies under all services is not the service's own"
    second = await revisions.write_revision("toy", _tables("colour"), "toys have a colour")
    assert second == toy / "toy_0002.py"
    assert "add_column" in second.read_text()
    assert "'colour'" in second.read_text()
    with pytest.raises(Trouble, match="as they are declared"):
        await revisions.write_revision("toy", _tables("colour"), "nothing new")
    assert _written(toy) == ["toy_0001.py", "toy_0002.py"]


async def test_a_service_whose_revisions_are_complete_gets_no_empty_one(engines: Engines) -> None:
    access = services.service("access")
    with pytest.raises(Trouble, match="access"):
        await revisions.write_revision(access.package, access.tables, "nothing new")
