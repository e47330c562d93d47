"""Settings of a node that shares its PostgreSQL server with other fleets: demonstrations and tests."""

from typing import Annotated, Any

from pydantic import Field

from libs.node import Settings, load_settings


class LocalSettings(Settings):
    """As production's, and a prefix before the names of the databases, as `topic_prefix` is before the topics'."""

    database_prefix: Annotated[str, Field(pattern=r"^([a-z0-9]+_)?$")] = ""

    def database_name(self, package: str) -> str:
        return f"{self.database_prefix}{self.node}_{package}"

    def database_url(self, package: str) -> str:
        return f"{self.postgres_url}/{self.database_name(package)}"


def load_local_settings(**given: Any) -> LocalSettings:
    """The settings of this process. Raises libs.node.SettingsInvalid, as its `load_settings`."""
    load_settings(**given)
    return LocalSettings(**given)
