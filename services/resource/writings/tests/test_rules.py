from typing import Any

import pytest
from joserfc.jwk import ECKey

from services.resource.writings.rules import WriterKeyInvalid, check_writer_key

KEY: dict[str, Any] = dict(ECKey.generate_key("P-256").as_dict(private=False))


def test_a_public_key_on_p256_passes() -> None:
    check_writer_key(KEY)


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "oct", "k": "AAAA"},
        dict(ECKey.generate_key("P-384").as_dict(private=False)),
        dict(ECKey.generate_key("P-256").as_dict(private=True)),
        KEY | {"x": "AAAA"},
        KEY | {"x": 7},
        KEY | {"x": "é" * 43},
        KEY | {"x": KEY["y"], "y": KEY["x"]},
        {name: KEY[name] for name in ("kty", "crv", "x")},
    ],
)
def test_any_other_key_is_refused(jwk: dict[str, Any]) -> None:
    with pytest.raises(WriterKeyInvalid):
        check_writer_key(jwk)
