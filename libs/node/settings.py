"""What one process is told at its start: which node it is, and where its engines and keys are."""

import os
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from libs.node.register import HQ, NODES, Node, Tier
from libs.telemetry.settings import TracedSettings

CROSSING = frozenset({"pay", "replace-sim", "suspend", "resume", "subscribe", "unsubscribe", "change-plan"})
"""What a subscriber may ask for in another province than his own, unless it is configured otherwise."""


class SettingsInvalid(Exception):
    """The settings do not make a node; the text says, line by line, which and why."""


class Settings(TracedSettings):
    """Read from the environment (`UNICRM_NODE=gd`) and, below it, from the TOML file `UNICRM_SETTINGS_FILE`."""

    model_config = SettingsConfigDict(env_prefix="UNICRM_", extra="forbid", frozen=True)

    node: str
    """The code of the node, as in `libs.node.register`."""
    public_url: str = "http://127.0.0.1:8000"
    """The one front door of the node, without a slash at the end; also the issuer of its tokens."""
    inner_url: str | None = None
    """Where the services of the node reach each other, when not by its public address."""
    ca_file: Path | None = None
    """Certificates of authorities that are trusted beside the system's: of a private one, in PEM."""
    postgres_url: str
    """`postgresql://user:password@host:port`, without a database: each service has its own. `{database}` in it stands
    for the name of that database, for servers on which each has a role of the same name."""
    postgres_password_file: str | None = None
    """The file with the password, where the address has none; `{database}` as above."""
    database_prefix: Annotated[str, Field(pattern=r"^([a-z0-9]+_)?$")] = ""
    """Keeps the databases of several fleets on one server apart, as `topic_prefix` does topics; empty in production."""
    kafka: str
    """`host:port[,host:port]` of the node's cluster."""
    instance: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")] | None = None
    """The name of this process among those of its service, the same after every start: one that was killed then takes
    its place in the consumer group at once, instead of when the broker misses it. Never the same for two at a time."""
    development: bool = False
    """Development users, a clock that can be advanced. Never in production."""
    pool_size: Annotated[int, Field(ge=2, le=100)] = 4
    """Connections of one service to its database."""
    topic_partitions: Annotated[int, Field(ge=1, le=64)] = 6
    topic_prefix: Annotated[str, Field(pattern=r"^([a-z0-9-]+\.)?$")] = ""
    """Keeps several fleets on one cluster apart; empty in production."""
    keys_dir: Path = Path("/run/secrets/unicrm")
    clock_file: Path | None = None
    """Offset of business time that a development fleet shares; refused elsewhere."""
    hq_url: str | None = None
    """The front door of headquarters; a province trusts its tokens for the roles of headquarters."""
    jwks: dict[str, str] = {}
    """Where the keys of an issuer are, by issuer: URL or file, when not at `/.well-known/jwks.json` below it."""
    request_log: bool = True
    task_deadline_seconds: Annotated[float, Field(gt=0, le=86_400)] = 30
    """How long a task may stay without an answer before it is asked again."""
    task_askings: Annotated[int, Field(ge=1, le=20)] = 5
    """How often a task is asked in all before an unknown answer is undone."""
    forward_deadline_hours: Annotated[float, Field(gt=0, le=720)] = 72
    callbacks: Annotated[frozenset[str], NoDecode] = frozenset()
    """Where listeners of events may be: names of hosts and networks (`10.20.0.0/16`), with commas between them. Without
    any: wherever is public; in development at this machine as well."""
    look_seconds: Annotated[float, Field(gt=0, le=30)] = 3.0
    """How long whoever looks at a subscriber of another province waits for its home."""
    balance_seconds: Annotated[float, Field(gt=0, le=30)] = 1.0
    """How long a look at a subscriber waits for accounting; then the last copy of the balance is told."""
    looks_a_minute: Annotated[int, Field(ge=1, le=100_000)] = 60
    """How often in a minute one actor may look at subscribers."""
    crossing: Annotated[frozenset[str], NoDecode] = CROSSING
    """The businesses that are done for subscribers of other provinces, with commas between them; the others are done
    at home only. Both ends must have one: the node that accepts it, and the home that carries it out."""

    @field_validator("node")
    @classmethod
    def _registered(cls, code: str) -> str:
        if code not in NODES:
            raise ValueError(f"no node has the code {code!r}; known are {', '.join(NODES)}")
        return code

    @field_validator("crossing", "callbacks", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if isinstance(value, str):
            return frozenset(name.strip() for name in value.split(",") if name.strip())
        return value

    @field_validator("public_url", "hq_url", "inner_url")
    @classmethod
    def _address(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("http://", "https://")):
            raise ValueError("an address starts with http:// or https://")
        return url.rstrip("/") if url else url

    @field_validator("postgres_url")
    @classmethod
    def _server(cls, url: str) -> str:
        if not url.startswith(("postgresql://", "postgres://")):
            raise ValueError("expected postgresql://user:password@host:port")
        if "/" in url.split("://", 1)[1].rstrip("/"):
            raise ValueError("names a database; give the server only, each service has a database of its own")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _password_has_a_user(self) -> "Settings":
        address = urlsplit(self.postgres_url)
        if self.postgres_password_file is not None and (
            not address.username or ":" in address.netloc.rpartition("@")[0]
        ):
            raise ValueError("postgres_password_file needs a postgres_url with a user and without a password")
        return self

    @model_validator(mode="after")
    def _province_knows_hq(self) -> "Settings":
        if self.tier == "province" and self.hq_url is None:
            raise ValueError("a province needs hq_url, the address of headquarters")
        return self

    @model_validator(mode="after")
    def _only_development_moves_time(self) -> "Settings":
        if self.clock_file is not None and not self.development:
            raise ValueError("clock_file is for development alone: elsewhere time is the machine's")
        return self

    @property
    def register(self) -> Node:
        return NODES[self.node]

    @property
    def tier(self) -> Tier:
        return NODES[self.node].tier

    @property
    def within(self) -> str:
        """Where a service of the node asks the others."""
        return self.inner_url or self.public_url

    @property
    def issuer(self) -> str:
        return self.public_url

    @property
    def hq_issuer(self) -> str:
        return self.public_url if self.node == HQ else str(self.hq_url)

    def database_name(self, package: str) -> str:
        """The name of a service's own database at this node: `<node>_<package>`."""
        return f"{self.database_prefix}{self.node}_{package}"

    def database_url(self, package: str) -> str:
        """The URL of a service's own database at this node.

        Raises SettingsInvalid where its password is to be read from a file that cannot be read.
        """
        name = self.database_name(package)
        return f"{self._server_as(name)}/{name}"

    def _server_as(self, database: str) -> str:
        server = self.postgres_url.replace("{database}", database)
        if self.postgres_password_file is None:
            return server
        file = Path(self.postgres_password_file.replace("{database}", database))
        try:
            password = file.read_text().strip()
        except OSError as error:
            raise SettingsInvalid(f"UNICRM_POSTGRES_PASSWORD_FILE: {file}: {error.strerror}") from error
        user, _, host = urlsplit(server).netloc.rpartition("@")
        return f"postgresql://{user}:{quote(password, safe='')}@{host}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = os.environ.get("UNICRM_SETTINGS_FILE")
        below = (TomlConfigSettingsSource(settings_cls, Path(file)),) if file else ()
        return (init_settings, env_settings, *below)


def load_settings(**given: Any) -> Settings:
    """The settings of this process.

    Raises SettingsInvalid with one line for each setting that is missing or wrong.
    """
    file = os.environ.get("UNICRM_SETTINGS_FILE")
    if file and not Path(file).is_file():
        raise SettingsInvalid(f"UNICRM_SETTINGS_FILE names {file}, which is no file")
    try:
        return Settings(**given)
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = ".".join(str(part) for part in problem["loc"])
            label = f"UNICRM_{name.upper()}" if name else "settings"
            lines.append(f"{label}: {problem['msg'].removeprefix('Value error, ')}")
        raise SettingsInvalid("\n".join(lines)) from error
