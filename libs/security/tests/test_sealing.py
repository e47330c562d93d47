from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import ECKey

from libs.security.errors import KeyMissing, Undecipherable
from libs.security.keys import Keys
from libs.security.sealing import seal, sealed_for, unseal

KeysOf = Callable[[str], Keys]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=2000))
def test_only_the_recipient_reads_what_was_sealed(keys: KeysOf, content: bytes) -> None:
    sealed = seal(content, keys("hq").recipient("gd"))
    assert unseal(sealed, keys("gd").sealing) == content
    with pytest.raises(KeyMissing):
        unseal(sealed, keys("bj").sealing)


def test_a_sealed_content_names_its_key_and_nothing_of_its_content(keys: KeysOf) -> None:
    sealed = seal(b"ki=0123456789ABCDEF", keys("hq").recipient("gd"))
    assert sealed_for(sealed) in keys("gd").sealing
    assert "0123456789ABCDEF" not in sealed
    assert seal(b"ki=0123456789ABCDEF", keys("hq").recipient("gd")) != sealed


@pytest.mark.parametrize("which", range(5))
def test_a_sealed_content_changed_in_any_part_does_not_open(keys: KeysOf, which: int) -> None:
    parts = seal(b"secret", keys("hq").recipient("gd")).split(".")
    middle = len(parts[which]) // 2
    swapped = "A" if parts[which][middle] != "A" else "B"
    parts[which] = parts[which][:middle] + swapped + parts[which][middle + 1 :]
    with pytest.raises((Undecipherable, KeyMissing)):
        unseal(".".join(parts), keys("gd").sealing)


@pytest.mark.parametrize("text", ["", "a.b.c.d.e", "e30....", "eyJraWQiOiA3fQ....", "💥"])
def test_what_is_not_sealed_does_not_open(keys: KeysOf, text: str) -> None:
    with pytest.raises(Undecipherable):
        unseal(text, keys("gd").sealing)


def test_the_right_id_on_the_wrong_key_does_not_open(keys: KeysOf) -> None:
    kid = next(iter(keys("gd").sealing))
    stranger = ECKey.generate_key("P-256", {"kid": kid, "use": "enc"})
    with pytest.raises(Undecipherable):
        unseal(seal(b"secret", stranger), keys("gd").sealing)


def test_weaker_ways_of_sealing_are_not_taken(keys: KeysOf) -> None:
    kid, key = next(iter(keys("gd").sealing.items()))
    weaker = jwe.encrypt_compact({"alg": "ECDH-ES", "enc": "A128CBC-HS256", "kid": kid}, b"secret", key)
    squeezed = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "zip": "DEF", "kid": kid}
    bomb = jwe.encrypt_compact(squeezed, b"0" * 100, key, algorithms=["ECDH-ES+A256KW", "A256GCM", "DEF"])
    for sealed in (weaker, bomb):
        with pytest.raises(Undecipherable):
            unseal(sealed, keys("gd").sealing)


def test_what_fits_into_a_message_can_be_sealed(keys: KeysOf) -> None:
    content = b"x" * 900 * 1024
    assert unseal(seal(content, keys("hq").recipient("gd")), keys("gd").sealing) == content
