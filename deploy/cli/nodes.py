"""The node that an operator's command is about: the one of the settings, or one of a fleet that stands here."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.places import LOCAL
from deploy.local.plan import clock_file
from deploy.local.trouble import Trouble
from libs.clock import Clock, clock_from
from libs.node import load_settings


@dataclass(frozen=True)
class Node:
    """Where a node answers, and what speaks for it."""

    code: str
    url: str
    keys: Path
    clock: Clock
    users: tuple[dict[str, Any], ...] = ()
    """Of a development fleet: `{username, password, roles}`."""


def chosen(code: str | None) -> Node:
    """The node of our settings, where there are any; else the one of this code in the fleet of `make up`.

    Raises Trouble, and SettingsInvalid for settings that make no node.
    """
    if os.environ.get("UNICRM_SETTINGS_FILE") or os.environ.get("UNICRM_NODE"):
        settings = load_settings(**({"node": code} if code else {}))
        return Node(settings.node, settings.public_url, settings.keys_dir, clock_from(settings.clock_file))
    page = LOCAL / "fleet.json"
    if not page.is_file():
        raise Trouble("Give the settings of a node (UNICRM_NODE, …), or start a fleet with `make up`.")
    nodes = json.loads(page.read_text())["nodes"]
    if code is None or code not in nodes:
        raise Trouble(f"Say which node with --node: {', '.join(nodes)}.")
    return Node(
        code,
        nodes[code]["url"],
        LOCAL / "up" / "keys" / code,
        clock_from(clock_file()),
        tuple(nodes[code]["users"]),
    )
