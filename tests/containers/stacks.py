"""The stacks of the check: compose projects on one engine, the cables between them, and their whole removal."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.places import ROOT
from deploy.local.trouble import Trouble
from libs.node import HQ

SERVICES = ("access", "customer", "product", "resource", "order-acceptance")
BROKER = "kafka.hq.unicrm.test"
"""The name by which provinces reach headquarters' listener: all of it that they need."""


def docker(*arguments: str, told: str | None = None, environment: Mapping[str, str] | None = None) -> str:
    """What the engine answers. Raises Trouble with the end of what it said when it refused."""
    try:
        done = subprocess.run(
            ["docker", *arguments], input=told, env=environment, cwd=ROOT, capture_output=True, text=True
        )
    except FileNotFoundError as error:
        raise Trouble("There is no command docker here.") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()[-12:]
        raise Trouble(f"docker {' '.join(arguments[:6])} …:\n" + "\n".join(said))
    return done.stdout


@dataclass(frozen=True)
class Stack:
    """One node, as a project of its own."""

    node: str
    project: str
    port: int
    """Of its front door, on 127.0.0.1."""
    secrets: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def outside(self) -> str:
        """The network by which it reaches what is not of the node."""
        return f"{self.project}_outside"

    def compose(self, *arguments: str, profiles: Sequence[str] = ("simulators",)) -> str:
        file = "docker-compose.hq.yml" if self.node == HQ else "docker-compose.province.yml"
        chosen = [word for profile in profiles for word in ("--profile", profile)]
        return docker(
            "compose", "-p", self.project, "-f", file, *chosen, *arguments, environment=self._environment()
        )

    def container(self, service: str) -> str:
        return f"{self.project}-{service}-1"

    def run(self, service: str, *command: str, told: str | None = None, **settings: str) -> str:
        """What a command says that is run in the container of a service."""
        given = [word for name, value in settings.items() for word in ("-e", f"{name}={value}")]
        return docker("exec", "-i", *given, self.container(service), *command, told=told)

    def query(self, package: str, sql: str, *, user: str | None = None) -> str:
        """The answer of a service's database, fields parted by `|`: as the superuser, unless another is named.

        Raises Trouble when the server refuses.
        """
        role = user or "postgres"
        password = (self.secrets / self.node / "postgres" / (user or "superuser")).read_text()
        address = ("-h", "127.0.0.1", "-U", role, "-d", f"{self.node}_{package}")
        return self.run("postgres", "psql", *address, "-Atc", sql, PGPASSWORD=password).strip()

    def beside(self, image: str, *arguments: str, told: str, **settings: str) -> str:
        """What a program of ours says that is run where the mirror is, with what the mirror may read."""
        given = [word for name, value in settings.items() for word in ("-e", f"{name}={value}")]
        authority = f"{self.secrets / 'ca.crt'}:/run/secrets/ca.crt:ro"
        where = ("--network", self.outside, "-v", authority, "--entrypoint", "python")
        return docker("run", "--rm", "-i", *where, *given, image, *arguments, told=told)

    def logs(self, service: str) -> str:
        return docker("logs", self.container(service))

    def plug_in(self, hq: "Stack") -> None:
        """The cable to headquarters: its listener for provinces, by its name."""
        docker("network", "connect", "--alias", BROKER, self.outside, hq.container("kafka"))

    def unplug(self, hq: "Stack") -> None:
        """Cut it: from now on neither side hears the other."""
        docker("network", "disconnect", "--force", self.outside, hq.container("kafka"))

    def remove(self) -> None:
        """Everything of the project: containers, networks, volumes."""
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "5", profiles=("*",))

    def _environment(self) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("UNICRM_")}
        return ours | {
            "PROVINCE": self.node,
            "UNICRM_SECRETS": str(self.secrets),
            "GATEWAY_PORT": str(self.port),
            **self.settings,
        }
