"""Interface `customer-data`: national customers and their branches, keyed by the customer."""

from typing import Literal

from pydantic import Field

from contracts.base import Contract, Document, Identifier, Instant, NodeCode


class NationalCustomerChanged(Contract):
    """The whole record of a national customer (key account, group) or of a province's branch of it.

    A newer version replaces the copy; an older one is ignored.
    """

    ce_type = "unicrm.customer.national-changed.v1"

    id: Identifier
    master: NodeCode
    version: int = Field(ge=1)
    kind: Literal["group", "key-account", "branch"]
    national_customer: Identifier | None = Field(None, description="of a branch: HQ's id")
    record: Document
    at: Instant
