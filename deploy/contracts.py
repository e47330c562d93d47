"""The documents that integrators read, made from the code: OpenAPI of each service, AsyncAPI of what it sends."""

import json
from pathlib import Path

from deploy import services
from libs.messaging.asyncapi import asyncapi
from libs.messaging import Publishes
from libs.messaging.dead_letters import DeadLetterAnnounced
from libs.messaging.topics import dead_letters
from libs.service import Service, routes_of
from libs.web.app import bare_app

FOLDER = Path(__file__).parents[1] / "contracts"
VERSION = "1"


def documents() -> dict[Path, str]:
    """Every document with its text, by the file that it belongs in: the same for the same code."""
    made: dict[Path, str] = {}
    for package in services.packages():
        service = services.service(package)
        made[FOLDER / "openapi" / f"{service.name}.json"] = _openapi(service)
        made[FOLDER / "asyncapi" / f"{service.name}.yaml"] = asyncapi(
            title=service.title,
            version=VERSION,
            handles=service.handles,
            publishes=(*service.publishes, _announcing(service.name)),
        )
    return made


def _announcing(service: str) -> Publishes:
    return Publishes(topic=lambda node: dead_letters(node, service), models=(DeadLetterAnnounced,))


def _openapi(service: Service) -> str:
    document = bare_app(service.title, routes_of(service), version=VERSION).openapi()
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def write_documents(*, check: bool = False) -> list[Path]:
    """Write what differs from the code, and remove what belongs to no service any more; the files concerned.

    `check`: only name them.
    """
    made = documents()
    strange = sorted({*FOLDER.glob("openapi/*.json"), *FOLDER.glob("asyncapi/*.yaml")} - made.keys())
    differing = [file for file, text in made.items() if not file.is_file() or file.read_text() != text]
    if not check:
        for file in strange:
            file.unlink()
        for file in differing:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(made[file])
    return [*strange, *differing]
