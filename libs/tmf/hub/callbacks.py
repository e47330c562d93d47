"""Where a listener may be. A subscriber names an address and we call it: so it must not lead into our own house.

Checked when it is given, and again before each sending, on the addresses that its name stands for at that moment; the
connection then goes to the very address that was checked.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeAlias

import httpx

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

LONGEST_CALLBACK = 2_000
RESOLVE_SECONDS = 3.0
_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class CallbackInvalid(ValueError):
    """No address that a listener can have; the text says why."""


class CallbackRefused(Exception):
    """An address to which nothing is sent; the text says why."""


class NameUnknown(Exception):
    """The name of the host stands for no address now."""


@dataclass(frozen=True, slots=True)
class Permitted:
    """Where listeners may be: at hosts of these names, or at addresses in these networks; without either, anywhere that
    is public. Loopback only where it is named, or in development."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    loopback: bool = False

    @classmethod
    def of(cls, entries: Iterable[str], *, development: bool) -> "Permitted":
        """From the setting: `partner.example.com,10.20.0.0/16`. Raises ValueError for an entry that is neither."""
        hosts, networks = set(), []
        for entry in entries:
            try:
                networks.append(ipaddress.ip_network(entry))
            except ValueError:
                if "/" in entry or ":" in entry or not entry:
                    raise ValueError(f"neither a host nor a network: {entry!r}") from None
                hosts.add(entry.lower())
        return cls(frozenset(hosts), tuple(networks), development)

    def admits(self, host: str, addresses: Sequence[Address]) -> bool:
        """Whether a host may be called that has these addresses: all of them have to be where listeners may be."""
        return host.lower().rstrip(".") in self.hosts or all(self._holds(one) for one in addresses)

    def _holds(self, address: Address) -> bool:
        address = embedded(address)
        if any(address in network for network in self.networks if network.version == address.version):
            return True
        if address.is_loopback:
            return self.loopback
        listed = bool(self.hosts or self.networks)
        return not listed and address.is_global and not address.is_multicast


def embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 address only wraps, else itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)


def parse_callback(text: str) -> httpx.URL:
    """The address of a listener. Raises CallbackInvalid."""
    if len(text) > LONGEST_CALLBACK:
        raise CallbackInvalid(f"at most {LONGEST_CALLBACK} characters")
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError) as error:
        raise CallbackInvalid(str(error)[:200]) from None
    if url.scheme not in _PORTS:
        raise CallbackInvalid("expected http:// or https://")
    if not url.host:
        raise CallbackInvalid("it names no host")
    if url.userinfo or url.fragment:
        raise CallbackInvalid("neither a password nor a fragment belongs in it")
    return url


class Resolver:
    """Turns the name in a callback into addresses, and says whether they may be called."""

    def __init__(self, permitted: Permitted) -> None:
        self._permitted = permitted
        # Of its own: a name server that does not answer must not hold up whatever else waits for a thread.
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="hub-names")

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def address_of(self, url: httpx.URL) -> str:
        """The address to connect to. Raises CallbackRefused, NameUnknown."""
        addresses = await self._look_up(url)
        if not self._permitted.admits(url.host, addresses):
            raise CallbackRefused(f"{url.host} is not where listeners may be")
        return str(addresses[0])

    async def _look_up(self, url: httpx.URL) -> list[Address]:
        try:
            return [ipaddress.ip_address(url.host)]
        except ValueError:
            pass
        port = url.port or _PORTS[url.scheme]
        asked = asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        )
        try:
            found = await asyncio.wait_for(asked, RESOLVE_SECONDS)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise NameUnknown(f"{url.host}: {error!r}") from None
        return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
