"""The services of the fleet: every folder of `services/` with an `app.py`, read when it is asked for."""

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

import services

if TYPE_CHECKING:
    from libs.node import Tier
    from libs.service import Service


class NoSuchService(Exception):
    """No folder of `services/` with an `app.py` has this name."""


@cache
def packages() -> tuple[str, ...]:
    """The packages of all services, in the order of the alphabet."""
    folders = [module.name for module in pkgutil.iter_modules(services.__path__) if module.ispkg]
    return tuple(sorted(name for name in folders if _has_app(name)))


def service(name: str) -> "Service":
    """A service by its wire name or its package (`order-acceptance`, `order_acceptance`).

    Raises NoSuchService.
    """
    package = name.replace("-", "_")
    if package not in packages():
        known = ", ".join(one.replace("_", "-") for one in packages())
        raise NoSuchService(f"There is no service {name!r}; there are {known}.")
    found: Service = importlib.import_module(f"services.{package}.app").SERVICE
    return found


def services_at(tier: "Tier") -> "tuple[Service, ...]":
    """What a node of this tier runs."""
    return tuple(one for one in map(service, packages()) if tier in one.tiers)


def _has_app(package: str) -> bool:
    return any(module.name == "app" for module in pkgutil.iter_modules([f"{services.__path__[0]}/{package}"]))
