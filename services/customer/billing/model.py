"""The bodies of TMF666: how, on what and when is billed."""

from typing import Annotated

from pydantic import Field

from libs.tmf.model import Id, Name, Text, TimePeriod, TmfModel

Days = Annotated[int, Field(ge=-366, le=366)]
"""After the date of the bill; before it, where it is below zero."""


class BillFormat(TmfModel):
    """How a bill looks: in detail, as a summary."""

    id: Id | None = None
    href: Text | None = None
    description: Text | None = None
    name: Name


class BillPresentationMedia(TmfModel):
    """On what a bill comes: paper, e-mail, a message."""

    id: Id | None = None
    href: Text | None = None
    description: Text | None = None
    name: Name


class BillingCycleSpecification(TmfModel):
    """When is billed, and what happens how many days from then."""

    id: Id | None = None
    href: Text | None = None
    billingDateShift: Days | None = None
    billingPeriod: Name | None = None
    chargeDateOffset: Days | None = None
    creditDateOffset: Days | None = None
    description: Text | None = None
    frequency: Name | None = None
    mailingDateOffset: Days | None = None
    name: Name
    paymentDueDateOffset: Days | None = None
    validFor: TimePeriod | None = None
