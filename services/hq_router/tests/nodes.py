"""What provinces send to the router, and what reaches them."""

import hashlib
from collections.abc import Collection
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from contracts.base import Acceptance
from contracts.control import Heartbeat, ProcessKnown
from contracts.work_orders import Forward, Outcome
from libs.clock import accounting_day
from libs.ids import new_id
from libs.messaging.topics import uplink
from libs.node import NODES
from libs.security.sealing import seal, unseal
from tests.engines import eventually
from tests.running import Bench, RunningService
from tests.topics import Published

_line = count(1)


GUANGDONG = "1300040"
BEIJING = "1300010"
SHANGHAI = "1300020"
ANOTHER_OPERATORS = "1390000"
NOBODYS = "1300003"
"""Seven digits that the numbering plan has given to Guangdong, …, to another operator, and to nobody."""


def fresh_number(segment: str = GUANGDONG) -> str:
    """A number that no other test uses."""
    return f"{segment}{next(_line):04d}"


class Nodes:
    """All provinces in one hand."""

    def __init__(self, router: RunningService, bench: Bench) -> None:
        self.router = router
        self._bench = bench

    @property
    def now(self) -> datetime:
        now: datetime = self.router.clock.now()
        return now

    def forward(self, number: str | None, **given: Any) -> Forward:
        """A new SIM asked for in Beijing; whatever is given replaces what it usually says."""
        content = given.pop("content", {"number": number, "iccid": "89860118800000000001"})
        usual: dict[str, Any] = {
            "origin": "bj",
            "origin_transaction": new_id(),
            "order": new_id(),
            "business": "replace-sim",
            "process": "replace-sim",
            "version": 1,
            "route_value": number or "",
            "number": number,
            "accounting_day": accounting_day(self.now),
            "deadline": self.now + timedelta(hours=72),
            "acceptance": self.acceptance(given.get("origin", "bj")),
            "content": content,
            "digest": hashlib.sha256(repr(content).encode()).hexdigest(),
        }
        return Forward(**{**usual, **given})

    def acceptance(self, node: str, area: str | None = "010") -> Acceptance:
        return Acceptance(
            node=node,
            issuer=f"http://{node}.unicrm.test",
            actor="clerk-7",
            at=self.now,
            channel="hall",
            hall=f"{node}-hall-1",
            area=area,
        )

    def outcome(self, forward: Forward, home: str, state: str, sequence: int = 1, **given: Any) -> Outcome:
        usual: dict[str, Any] = {
            "origin": forward.origin,
            "origin_transaction": forward.origin_transaction,
            "attempt": forward.attempt,
            "home": home,
            "home_transaction": f"{home}-{forward.origin_transaction[-12:]}",
            "number": forward.number,
            "state": state,
            "sequence": sequence,
            "accounting_day": forward.accounting_day,
            "at": self.now,
        }
        return Outcome(**{**usual, **given})

    async def send(
        self,
        message: Any,
        node: str,
        *,
        source: str | None = None,
        time: datetime | None = None,
        id: str | None = None,
    ) -> str:
        """Put a work order's message on a node's uplink; its ce_id."""
        key = message.number or message.origin_transaction
        return await self.router.topics.put(
            uplink(node, "work-orders"),
            key,
            message,
            source=source or f"/{node}/order-acceptance",
            time=time or self.now,
            id=id,
        )

    async def all_heard(self, *, but: Collection[str] = ()) -> None:
        """Every node gave a sign of life at this moment; written down as the router writes it."""
        await self.router.db.execute(
            "INSERT INTO nodes (code, last_heard, processes) SELECT code, $2, '[]' FROM unnest($1::text[]) AS code "
            "ON CONFLICT (code) DO UPDATE SET last_heard = excluded.last_heard",
            [node for node in NODES if node not in but],
            self.now,
        )

    async def pass_time(self, by: timedelta, *, silent: Collection[str] = ()) -> None:
        """The clock goes on; all nodes but these are heard meanwhile."""
        self.router.clock.advance(by)
        await self.all_heard(but=silent)

    async def beat(self, node: str, *processes: tuple[str, int]) -> None:
        """A heartbeat of a node, on its way over its uplink; returns when the router has it."""
        known = [ProcessKnown(process=process, version=version) for process, version in processes]
        beat = Heartbeat(node=node, at=self.now, processes=known)
        await self.taken_in(
            await self.router.topics.put(
                uplink(node, "control"),
                node,
                beat,
                source=f"/{node}/order-acceptance",
                time=self.now,
            )
        )

    async def order_of_arrival(self, home: str, number: str) -> list[str]:
        """The transactions of the forwards of a number on its home's downlink, in the order in which they lie there."""
        lying = await self.router.topics.read(f"{home}.downlink.work-orders")
        return [
            one.data["originTransaction"] for one in lying if "forwarded" in one.type and one.key == number
        ]

    async def forwarded(self, forward: Forward, home: str, times: int = 1) -> Published:
        """The last of so many copies of a forward on the home's downlink."""
        return (await self._down(home, "forwarded", forward, times))[-1]

    async def told(self, forward: Forward, times: int = 1) -> list[dict[str, Any]]:
        """So many outcomes of a forward, in order, as its origin has them."""
        return [one.data for one in await self._down(forward.origin, "outcome", forward, times)]

    async def _down(self, node: str, what: str, forward: Forward, times: int) -> list[Published]:
        return await self.router.topics.wait(
            f"{node}.downlink.work-orders",
            times,
            where=lambda one: (
                what in one.type and one.data["originTransaction"] == forward.origin_transaction
            ),
        )

    async def dead(self, ce_id: str) -> str:
        """Why the message is among the dead letters."""
        detail = await eventually(
            lambda: self.router.db.fetchval("SELECT detail FROM dead_letters WHERE ce_id = $1", ce_id)
        )
        return str(detail)

    async def ledger(self, forward: Forward) -> Any:
        return await self.router.db.fetchrow(
            "SELECT * FROM forwards WHERE origin = $1 AND origin_transaction = $2 AND attempt = $3",
            forward.origin,
            forward.origin_transaction,
            forward.attempt,
        )

    async def trail(self, forward: Forward) -> list[tuple[str, str, str]]:
        """Direction, node and what of every hop."""
        rows = await self.router.db.fetch(
            "SELECT direction, node, what FROM hops JOIN forwards ON id = forward "
            "WHERE origin_transaction = $1 AND attempt = $2 ORDER BY n",
            forward.origin_transaction,
            forward.attempt,
        )
        return [(row["direction"], row["node"], row["what"]) for row in rows]

    async def taken_in(self, ce_id: str) -> None:
        """Wait until the router has taken this message in."""
        await eventually(
            lambda: self.router.db.fetchval(
                "SELECT true FROM inbox WHERE ce_id = $1 AND state = 'done'", ce_id
            )
        )

    def sealed(self, content: bytes, reader: str = "hq") -> str:
        return seal(content, self._bench.keys_of("bj").recipient(reader))

    def unsealed(self, sealed: str, reader: str) -> bytes:
        return unseal(sealed, self._bench.keys_of(reader).sealing)

    def make_keys(self, node: str) -> None:
        self._bench.keys_of(node)

    def day(self, days_ago: int) -> date:
        return accounting_day(self.now - timedelta(days=days_ago))
