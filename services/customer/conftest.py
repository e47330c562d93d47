"""Customer in Guangdong, empty, with people who may ask it."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from services.customer.app import SERVICE
from services.customer.tests.hall import Hall
from tests.engines import emptied

if TYPE_CHECKING:
    from tests.running import Bench

_EMPTIED = (
    "branches, branch_holders,"
    "individuals, organizations, identities, organization_agents, customers, billing_accounts, party_accounts,"
    " settlement_accounts, financial_accounts, bill_formats, bill_presentation_media, billing_cycles, identity_checks,"
    " list_entries, list_removals, task_results, disclosures, idempotency_keys, outbox, inbox, dead_letters"
)


@pytest.fixture(scope="session")
async def _guangdong(bench: "Bench") -> AsyncIterator[Hall]:
    async with bench.running(SERVICE, "gd") as started:
        yield Hall(started)


@pytest.fixture
async def hall(_guangdong: Hall) -> Hall:
    """As on its first day; starting a service for each of a hundred tests would take a minute."""
    await emptied(_guangdong.db, _EMPTIED)
    return _guangdong
