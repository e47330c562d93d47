"""Interface `reports`: figures that a node made, keyed by the report."""

from datetime import date

from pydantic import Field

from contracts.base import Contract, Document, Instant, NodeCode


class ReportPublished(Contract):
    """One version of one report of one day. A correction is a new version, never a change."""

    ce_type = "unicrm.report.published.v1"

    report: str = Field(max_length=64)
    node: NodeCode
    day: date
    version: int = Field(ge=1)
    late: bool = Field(False, description="made after the day closed at 06:00 of the next")
    figures: Document
    at: Instant
