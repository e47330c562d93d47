"""What is done once for a fleet, each in a process of its own so that both cores are at work.

    python -m deploy.local.errands databases|topics|seed <file for the answer> [<codes of nodes> [anew]]

The settings are those of one node, in the environment. The answer is JSON; where there is none, the errand failed.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deploy.local.preparation import prepare_databases, prepare_topics, seed
from deploy.services import services_at
from libs.node import Settings, load_settings
from libs.telemetry.logs import set_up as set_up_logs


async def run(errand: str, nodes: Sequence[Settings], *, anew: bool) -> Any:
    """Do it; what it has to say. Raises KeyError for what is no errand."""
    match errand:
        case "databases":
            await prepare_databases(nodes, anew=anew)
            return {node.node: [service.name for service in services_at(node.tier)] for node in nodes}
        case "topics":
            await prepare_topics(nodes, anew=anew)
            return None
        case "seed":
            return (await seed(services_at(nodes[0].tier), nodes[0])).record()
    raise KeyError(errand)


def main(arguments: Sequence[str]) -> None:
    errand, answer, *more = arguments
    settings = load_settings()
    set_up_logs(node=settings.node)
    codes = more[0].split(",") if more else [settings.node]
    # What an errand needs of the other nodes are names: of databases, and of topics.
    nodes = [settings.model_copy(update={"node": code}) for code in codes]
    said = asyncio.run(run(errand, nodes, anew="anew" in more[1:]))
    written = Path(answer).with_suffix(".new")
    written.touch(mode=0o600)
    written.write_text(json.dumps(said))
    written.replace(answer)


if __name__ == "__main__":
    main(sys.argv[1:])
