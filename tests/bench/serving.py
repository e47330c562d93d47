"""A server on a free port of this machine, and a load from another process against it."""

import asyncio
import json
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn

from libs import memory
from tests.engines import eventually

CONNECTIONS = 16


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """The address of an app while the block runs; its lifespan is its maker's business."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, loop="uvloop", http="httptools", lifespan="off", access_log=False, log_level="error"
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    await eventually(lambda: server.started)
    # As a process of a node does, for ours and for its bare counterpart, which are served side by side.
    memory.settle()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


async def loaded(requests: Iterable[dict[str, Any]], *, status: int, connections: int = CONNECTIONS) -> float:
    """Requests a second. Raises AssertionError when one is answered with another status."""
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    answer = await elsewhere("tests.bench.load", lines, str(connections))
    assert list(answer["statuses"]) == [str(status)], answer
    return float(answer["rate"])


async def elsewhere(module: str, told: str, *arguments: str) -> Any:
    """What a module answers (JSON) that runs in a process of its own; `told` lies in the file that it is given."""
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(told)
        file.flush()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, file.name, *arguments),
            stdout=asyncio.subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        out, _ = await process.communicate()
    assert process.returncode == 0, f"{module} ended with {process.returncode}"
    return json.loads(out)
