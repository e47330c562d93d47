"""One notification to one listener, over HTTP: what became of it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

import httpx

from libs.tmf.hub.callbacks import CallbackInvalid, CallbackRefused, NameUnknown, Resolver, parse_callback

PATIENCE_SECONDS = 5.0
MOST_ANSWERED = 64 * 1024
AGAINST_THE_NOTIFICATION = frozenset({400, 409, 413, 415, 422})
"""Answers to this one notification; whatever else is not 2xx says that the listener is not there for any."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`taken`; `refused`: the listener will not have this one; `away`: it cannot be told anything now."""

    what: Literal["taken", "refused", "away"]
    detail: str = ""


TAKEN = Outcome("taken")


class Line:
    """A connection to one listener, kept open while there is something to send."""

    def __init__(self, client: httpx.AsyncClient, url: httpx.URL, address: str) -> None:
        self._client = client
        # To the address that was checked, not to whatever the name stands for by then.
        self._target = url.copy_with(host=address)
        self._headers = {"Host": url.netloc.decode("ascii"), "Content-Type": "application/json"}
        self._extensions = {"sni_hostname": url.raw_host.decode("ascii")}

    async def send(self, body: bytes) -> Outcome:
        """Send, and wait five seconds at most. What is answered beside the status is passed over."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                async with self._client.stream(
                    "POST",
                    self._target,
                    content=body,
                    headers=self._headers,
                    extensions=self._extensions,
                ) as answer:
                    await _pass_over(answer)
        except (httpx.HTTPError, OSError, TimeoutError, ssl.SSLError) as error:
            return Outcome("away", repr(error)[:200])
        if answer.is_success:
            return TAKEN
        refused = answer.status_code in AGAINST_THE_NOTIFICATION
        return Outcome("refused" if refused else "away", f"HTTP {answer.status_code}")


async def _pass_over(answer: httpx.Response) -> None:
    """Read a short answer, so that the connection can be used again; a long one is cut off with it."""
    size = 0
    async for part in answer.aiter_raw():
        size += len(part)
        if size > MOST_ANSWERED:
            return


class Lines:
    """Opens connections to listeners."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._tls = ssl.create_default_context()

    @asynccontextmanager
    async def open(self, callback: str) -> AsyncIterator[Line | Outcome]:
        """The line to a callback, or why there is none.

        A client of its own for each: connections to one address must not be shared by the names that stand for it.
        """
        try:
            url = parse_callback(callback)
            address = await self._resolver.address_of(url)
        except (CallbackInvalid, CallbackRefused, NameUnknown) as error:
            yield Outcome("away", str(error)[:200])
            return
        async with httpx.AsyncClient(
            verify=self._tls, trust_env=False, timeout=PATIENCE_SECONDS, headers={"User-Agent": "UniCRM"}
        ) as client:
            yield Line(client, url, address)
