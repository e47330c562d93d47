"""The fleet's digest key is rotated: who is on the national list is recognised by the new one, and by it alone."""

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from libs.security.key_files import KeyFile, rotate
from services.customer.lists.tests.test_api import LIST, identity
from services.customer.publishing.tests.conftest import Tiers, two_tiers
from services.customer.tests.hall import Hall, created, resident_id
from tests.running import Bench


@pytest.fixture
async def own_keys(bench: Bench, tmp_path: Path) -> AsyncIterator[Tiers]:
    """Two tiers whose keys a test may rotate."""
    for node in ("hq", "gd"):
        bench.keys_of(node)
        shutil.copytree(bench.keys / node, tmp_path / node)
    async with two_tiers(bench, tmp_path) as made:
        yield made


def folder_of(hall: Hall) -> Path:
    return Path(hall.service.settings.keys_dir)


async def restart(tiers: Tiers) -> None:
    for hall in (tiers.hq, tiers.gd):
        await hall.service.restart()


def drop_old(hall: Hall, *kinds: KeyFile) -> None:
    """As by hand, once nothing is left that was made with it."""
    for kind in kinds:
        file = folder_of(hall) / f"{kind}.json"
        file.write_text(json.dumps({"keys": json.loads(file.read_text())["keys"][:1]}))


async def test_who_is_listed_is_recognised_when_the_old_key_is_gone(own_keys: Tiers) -> None:
    tiers = own_keys
    here, later, local = resident_id(), resident_id(), resident_id()
    known = await tiers.gd.customer(await tiers.gd.individual(here))
    for number in (here, later):
        await tiers.list(number)
    created(await tiers.gd.post(LIST, identity(local), "supervisor"))
    await tiers.arrived()

    keys = folder_of(tiers.hq).parent
    rotate(keys, "hq", "digest")
    for node in ("hq", "gd"):
        rotate(keys, node, "field")
    await restart(tiers)
    twice = await tiers.hq.post(LIST, identity(here), "hq-operator")
    assert (twice.status_code, twice.json()["code"]) == (409, "already-listed")
    for hall in (tiers.hq, tiers.gd):
        await hall.service.tick("renew-after-rotation")
    await tiers.arrived()
    assert await tiers.blacklisted(known) is True

    for hall in (tiers.hq, tiers.gd):
        drop_old(hall, "digest", "field")
    await restart(tiers)
    for number in (later, local):
        assert await tiers.blacklisted(await tiers.gd.customer(await tiers.gd.individual(number))) is True
    assert await tiers.blacklisted(known) is True
    newest = tiers.hq.service.runtime.keys.digest[0].kid
    for hall in (tiers.hq, tiers.gd):
        rows = await hall.db.fetch("SELECT digests[1] AS digest FROM list_entries")
        assert {row["digest"].split(":")[0] for row in rows} == {newest}


async def test_what_is_renewed_once_is_published_once(own_keys: Tiers) -> None:
    tiers = own_keys
    await tiers.list(resident_id())
    await tiers.arrived()
    editions = [await edition(tiers)]
    rotate(folder_of(tiers.hq).parent, "hq", "digest")
    await restart(tiers)
    for _ in range(2):
        await tiers.hq.service.tick("renew-after-rotation")
        await tiers.arrived()
        editions.append(await edition(tiers))
    assert editions[0] < editions[1] == editions[2]


async def edition(tiers: Tiers) -> int:
    """The number of the one entry, the same in both."""
    at_hq, in_gd = [
        await hall.db.fetchval("SELECT max(edition) FROM list_entries") for hall in (tiers.hq, tiers.gd)
    ]
    assert at_hq == in_gd
    return int(at_hq)
