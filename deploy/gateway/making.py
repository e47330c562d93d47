"""What nginx is told: which path is whose, and what it says when it refuses by itself."""

import re
from collections.abc import Sequence
from pathlib import Path

from deploy import services
from deploy.local.front_door import document_path
from deploy.local.owners import Owners
from libs.node import Tier
from libs.service import Service, routes_of
from libs.web.codes import BODY_TOO_LARGE, NO_SUCH_PATH, TEMPORARILY_UNAVAILABLE, TOO_MANY_REQUESTS
from libs.web.errors import Reason, Refusal, error_body
from libs.web.texts import LANGUAGES

TIERS: tuple[Tier, ...] = ("hq", "province")
LARGEST_BODY = 1024 * 1024
"""Bytes, as `client_max_body_size` says."""
_CONFIGURATION = Path(__file__).with_name("nginx.conf")
_REFUSALS = (
    Reason(NO_SUCH_PATH),
    Reason(BODY_TOO_LARGE, limit=LARGEST_BODY),
    Reason(TOO_MANY_REQUESTS),
    Reason(TEMPORARILY_UNAVAILABLE),
)


def owners_of(chosen: Sequence[Service]) -> Owners:
    """Whose path it is, of what these services declare. Raises ValueError where two declare the same."""
    return Owners(
        {
            service.name: [endpoint.path for routes in routes_of(service) for endpoint in routes]
            for service in chosen
        }
    )


def path_map(chosen: Sequence[Service]) -> str:
    """nginx's map from a path to the service that answers it; the first that fits counts: the longest comes first."""
    owners = owners_of(chosen)
    exact = {document_path(service.name): service.name for service in chosen}
    lines = [f'    "{path}" {name};' for path, name in sorted(exact.items())]
    for beginning in sorted(owners.beginnings, key=lambda one: (-one.count("/"), one)):
        lines.append(f'    "~^{re.escape(beginning)}(?:/|$)" {owners.beginnings[beginning]};')
    return "\n".join(["map $uri $service {", f"    default {owners.anybody};", *lines, "}"]) + "\n"


def write_gateway(folder: Path) -> list[Path]:
    """Write all that the gateway of either tier reads, but for its certificate; the files."""
    made: dict[Path, str] = {}
    for tier in TIERS:
        made[folder / f"{tier}.conf"] = _CONFIGURATION.read_text().replace("@tier@", tier)
        made[folder / f"paths.{tier}.conf"] = path_map(services.services_at(tier))
    for language in LANGUAGES:
        for reason in _REFUSALS:
            file = folder / "refusals" / language / f"{reason.code.status}.json"
            made[file] = error_body(Refusal(reason), language).decode()
    for file, text in made.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return list(made)
