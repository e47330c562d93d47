"""What is known of tasks: their results, the owners and the accounts that they name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.tasks import TaskResult
from libs.database import Connection, columns_of
from libs.json_text import json_text
from libs.messaging.envelope import to_bytes
from libs.tmf import moment
from services.customer.tasks.rules import Account, Owner


@dataclass(frozen=True, slots=True)
class Recorded:
    """A result as it was, or is to be, kept: `account` is what a do opened."""

    result: TaskResult
    account: str | None = None


async def results(tx: Connection, ids: Iterable[str]) -> dict[str, Recorded]:
    """What was answered to these tasks, by task id."""
    rows = await tx.fetch(
        "SELECT task_id, result, account FROM task_results WHERE task_id = ANY($1::text[])",
        sorted(set(ids)),
    )
    return {
        row["task_id"]: Recorded(TaskResult.model_validate_json(row["result"]), row["account"])
        for row in rows
    }


async def keep_results(tx: Connection, recorded: Sequence[Recorded]) -> None:
    """A task that is answered twice at the same moment breaks the primary key: then the batch is done anew."""
    rows = [
        {
            "id": one.result.task_id,
            "work_order": one.result.work_order,
            "direction": one.result.direction,
            "account": one.account,
            "result": to_bytes(one.result).decode(),
            "at": one.result.at,
        }
        for one in recorded
    ]
    await tx.execute(
        """INSERT INTO task_results (task_id, work_order, direction, account, result, at)
           SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::timestamptz[])""",
        *columns_of(rows, "id", "work_order", "direction", "account", "result", "at"),
    )


async def owners(tx: Connection, ids: Iterable[str], now: datetime) -> dict[str, Owner]:
    """The customers with these ids as they are now; none of them is closed or listed before the transaction ends."""
    wanted = sorted(set(ids))
    await tx.fetch("SELECT FROM customers WHERE id = ANY($1::text[]) ORDER BY id FOR SHARE", wanted)
    rows = await tx.fetch(
        """SELECT c.id, c.status, c.area, c.document ->> 'name' AS name,
                  EXISTS (SELECT FROM list_entries AS l
                           WHERE l.list = 'blacklist' AND tstzrange(l.valid_from, l.valid_until) @> $2::timestamptz
                             AND (l.customer = c.id OR l.digests && own.digests)) AS blacklisted
             FROM customers AS c
            CROSS JOIN LATERAL (
                  SELECT ARRAY(SELECT digest FROM identities AS i WHERE i.party = c.party
                               UNION ALL
                               SELECT unnest(b.identity_digests) FROM branches AS b WHERE b.customer = c.id) AS digests
                  ) AS own
            WHERE c.id = ANY($1::text[])""",
        wanted,
        now,
    )
    return {row["id"]: Owner(row["status"], row["blacklisted"], row["name"], row["area"]) for row in rows}


async def accounts(tx: Connection, ids: Iterable[str]) -> dict[str, Account]:
    rows = await tx.fetch(
        """SELECT id, customer, state, work_order FROM billing_accounts
            WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE""",
        sorted(set(ids)),
    )
    return {row["id"]: Account(row["customer"], row["state"], row["work_order"]) for row in rows}


async def close_accounts(tx: Connection, ids: Sequence[str], now: datetime) -> None:
    """Close those of the accounts that are not closed."""
    change = json_text({"state": "closed", "lastModified": moment(now)})
    await tx.execute(
        """UPDATE billing_accounts
              SET state = 'closed', document = document || $2::jsonb, version = version + 1, last_update = $3
            WHERE id IN (SELECT id FROM billing_accounts WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE)
              AND state <> 'closed'""",
        list(ids),
        change,
        now,
    )


async def open_accounts(tx: Connection, rows: Sequence[Mapping[str, str | None]], now: datetime) -> None:
    """New accounts: `id`, `customer`, `area`, `work_order`, `document` (JSON) of each."""
    await tx.execute(
        """INSERT INTO billing_accounts
               (id, version, document, created, last_update, state, customer, area, work_order)
           SELECT id, 1, document, $6, $6, 'active', customer, area, work_order
             FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::jsonb[])
               AS n(id, customer, area, work_order, document)""",
        *columns_of(rows, "id", "customer", "area", "work_order", "document"),
        now,
    )
