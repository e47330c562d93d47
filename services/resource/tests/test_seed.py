from typing import TYPE_CHECKING

import pytest
from phonenumbers.carrierdata import CARRIER_DATA
from phonenumbers.geodata import GEOCODE_DATA

from libs.node import PROVINCES, province_of_area
from libs.node.register import NODES
from services.resource import seed as seeds
from services.resource.app import SERVICE
from services.resource.cards.rules import is_iccid
from services.resource.profiles.rules import is_imsi
from services.resource.segments import SEGMENTS
from services.resource.tests.counter import Counter

if TYPE_CHECKING:
    from tests.engines import RunService

ELSEWHERE = {"sn": "Shaanxi", "bj": "Beijing", "tj": "Tianjin", "sh": "Shanghai", "cq": "Chongqing"}


def longest(table: dict[str, dict[str, str]], number: str) -> str:
    """What the library says of the longest beginning that it knows."""
    return next(table[number[:end]]["en"] for end in range(len(number), 1, -1) if number[:end] in table)


@pytest.mark.parametrize("province", PROVINCES)
def test_the_segments_of_a_province_are_real_ones_of_china_unicom(province: str) -> None:
    area, *segments = SEGMENTS[province]
    assert province_of_area(area) == province
    for first in segments:
        assert longest(CARRIER_DATA, f"86{first}") == "China Unicom"
        place = longest(GEOCODE_DATA, f"86{first}")
        assert place.endswith(ELSEWHERE.get(province, NODES[province].name_en)), place


@pytest.mark.parametrize("province", PROVINCES)
def test_seeded_cards_have_iccids_and_no_two_provinces_share_one(province: str) -> None:
    values = [one.value for one in seeds.cards(province)]
    assert all(is_iccid(value) for value in values)
    assert len(set(values)) == sum(seeds.CARDS.values())
    assert len({seeds.iccid(other, "blank", 0) for other in PROVINCES}) == len(PROVINCES)


async def test_a_node_is_seeded_once_however_often(counter: Counter) -> None:
    before = None
    for _ in range(2):
        await seeds.seed(counter.service.runtime)
        rows = await counter.db.fetch("SELECT id, value, version FROM resources ORDER BY id")
        keys = await counter.db.fetch("SELECT id, imsi, ki, iccid FROM profiles ORDER BY id")
        found = [tuple(row) for row in (*rows, *keys)]
        assert before in (None, found)
        before = found
    numbers = await counter.db.fetchval("SELECT count(*) FROM resources WHERE category = 'msisdn'")
    assert numbers == 2 * seeds.NUMBERS
    imsis = [row["imsi"] for row in await counter.db.fetch("SELECT imsi FROM profiles")]
    assert len(imsis) == seeds.CARDS["personalised"] + seeds.POOL
    assert all(is_imsi(imsi) for imsi in imsis)
    assert (await counter.reserve("130????8888")).status_code in (201, 409)
    assert (await counter.reserve("130*88")).status_code == 201


async def test_stock_and_keys_are_made_up_for_development_alone(running: "RunService") -> None:
    async with running(SERVICE, node="gd", development=False) as started:
        await seeds.seed(started.runtime)
        assert await started.db.fetchval("SELECT count(*) FROM profiles") == 0
        assert await started.db.fetchval("SELECT count(*) FROM resources") == 0


async def test_two_nodes_never_make_the_same_key(running: "RunService") -> None:
    found: list[set[str]] = []
    for node in ("gd", "bj"):
        async with running(SERVICE, node=node) as started:
            await seeds.seed(started.runtime)
            rows = await started.db.fetch("SELECT ki FROM profiles")
            found.append({started.runtime.cipher.decrypt(row["ki"]) for row in rows})
    assert not found[0] & found[1]
    assert len(found[0]) == seeds.CARDS["personalised"] + seeds.POOL


async def test_headquarters_begins_empty(running: "RunService") -> None:
    async with running(SERVICE, node="hq") as started:
        await seeds.seed(started.runtime)
        assert await started.db.fetchval("SELECT count(*) FROM resources") == 0
