"""Interface `customer-data`: branches of national groups, which provinces hold as copies of headquarters' customers.

A province says which branches it holds and how new they are (`BranchesHeld`, on `<node>.uplink.customer-data`, keyed by
the node): when one is opened or renewed, and of all of them every hour. Headquarters sends what is newer
(`NationalCustomerChanged`, on `<node>.downlink.customer-data`, keyed by the customer), to those who hold it only.
"""

from typing import Annotated

from pydantic import Field

from contracts.base import Contract, Identifier, Instant, NodeCode, Part
from contracts.events import CustomerChanged
from contracts.steps import OpenBranch

MOST_BRANCHES = 500
"""In one message."""


class HeldBranch(Part):
    """A branch, and the version of headquarters' record that it was made of."""

    customer: Identifier
    version: int = Field(ge=1, le=2**60)


class BranchesHeld(Contract):
    """The branches that a province holds: its acknowledgement of each."""

    ce_type = "unicrm.branches.held.v1"

    node: NodeCode
    branches: Annotated[list[HeldBranch], Field(max_length=MOST_BRANCHES)]
    at: Instant


class NationalCustomerChanged(Contract):
    """A national customer as headquarters has it now. A newer version replaces a branch; an older one is ignored."""

    ce_type = "unicrm.customer.national-changed.v1"

    record: OpenBranch
    at: Instant


def branch_of(customer: CustomerChanged) -> OpenBranch:
    """A customer of headquarters as far as a province needs it: what its branch there is made of."""
    return OpenBranch(
        customer=customer.id,
        version=customer.version,
        party=customer.party,
        name=customer.name or customer.id,
        status=customer.status,
        identity_digests=customer.identity_digests,
        agent_digests=customer.agent_digests,
        level=customer.level,
    )
