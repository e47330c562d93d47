"""A process without a relay tells those of others: what it wrote leaves at once, and not by the clock."""

import time

import pytest

from libs.messaging import Outbox
from libs.messaging.notices import Notices
from libs.messaging.tests.stage import NODE, Stage, reserved, until

TASKS = "gd.resource.tasks"


async def test_a_relay_elsewhere_hears_of_rows_at_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    # By its own clock it would look in an hour.
    monkeypatch.setattr("libs.messaging.relay.POLL_SECONDS", 3600.0)
    await stage.topics(TASKS)
    relay = await stage.relay(Outbox(NODE, "resource"))
    await until(lambda: _all_held(relay))
    notices = Notices(stage.outbox, stage.db)
    await notices.start()
    try:
        for attempt in range(3):
            began = time.monotonic()
            await stage.send(*reserved(TASKS, "13012345678", (attempt,)))
            await until(lambda: _empty(stage))
            assert time.monotonic() - began < 2
    finally:
        await notices.stop()


async def _all_held(relay: object) -> bool:
    return len(relay.held) == 16  # type: ignore[attr-defined]


async def _empty(stage: Stage) -> bool:
    return await stage.count("outbox") == 0
