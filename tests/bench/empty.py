"""What a process of this kind takes before it does anything, framework and drivers loaded. Prints `resident`."""

import json
import os
from pathlib import Path


def resident(pid: int) -> float:
    """MiB that a process has in memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError(pid)


if __name__ == "__main__":
    import aiokafka
    import asyncpg
    import fastapi
    import uvicorn

    assert all((aiokafka, asyncpg, fastapi, uvicorn))
    print(json.dumps({"resident": resident(os.getpid())}))
