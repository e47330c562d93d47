"""The demonstration of a day's end: what every node sent and took in agrees with headquarters, to the fen."""

import asyncio
import time
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from deploy.demo.counter import BILLS, LOOK_AGAIN, RECONCILIATIONS, Counter
from deploy.demo.crossing import AWAY
from deploy.demo.frame import Stage
from deploy.demo.opening import HOME
from libs.clock import closes_at

ACCOUNTS = 3
"""Work orders up and down, and bills: reconciled with every node."""
WITHIN = 30.0


async def day_is_reconciled(stage: Stage) -> str:
    """The day of Beijing's first bill closes; every node reports it, and every account matches."""
    operator = Counter(stage, "hq", "hq-operator")
    bills = await operator.get(BILLS, collectedBy=AWAY, home=HOME, sort="id")
    assert bills, "Beijing collected nothing for Guangdong"
    day = date.fromisoformat(bills[0]["accountingDay"])
    until = closes_at(day) - stage.clock().now()
    stage.time_passes(max(until, timedelta()) + timedelta(seconds=1))
    accounts = await _reported(operator, day, ACCOUNTS * len(stage.clients))
    strange = [
        f"{one['node']} {one['interface']} {one['direction']}: {one['state']}"
        for one in accounts
        if one["state"] != "matched"
    ]
    assert not strange, ", ".join(strange)
    (collected,) = [one for one in accounts if (one["node"], one["interface"]) == (AWAY, "bills")]
    there, here = collected["atNode"]["amount"]["value"], collected["router"]["amount"]["value"]
    assert there == here, f"Beijing {there}, headquarters {here}"
    work = sum(one["router"]["count"] for one in accounts if one["interface"] == "work-orders")
    return (
        f"{day} closed: Beijing collected {Decimal(str(there)):.2f} for Guangdong, and headquarters has it to the fen; "
        f"{work} forwards and outcomes agree, with {len(stage.clients)} nodes"
    )


async def _reported(operator: Counter, day: date, count: int) -> list[dict[str, Any]]:
    """All accounts of the day, once every node has reported and all agree; as they are when that takes too long."""
    end = time.monotonic() + WITHIN
    while True:
        found: list[dict[str, Any]] = await operator.get(RECONCILIATIONS, accountingDay=str(day), limit=100)
        agreed = len(found) == count and all(one["state"] == "matched" for one in found)
        if agreed or time.monotonic() > end:
            assert len(found) == count, f"{len(found)} of {count} accounts"
            return found
        await asyncio.sleep(LOOK_AGAIN)
