"""The compose files as an engine would understand them: variables filled, `extends` followed; no engine is asked."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from libs.node import Tier

ROOT = Path(__file__).parents[3]
FILES: dict[Tier, Path] = {
    "hq": ROOT / "docker-compose.hq.yml",
    "province": ROOT / "docker-compose.province.yml",
}
PARTS = ROOT / "deploy" / "compose" / "parts.yml"
NODES: dict[Tier, str] = {"hq": "hq", "province": "gd"}
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)(?:(:-|:\?)([^}]*))?\}")


@cache
def composed(tier: Tier) -> dict[str, Any]:
    """A file with nothing set in the environment but `PROVINCE`."""
    document: dict[str, Any] = yaml.safe_load(filled(FILES[tier].read_text()))
    parts = yaml.safe_load(filled(PARTS.read_text()))["services"]
    document["services"] = {name: _extended(service, parts) for name, service in document["services"].items()}
    return document


def services(tier: Tier) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = composed(tier)["services"]
    return found


def of_ours(tier: Tier) -> dict[str, dict[str, Any]]:
    """The containers that are run from our own images."""
    return {name: one for name, one in services(tier).items() if one["image"].startswith("unicrm")}


def filled(text: str) -> str:
    """Each variable with its default; `$$` is a dollar."""

    def value(found: re.Match[str]) -> str:
        name, _, given = found.groups()
        return "gd" if name == "PROVINCE" else given or ""

    return _VARIABLE.sub(value, text.replace("$$", "\0")).replace("\0", "$")


def variables() -> set[str]:
    """Every variable that the files take from the environment."""
    texts = [file.read_text().replace("$$", "") for file in (*FILES.values(), PARTS)]
    return {name for text in texts for name, *_ in _VARIABLE.findall(text)}


def _extended(service: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    own = dict(service)
    extends = own.pop("extends", None)
    if extends is None:
        return own
    merged = _extended(parts[extends["service"]], parts)
    for key, value in own.items():
        before = merged.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            merged[key] = before | value
        elif key in ("volumes", "secrets", "ports") and before:
            merged[key] = [*before, *value]
        else:
            merged[key] = value
    return merged
