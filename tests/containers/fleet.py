"""The fleet of the check, as the demonstration knows a fleet."""

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from deploy.containers.secrets import make_secrets
from deploy.local.accounts import Accounts
from deploy.local.processes import free_port
from deploy.local.trouble import Trouble
from libs.node import HQ
from tests.containers.stacks import SERVICES, Stack, docker

PROJECT = "unicrm-check"
VERSION = "check"
PROVINCES = ("bj", "gd")
DOMAIN = "unicrm.test"
_READY_WITHIN = 300.0
Say = Callable[[str], None]


class ContainerFleet:
    """Headquarters, Beijing and Guangdong, each a project of its own; `up()` and `remove()` make and unmake it."""

    def __init__(self, folder: Path, say: Say) -> None:
        self.secrets = folder / "secrets"
        settings = {
            "UNICRM_VERSION": VERSION,
            "UNICRM_DEVELOPMENT": "true",
            "UNICRM_TOPIC_PARTITIONS": "2",
            "KAFKA_PORT": str(free_port()),
        }
        self.stacks = {
            node: Stack(node, f"{PROJECT}-{node}", free_port(), self.secrets, settings)
            for node in (HQ, *PROVINCES)
        }
        self.accounts: dict[str, Accounts] = {}
        self._say = say

    @property
    def hq(self) -> Stack:
        return self.stacks[HQ]

    @property
    def clock_file(self) -> Path | None:
        """Containers have the world's time."""
        return None

    @property
    def addresses(self) -> Mapping[str, str]:
        return {node: stack.url for node, stack in self.stacks.items()}

    @property
    def trusting(self) -> ssl.SSLContext:
        """The authority of this check, and no other."""
        return ssl.create_default_context(cafile=str(self.secrets / "ca.crt"))

    async def up(self) -> None:
        """Raises Trouble when something does not start."""
        await asyncio.to_thread(self.remove)
        make_secrets(self.secrets, list(self.stacks), DOMAIN)
        await self._do(self.hq, "build", "--quiet")
        self._say("the images are built")
        await self._do(self.hq, "up", "--detach", "--no-build", profiles=())
        await self.ready(HQ)
        self._say("headquarters is ready")
        for stack in (self.stacks[node] for node in PROVINCES):
            await self._do(stack, "create", "--no-build")
            await asyncio.to_thread(stack.plug_in, self.hq)
            await self._do(self.hq, "run", "--rm", "join", stack.node)
            await self._do(stack, "up", "--detach", "--no-build")
            await self.ready(stack.node)
            self._say(f"{stack.node} has joined, and is ready")
        for node, stack in self.stacks.items():
            await self._seeded(stack)
            self.accounts[node] = Accounts(users=_users(stack.logs("seed")))

    async def ready(self, node: str, within: float = _READY_WITHIN) -> None:
        """Wait until every service of a node is. Raises Trouble when it is not in time."""
        end = time.monotonic() + within
        said = ""
        async with httpx.AsyncClient(verify=self.trusting, timeout=10) as client:
            while time.monotonic() < end:
                with suppress(httpx.HTTPError):
                    answer = await client.get(f"{self.stacks[node].url}/health/ready")
                    said = answer.text
                    if answer.status_code == 200:
                        return
                await asyncio.sleep(0.5)
        raise Trouble(f"{node} is not ready after {within:.0f} s: {said}")

    def kill(self, name: str) -> None:
        """End all services of a node at once, as a power cut would."""
        docker("kill", *(self.stacks[name].container(service) for service in SERVICES))

    async def revive(self, name: str) -> None:
        """Start what was killed; the node is ready when this returns."""
        docker("start", *(self.stacks[name].container(service) for service in SERVICES))
        await self.ready(name)

    def remove(self) -> None:
        """Whatever of this check is there, also what an interrupted one left."""
        for stack in reversed(self.stacks.values()):
            # A network is removed only when nobody is left on it.
            with suppress(Trouble):
                stack.unplug(self.hq)
        for stack in reversed(self.stacks.values()):
            stack.remove()

    def left(self) -> list[str]:
        """The containers, volumes, networks and images of this check that are still there."""
        images = {f"unicrm:{VERSION}", f"unicrm-gateway:{VERSION}"}
        found = []
        for kind, *form in (
            ("container", "-a", "--format", "{{.Names}}"),
            ("volume", "--format", "{{.Name}}"),
            ("network", "--format", "{{.Name}}"),
            ("image", "--format", "{{.Repository}}:{{.Tag}}"),
        ):
            there = docker(kind, "ls", *form).split()
            found += [f"{kind} {name}" for name in there if name.startswith(f"{PROJECT}-") or name in images]
        return found

    async def _do(self, stack: Stack, *arguments: str, **more: Any) -> None:
        await asyncio.to_thread(lambda: stack.compose(*arguments, **more))

    async def _seeded(self, stack: Stack) -> None:
        status = await asyncio.to_thread(docker, "wait", stack.container("seed"))
        if status.strip() != "0":
            raise Trouble(f"{stack.node} was not seeded:\n{stack.logs('seed')[-2000:]}")


def _users(said: str) -> list[dict[str, Any]]:
    """What `unicrm seed` tells: user name, password and roles, a line each."""
    lines = [line.split() for line in said.splitlines() if line and not line.startswith("{")]
    return [
        {"username": words[0], "password": words[1], "roles": words[2:]} for words in lines if len(words) >= 3
    ]
