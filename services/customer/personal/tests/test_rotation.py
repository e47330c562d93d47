"""Keys are rotated: records go on being read, and identities go on being recognised."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from libs.ids import new_id
from libs.security.key_files import KeyFile, generate_keys, rotate
from services.customer.app import SERVICE
from services.customer.personal.rotation import renew
from services.customer.tests.hall import CHECKS, INDIVIDUAL, Hall, created, person, reasons, resident_id

if TYPE_CHECKING:
    from tests.running import Bench


@pytest.fixture
async def own_keys(bench: "Bench", tmp_path: Path) -> AsyncIterator[Hall]:
    """A service whose keys a test may rotate."""
    for folder in ("gd", "public"):
        shutil.copytree(bench.keys / folder, tmp_path / folder)
    generate_keys(tmp_path, ["gd"])
    async with bench.running(SERVICE, "gd", keys_dir=tmp_path / "gd") as started:
        yield Hall(started)


async def test_after_a_rotation_an_old_customer_is_recognised_by_a_new_check(own_keys: Hall) -> None:
    hall, number = own_keys, resident_id()
    party = await hall.individual(number)
    customer = await hall.customer(party)
    before = await hall.facts("customers", customer)
    folder = hall.service.settings.keys_dir
    kinds: tuple[KeyFile, ...] = ("field", "digest")
    for name in kinds:
        rotate(folder.parent, "gd", name)
    await hall.service.restart()

    await renew(hall.service.runtime)
    check = {
        "identificationType": "resident-id",
        "identificationId": number,
        "name": "张三",
        "method": "face",
    }
    shown = await hall.facts("identityChecks", created(await hall.post(CHECKS, check, key=new_id())))
    after = await hall.facts("customers", customer)
    assert shown["identityDigest"] in after["identityDigests"]
    assert shown["identityDigest"] not in before["identityDigests"]
    assert set(before["identityDigests"]) < set(after["identityDigests"])
    assert after["version"] == 2

    kept = await hall.db.fetchval("SELECT personal FROM individuals WHERE id = $1", party)
    assert hall.service.runtime.cipher.is_current(kept)
    full = (await hall.get(f"{INDIVIDUAL}/{party}", params={"purpose": "counter-service"})).json()
    assert full["individualIdentification"][0]["identificationId"] == number
    twin = await hall.post(INDIVIDUAL, person(number))
    assert [code for code, _ in reasons(twin)] == ["identity-already-registered"]
    await renew(hall.service.runtime)
    assert (await hall.facts("customers", customer))["version"] == 2
