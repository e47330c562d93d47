"""What is done to something valid so that it is not quite: one JSON value, one text, or the bytes as they leave."""

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from random import Random
from typing import Any

Chance = Random

TEXTS = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "\u202e",
    "\u2028\r\n\t",
    "Ａ１３０１２３４５６７８",
    "💥" * 40,
    "x" * 300,
    "x" * 70_000,
    "null",
    "-1",
    "1e999",
    "NaN",
    "' OR 1=1 --",
    "%",
    "%00",
    "_%\\",
    "../../etc/passwd",
    "${7*7}{{7*7}}",
    "(",
    "(a+)+$",
    "a,b,,c",
    ".",
    "@type",
    "2026-02-30",
    "2026-01-01",
    "2026-01-01T00:00:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-01-01T00:00:00+99:99",
    "00000000-0000-0000-0000-000000000000",
    "019a0000-0000-7000-8000-000000000000",
    "13000100001",
    "tel:+8613000100001",
    "tel:+86",
    "http://127.0.0.1:1/",
    "http://[::1",
    "gd",
    "hq",
    "zz",
)
NUMBERS: tuple[float, ...] = (
    0,
    -0.0,
    1,
    -1,
    -50.0,
    0.001,
    0.1 + 0.2,
    49.999999999999,
    2**31,
    2**53 + 1,
    2**63,
    -(2**63) - 1,
    2**64,
    10**30,
    1e15,
    1e308,
    5e-324,
)
STRANGE: tuple[Any, ...] = (
    None,
    True,
    False,
    [],
    {},
    [[]],
    [None],
    {"": None},
    [{}],
    {"id": None},
    {"@type": []},
)
RAW = (
    b"1e999",
    b"-1e999",
    b"NaN",
    b"Infinity",
    b"1" * 5000,
    b"0.00000000000000000000000000000000000001",
    b"1E-999999999",
    b"9.99999999999999999999999999e27",
    b"01",
    b"-",
    b'"\\ud800"',
    b'"\\u0000"',
    b'"\xff"',
    b"[" * 5_000 + b"]" * 5_000,
    b'{"a":' * 5_000 + b"0" + b"}" * 5_000,
)
"""What JSON has no word for, or Python's writer does not write."""
DEEP = 60
MOST = 300
_STANDS_FOR = re.compile(rb'"=raw:(\d+)="')

Place = tuple[Any, Any]
"""A container, and the key or index of what is in it."""


def places(value: Any) -> Iterator[Place]:
    """Every place in a JSON value, from the outside to the inside."""
    if isinstance(value, dict):
        for key in list(value):
            yield value, key
            yield from places(value[key])
    elif isinstance(value, list):
        for index in range(len(value)):
            yield value, index
            yield from places(value[index])


def mutated(value: Any, chance: Chance, times: int = 1) -> Any:
    """A copy with so many things changed; a value that holds nothing is replaced."""
    copy = deepcopy(value)
    for _ in range(times):
        found = list(places(copy))
        if not found:
            return strange(chance, copy)
        change = chance.choice(_CHANGES)
        change(*chance.choice(found), chance, found)
    return copy


def text(chance: Chance) -> str:
    """A text that somebody may have thought of, or nobody."""
    if chance.random() < 0.7:
        return chance.choice(TEXTS)
    return "".join(
        chr(chance.choice((chance.randrange(32, 127), chance.randrange(0x2FFF)))) for _ in range(8)
    )


def strange(chance: Chance, instead_of: Any = None) -> Any:
    """A value of any type, rather of the one that it replaces."""
    kind = chance.random()
    if isinstance(instead_of, str) and kind < 0.6:
        return text(chance)
    if isinstance(instead_of, int | float) and kind < 0.6:
        return chance.choice(NUMBERS)
    if kind > 0.9:
        return f"=raw:{chance.randrange(len(RAW))}="
    return deepcopy(chance.choice((*STRANGE, *NUMBERS[:6], *TEXTS[:6])))


def _leave_out(holder: Any, key: Any, chance: Chance, found: list[Place]) -> None:
    del holder[key]


def _replace(holder: Any, key: Any, chance: Chance, found: list[Place]) -> None:
    holder[key] = strange(chance, holder[key])


def _swap(holder: Any, key: Any, chance: Chance, found: list[Place]) -> None:
    """What belongs elsewhere: a reference to another kind of record, another's amount, an enum of another field."""
    other, there = chance.choice(found)
    holder[key] = deepcopy(other[there]) if _is_there(other, there) else None


def _add(holder: Any, key: Any, chance: Chance, found: list[Place]) -> None:
    if isinstance(holder, dict):
        holder[
            chance.choice(("surprise", "", "@type", "@schemaLocation", "id", "href", "version", "state"))
        ] = strange(chance)
    else:
        holder.insert(key, strange(chance, holder[key]))


def _repeat(holder: Any, key: Any, chance: Chance, found: list[Place]) -> None:
    if isinstance(holder, list):
        holder.extend(deepcopy(holder[key]) for _ in range(chance.choice((1, 2, MOST))))
    else:
        holder[key] = [deepcopy(holder[key]) for _ in range(chance.choice((0, 1, 2, 21)))]


def _wrap(holder: Any, key: Any, chance: Chance, found: list[Place]) -> None:
    value = holder[key]
    for _ in range(chance.choice((1, 2, DEEP))):
        value = [value] if chance.random() < 0.5 else {"a": value}
    holder[key] = value


def _stretch(holder: Any, key: Any, chance: Chance, found: list[Place]) -> None:
    value = holder[key]
    if isinstance(value, str):
        holder[key] = chance.choice(
            (value + value, value[:-1], value.upper(), f" {value} ", value[::-1], value + "\x00", value * 50)
        )
    elif isinstance(value, int | float) and not isinstance(value, bool):
        holder[key] = chance.choice((-value, value + 1, value - 1, value * 1000, value / 3, str(value)))
    else:
        holder[key] = strange(chance, value)


def _rename(holder: Any, key: Any, chance: Chance, found: list[Place]) -> None:
    if isinstance(holder, dict):
        holder[chance.choice((key.upper(), f"{key}s", f"{key}\x00", text(chance)))] = holder.pop(key)
    else:
        holder.reverse()


def _is_there(holder: Any, key: Any) -> bool:
    return key in holder if isinstance(holder, dict) else key < len(holder)


_CHANGES: tuple[Callable[[Any, Any, Chance, list[Place]], None], ...] = (
    _leave_out,
    _leave_out,
    _replace,
    _replace,
    _replace,
    _swap,
    _swap,
    _add,
    _repeat,
    _wrap,
    _stretch,
    _stretch,
    _rename,
)


def to_bytes(value: Any) -> bytes:
    """JSON, or nearly."""
    return _STANDS_FOR.sub(lambda found: RAW[int(found[1])], json.dumps(value).encode())


def spoiled(raw: bytes, chance: Chance, limit: int) -> bytes:
    """Bytes that are no longer what they were: cut off, in another encoding, or too many."""
    way = chance.randrange(10)
    at = chance.randrange(len(raw) + 1)
    match way:
        case 0:
            return raw[:at]
        case 1:
            return raw[:at] + bytes([chance.randrange(256)]) + raw[at:]
        case 2:
            return b""
        case 3:
            return b"\xef\xbb\xbf" + raw
        case 4:
            return raw.decode(errors="replace").encode("utf-16")
        case 5:
            return raw[:1] + b'"a": 1, "a": {}, ' + raw[1:]
        case 6:
            return b"[" * 50_000 + raw
        case 7:
            return raw + b" " * (limit + 1 - len(raw))
        case 8:
            return chance.choice(RAW)
        case _:
            return chance.choice((b"null", b"true", b"[]", b"{}", b'""', b"0", b"{}{}", b"\x00", raw + raw))
