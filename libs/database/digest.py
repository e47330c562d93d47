"""A digest of a set of rows that does not depend on their order, made in SQL, and the same in Python.

It is the sum of the first 60 bits of each row's SHA-256. A row more, less, changed or doubled gives another sum; two
such mistakes hide each other once in 2^60. It finds what was lost; it does not protect against whoever may forge rows.
"""

from collections.abc import Iterable
from hashlib import sha256

_HEX_DIGITS = 15


def digest_sql(text: str) -> str:
    """An aggregate: the digest of `text`, an SQL expression that is never NULL, over the rows of a group, as text."""
    first = f"left(encode(sha256(convert_to({text}, 'UTF8')), 'hex'), {_HEX_DIGITS})"
    return f"coalesce(sum(('x0' || {first})::bit(64)::bigint), 0)::text"


def digest_of(texts: Iterable[str]) -> str:
    """The same of texts that are here."""
    return str(sum(int(sha256(text.encode()).hexdigest()[:_HEX_DIGITS], 16) for text in texts))
