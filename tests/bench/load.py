"""Load from a process of its own: `python -m tests.bench.load FILE CONNECTIONS`.

FILE holds one request a line: `{"method", "url", "headers", "body"}`; each is sent once, over so many kept-alive
connections at a time, and the requests a second are printed. Written on sockets, because an HTTP client library
costs more than the server that it is to measure.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

TIME_LIMIT = 120.0


def _bytes(line: str) -> tuple[str, int, bytes]:
    wanted = json.loads(line)
    url = urlsplit(wanted["url"])
    body = wanted.get("body", "").encode()
    target = url.path + (f"?{url.query}" if url.query else "")
    head = [f"{wanted['method']} {target} HTTP/1.1", f"Host: {url.netloc}", f"Content-Length: {len(body)}"]
    head += [f"{name}: {value}" for name, value in wanted.get("headers", {}).items()]
    return str(url.hostname), int(url.port or 80), "\r\n".join(head).encode() + b"\r\n\r\n" + body


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    if length:
        await reader.readexactly(length)
    return status


async def _connection(requests: Iterator[tuple[str, int, bytes]], statuses: Counter[int]) -> None:
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None
    for host, port, content in requests:
        if reader is None or writer is None:
            reader, writer = await asyncio.open_connection(host, port)
        writer.write(content)
        statuses[await _answer(reader)] += 1
    if writer is not None:
        writer.close()


async def measure(requests: list[tuple[str, int, bytes]], connections: int) -> dict[str, object]:
    """Send them all; requests a second, and how many were answered with each status."""
    statuses: Counter[int] = Counter()
    shared = iter(requests)
    began = time.perf_counter()
    async with asyncio.timeout(TIME_LIMIT):
        await asyncio.gather(*(_connection(shared, statuses) for _ in range(connections)))
    took = time.perf_counter() - began
    return {"rate": len(requests) / took, "statuses": {str(status): n for status, n in statuses.items()}}


if __name__ == "__main__":
    made = [_bytes(line) for line in Path(sys.argv[1]).read_text().splitlines()]
    print(json.dumps(asyncio.run(measure(made, int(sys.argv[2])))))
