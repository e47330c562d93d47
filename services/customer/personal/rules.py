"""Which attributes are personal, and how each looks masked. Decided here for every resource of this service.

A record is kept twice: the representation that may be seen, with these attributes masked, and the whole of it
encrypted. Lists, filters, sorting, `fields` and events work on the first alone, so that none of them can tell more
than another.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from libs.security.masking import mask_address, mask_identity, mask_phone

STAR = "*"

Mask = Callable[[str], str] | None
"""How an attribute is shown; None: not at all."""


def mask_email(address: str) -> str:
    """`zhangsan@example.com` → `z****@example.com`; how long the name was is not told."""
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}{STAR * 4}@{domain}" if at else STAR * 4


def hide(_: str) -> str:
    return STAR * 4


_MEDIUM: Mapping[str, Mask] = MappingProxyType(
    {
        "phoneNumber": mask_phone,
        "faxNumber": mask_phone,
        "emailAddress": mask_email,
        "socialNetworkId": hide,
        "street1": mask_address,
        "street2": mask_address,
    }
)
PERSONAL: Mapping[str, Mask] = MappingProxyType(
    {
        "individualIdentification.identificationId": mask_identity,
        "organizationIdentification.identificationId": mask_identity,
        # Pictures of documents.
        "individualIdentification.attachment": None,
        "organizationIdentification.attachment": None,
        # With the birthday beside it, a masked resident id would be no riddle.
        "birthDate": None,
        **{f"contactMedium.characteristic.{name}": mask for name, mask in _MEDIUM.items()},
        **{f"contact.contactMedium.characteristic.{name}": mask for name, mask in _MEDIUM.items()},
    }
)
IDENTIFICATION_IDS = frozenset(path for path in PERSONAL if path.endswith(".identificationId"))
_NUMBERS = frozenset({"phoneNumber", "faxNumber"})
_PHONE = re.compile(r"(tel:)?\+?[0-9][0-9 ()-]{1,30}")


def masked(document: Mapping[str, Any]) -> dict[str, Any]:
    """The representation that may be seen: a copy with what is personal masked or left out.

    An identity number of the record is masked wherever else it was written, too.
    """
    shown: dict[str, Any] = _mask(document, "")
    numbers = {value for path, value in leaves(document) if path in IDENTIFICATION_IDS and len(value) >= 5}
    return _without(shown, numbers) if numbers else shown


def _mask(node: Any, path: str) -> Any:
    if isinstance(node, list):
        return [_mask(one, path) for one in node]
    if not isinstance(node, Mapping):
        return node
    made: dict[str, Any] = {}
    for name, value in node.items():
        here = f"{path}.{name}" if path else name
        if here not in PERSONAL:
            made[name] = _mask(value, here)
        elif (mask := PERSONAL[here]) is not None and isinstance(value, str):
            made[name] = mask(value)
    return made


def _without(node: Any, numbers: set[str]) -> Any:
    if isinstance(node, list):
        return [_without(one, numbers) for one in node]
    if isinstance(node, dict):
        return {name: _without(value, numbers) for name, value in node.items()}
    if isinstance(node, str):
        for number in numbers:
            if number in node:
                node = node.replace(number, mask_identity(number))
    return node


def leaves(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a document with the path of its attribute, places in arrays left out."""
    if isinstance(node, list):
        for one in node:
            yield from leaves(one, path)
    elif isinstance(node, Mapping):
        for name, value in node.items():
            yield from leaves(value, f"{path}.{name}" if path else name)
    elif isinstance(node, str):
        yield path, node


def disclosed(document: Mapping[str, Any]) -> list[str]:
    """The personal attributes that a representation in full tells, for the audit: `["birthDate", …]`, sorted."""
    found: set[str] = set()
    _collect(document, "", found)
    return sorted(found)


def _collect(node: Any, path: str, found: set[str]) -> None:
    if path in PERSONAL:
        found.add(path)
    elif isinstance(node, list):
        for one in node:
            _collect(one, path, found)
    elif isinstance(node, Mapping):
        for name, value in node.items():
            _collect(value, f"{path}.{name}" if path else name, found)


def unusable_contacts(document: Mapping[str, Any]) -> list[str]:
    """Paths of contact details that cannot be kept: phone numbers that are none, and masked values sent back.

    A front end that reads a record, changes one thing and sends all back would overwrite what it was not shown.
    """
    found: list[str] = []
    _look(document, "", "", found)
    return found


def _look(node: Any, path: str, shown: str, found: list[str]) -> None:
    if isinstance(node, list):
        for place, one in enumerate(node):
            _look(one, path, f"{shown}[{place}]", found)
    elif isinstance(node, Mapping):
        for name, value in node.items():
            _look(value, f"{path}.{name}" if path else name, f"{shown}.{name}" if shown else name, found)
    elif isinstance(node, str) and path in PERSONAL and path not in IDENTIFICATION_IDS:
        number = path.rpartition(".")[2] in _NUMBERS
        if STAR in node or (number and not _PHONE.fullmatch(node)):
            found.append(shown)
