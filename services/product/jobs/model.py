"""TMF620 importJob and exportJob, and the files that they read and write."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from libs.tmf.model import Id, Instant, Text, TmfModel
from services.product.jobs.rules import CONTENT_TYPE, LONGEST_LOG

JobState = Literal["Not Started", "Running", "Succeeded", "Failed"]
Number = Annotated[int, Field(ge=0)]


class Progress(TmfModel):
    """How far a job is, in lines of its file (ours)."""

    lines: Number
    done: Number
    made: Number | None = None
    changed: Number | None = None
    unchanged: Number | None = None
    failed: Number | None = None


class Job(TmfModel):
    """What both kinds of job have."""

    id: Id | None = None
    href: Text | None = None
    status: JobState | None = None
    contentType: Literal["application/x-ndjson"] | None = Field(None, description=CONTENT_TYPE)
    path: Text | None = None
    url: Text | None = None
    creationDate: Instant | None = None
    completionDate: Instant | None = None
    errorLog: Annotated[str, Field(max_length=LONGEST_LOG)] | None = None
    progress: Progress | None = None


class ImportJob(Job):
    """Takes the records of a file into the catalogue; `url` is that of a file of this service."""


class ExportJob(Job):
    """Writes records of the catalogue to a file of this service, at `url`."""

    query: Text | None = None


class FileKept(BaseModel):
    """A file that was brought."""

    id: str
    url: str
    lines: int
    bytes: int
    validUntil: datetime
