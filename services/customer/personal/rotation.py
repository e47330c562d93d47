"""After a key was rotated: what older keys made is made anew, so that they can be dropped one day.

Representations are encrypted with the newest key; identities get their digest with it, beside those of the other keys
that are held, and the customers concerned are told anew: an identity check names the newest digest only. So do the
identities that are listed.
"""

from typing import Any

from sqlalchemy import Table

from libs.telemetry.logs import logger
from services.customer import tables
from services.customer.desk import Desk, today
from services.customer.facts.store import customers_of_party
from services.customer.facts.telling import customers_may_change, tell_customers
from services.customer.identity.store import has_digest, replace_identities
from services.customer.lists.renewal import renew_digests
from services.customer.parties.rules import INDIVIDUAL, ORGANIZATION, PartyKind, judge_identities
from services.customer.personal import records

BATCH = 200
_ENCRYPTED = (
    tables.individuals,
    tables.organizations,
    tables.customers,
    tables.billing_accounts,
    tables.party_accounts,
    tables.settlement_accounts,
    tables.financial_accounts,
    tables.list_entries,
)
_PARTIES: tuple[tuple[PartyKind, Table], ...] = (
    (INDIVIDUAL, tables.individuals),
    (ORGANIZATION, tables.organizations),
)
log = logger("customer.rotation")


async def renew(runtime: Any) -> None:
    """Renew everything that older keys made, in small transactions; nothing happens where there is nothing."""
    desk: Desk = runtime.state
    for table in _ENCRYPTED:
        while await _encrypt_anew(desk, runtime, table):
            continue
    for kind, table in _PARTIES:
        while await _digest_anew(desk, runtime, kind, table):
            continue
    while count := await renew_digests(desk, runtime, BATCH):
        log.info("lists.renewed", entries=count)


async def _encrypt_anew(desk: Desk, runtime: Any, table: Table) -> bool:
    """Whether there was a full batch, and there may be more."""
    rows = await runtime.db.fetch(
        f"SELECT id, personal FROM {table.name} WHERE split_part(personal, ':', 1) <> $1 LIMIT $2",
        desk.keys.field[0].kid,
        BATCH,
    )
    if rows:
        renewed = [desk.cipher.encrypt(desk.cipher.decrypt(row["personal"])) for row in rows]
        # What somebody changed meanwhile has the newest key already.
        await runtime.db.execute(
            f"""UPDATE {table.name} AS t SET personal = n.renewed
                  FROM unnest($1::text[], $2::text[], $3::text[]) AS n(id, kept, renewed)
                 WHERE t.id = n.id AND t.personal = n.kept""",
            [row["id"] for row in rows],
            [row["personal"] for row in rows],
            renewed,
        )
        log.info("personal.renewed", table=table.name, records=len(rows))
    return len(rows) == BATCH


async def _digest_anew(desk: Desk, runtime: Any, kind: PartyKind, table: Table) -> bool:
    newest = desk.keys.digest[0].kid
    rows = await runtime.db.fetch(
        """SELECT party FROM identities WHERE party_kind = $1
            GROUP BY party HAVING bool_and(split_part(digest, ':', 1) <> $2) LIMIT $3""",
        kind,
        newest,
        BATCH,
    )
    now = runtime.clock.now()
    for row in rows:
        async with runtime.db.transaction() as tx:
            await customers_may_change(tx)
            record = await records.lock(desk, tx, table, row["party"])
            if record is None or await has_digest(tx, record.id, newest):
                # Another process was quicker.
                continue
            identities, _ = judge_identities(kind, record.whole, today(now))
            digests = [
                (digest, one.kind)
                for one in identities
                for digest in desk.cipher.digests(one.kind, one.number)
            ]
            await replace_identities(tx, record.id, kind, digests)
            await tell_customers(desk, tx, await customers_of_party(tx, record.id), now)
    if rows:
        runtime.outbox.wake()
        log.info("identities.renewed", kind=kind, parties=len(rows))
    return len(rows) == BATCH
