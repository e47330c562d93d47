"""The documents that integrators read, made from the code: OpenAPI of each service, AsyncAPI of what it sends, and who
may do what."""

import json
from pathlib import Path

from deploy import authorisation, services
from libs.messaging import Publishes
from libs.messaging.asyncapi import asyncapi
from libs.messaging.dead_letters import DeadLetterAnnounced
from libs.messaging.topics import dead_letters
from libs.service import Service, routes_of
from libs.web.app import bare_app

FOLDER = Path(__file__).parents[1] / "contracts"
VERSION = "1"


def documents() -> dict[Path, str]:
    """Every document with its text, by the file that it belongs in: the same for the same code."""
    made = {FOLDER / "authorisation.md": authorisation.page()}
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


def drift() -> list[str]:
    """What lies in the folder and does not agree with the code, one sentence each; empty when all is well."""
    made = documents()
    faults = [f"{file.name} belongs to no service" for file in sorted(_present() - made.keys())]
    for file, text in made.items():
        if not file.is_file():
            faults.append(f"{file.name} is missing: run `make contracts`")
        elif file.read_text() != text:
            faults.append(f"{file.name} says something else than the code: run `make contracts`")
    return faults


def write_documents() -> list[Path]:
    """Write every document, and remove those that belong to no service any more; the files."""
    made = documents()
    for file in _present() - made.keys():
        file.unlink()
    for file, text in made.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return list(made)


def _present() -> set[Path]:
    return {*FOLDER.glob("openapi/*.json"), *FOLDER.glob("asyncapi/*.yaml")}
