"""The public keys of one issuer, fetched when needed and kept."""

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from libs.clock import Clock
from libs.security.errors import IssuerUnreachable
from libs.security.keys import curve_key
from libs.security.trust import Trust

FRESH = timedelta(hours=1)
"""After this the keys are fetched again; while the issuer is away, the old ones go on serving."""
BETWEEN_FETCHES = timedelta(seconds=10)
"""How soon an unknown key id may make us ask again: a stranger's tokens are not to hammer the issuer."""
_TIMEOUT_SECONDS = 3.0
_LARGEST = 256 * 1024


class KeysOfIssuer:
    """The ES256 keys of one issuer by id. One fetch at a time: who comes meanwhile waits for the same
    answer."""

    def __init__(self, trust: Trust, clock: Clock, http: httpx.AsyncClient) -> None:
        self._trust = trust
        self._clock = clock
        self._http = http
        self._keys: dict[str, ECKey] = {}
        self._fetched: datetime | None = None
        self._tried: datetime | None = None
        self._fetching: asyncio.Task[None] | None = None
        self.generation = 0
        """Counts the changes of the key set."""

    async def find(self, kid: str) -> ECKey | None:
        """The key with this id; None when the issuer, asked lately, has none.

        Raises IssuerUnreachable when only the issuer could tell and it does not answer.
        """
        key = self._keys.get(kid)
        if key is not None and (
            self._within(FRESH, self._fetched) or self._within(BETWEEN_FETCHES, self._tried)
        ):
            return key
        if key is None and self._within(BETWEEN_FETCHES, self._fetched):
            return None
        try:
            await self._fetch()
        except IssuerUnreachable:
            if key is None:
                raise
            # A key that was good an hour ago is worth more than a closed counter.
            return key
        return self._keys.get(kid)

    def _within(self, span: timedelta, since: datetime | None) -> bool:
        return since is not None and self._clock.now() - since < span

    async def _fetch(self) -> None:
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._refresh())
            self._fetching.add_done_callback(self._fetched_once)
        # A caller who goes away must not take the others' fetch along.
        await asyncio.shield(self._fetching)

    def _fetched_once(self, task: asyncio.Task[None]) -> None:
        self._fetching = None
        if not task.cancelled():
            task.exception()

    async def _refresh(self) -> None:
        self._tried = self._clock.now()
        try:
            document = await self._read()
            keys = _usable(document)
        except (OSError, ValueError, TypeError, KeyError, httpx.HTTPError, JoseError) as error:
            raise IssuerUnreachable(self._trust.issuer) from error
        if keys.keys() != self._keys.keys():
            self.generation += 1
        self._keys = keys
        self._fetched = self._clock.now()

    async def _read(self) -> Any:
        source = self._trust.source
        if not source.startswith(("http://", "https://")):
            return json.loads(await asyncio.to_thread(Path(source).read_bytes))
        answer = await self._http.get(source, timeout=_TIMEOUT_SECONDS, follow_redirects=False)
        answer.raise_for_status()
        if len(answer.content) > _LARGEST:
            raise ValueError("no key set is that large")
        return answer.json()


def _usable(document: Mapping[str, Any]) -> dict[str, ECKey]:
    """The keys of a JWKS that may verify ES256; whatever else is published there is not for us."""
    found: dict[str, ECKey] = {}
    for jwk in document["keys"]:
        if not isinstance(jwk, dict):
            raise ValueError("a key is an object")
        if jwk.get("use", "sig") != "sig" or jwk.get("alg", "ES256") != "ES256" or "d" in jwk:
            continue
        if jwk.get("kty") == "EC" and jwk.get("crv") == "P-256" and isinstance(jwk.get("kid"), str):
            found[jwk["kid"]] = curve_key(jwk)
    if not found:
        raise ValueError("a key set without a key for ES256")
    return found
