"""The national numbering plan, out of `phonenumbers` into the database."""

import sys
from collections.abc import Iterator
from datetime import datetime

import phonenumbers
import structlog

from libs.database import Database, copy_rows
from services.hq_router.homes import store
from services.hq_router.homes.rules import Segment, segments_of

log = structlog.get_logger(__name__)

CHINA = "86"
PLAN = f"phonenumbers {phonenumbers.__version__}"


async def load_segments(db: Database, now: datetime) -> int:
    """Bring the segments to the plan of the library that is installed; how many were loaded, 0 when they were there.

    One transaction: whoever routes meanwhile sees the former plan, whole. Two processes load it once.
    """
    if await store.segments_are(db, PLAN):
        return 0
    async with db.transaction() as tx:
        await store.lock_segments(tx)
        if await store.segments_are(tx, PLAN):
            return 0
        await store.forget_segments(tx)
        rows = ((segment.prefix, segment.operator, segment.node) for segment in read_plan())
        count = await copy_rows(tx, "segments", ("prefix", "operator", "node"), rows)
        await store.segments_became(tx, PLAN, count, now)
    log.info("segments.loaded", plan=PLAN, count=count)
    return count


def read_plan() -> Iterator[Segment]:
    """Every segment of mobile numbers, about 130,000."""
    before = set(sys.modules)
    from phonenumbers.carrierdata import CARRIER_DATA
    from phonenumbers.geodata import GEOCODE_DATA

    carriers = {prefix[2:]: names["en"] for prefix, names in CARRIER_DATA.items() if prefix.startswith(CHINA)}
    places = {prefix[2:]: names["zh"] for prefix, names in GEOCODE_DATA.items() if prefix.startswith("861")}
    yield from segments_of(carriers, places)
    # The places of the whole world weigh 100 MB, and are wanted once.
    for module in set(sys.modules) - before:
        if module.startswith(("phonenumbers.geodata", "phonenumbers.carrierdata")):
            del sys.modules[module]
