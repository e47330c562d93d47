from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.security.errors import KeyMissing, Undecipherable
from libs.security.fields import FieldCipher
from libs.security.key_files import rotate
from libs.security.keys import Keys

KeysOf = Callable[[str], Keys]
IDENTITY = "11010519491231002X"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text())
def test_what_was_encrypted_is_read_again(keys: KeysOf, text: str) -> None:
    cipher = FieldCipher.of(keys("gd"))
    assert cipher.decrypt(cipher.encrypt(text)) == text


def test_equal_texts_cannot_be_recognised_when_encrypted(keys: KeysOf) -> None:
    cipher = FieldCipher.of(keys("gd"))
    assert cipher.encrypt(IDENTITY) != cipher.encrypt(IDENTITY)


def test_after_a_rotation_the_old_is_read_and_the_new_written(folder: Path, keys: KeysOf) -> None:
    before = FieldCipher.of(keys("gd"))
    old = before.encrypt(IDENTITY)
    kid = rotate(folder, "gd", "field")
    after = FieldCipher.of(keys("gd"))
    assert after.decrypt(old) == IDENTITY
    assert not after.is_current(old)
    assert after.encrypt(IDENTITY).startswith(f"{kid}:")
    with pytest.raises(KeyMissing):
        before.decrypt(after.encrypt(IDENTITY))


def test_another_node_cannot_read_a_field(keys: KeysOf) -> None:
    with pytest.raises(KeyMissing):
        FieldCipher.of(keys("bj")).decrypt(FieldCipher.of(keys("gd")).encrypt(IDENTITY))


@pytest.mark.parametrize(
    "damage", [lambda t: t[:-4], lambda t: t[:-5] + "####=", lambda t: t.split(":")[0] + ":"]
)
def test_a_damaged_field_is_not_read(keys: KeysOf, damage: Callable[[str], str]) -> None:
    cipher = FieldCipher.of(keys("gd"))
    with pytest.raises(Undecipherable):
        cipher.decrypt(damage(cipher.encrypt(IDENTITY)))


def test_one_identity_has_one_digest_in_the_whole_fleet(keys: KeysOf) -> None:
    gd, hq = FieldCipher.of(keys("gd")), FieldCipher.of(keys("hq"))
    assert gd.digest("resident-id", IDENTITY) == hq.digest("resident-id", IDENTITY)
    assert gd.digest("resident-id", IDENTITY) != gd.digest("passport", IDENTITY)
    assert IDENTITY not in gd.digest("resident-id", IDENTITY)


def test_kind_and_value_do_not_run_together(keys: KeysOf) -> None:
    cipher = FieldCipher.of(keys("gd"))
    assert cipher.digest("a", "bc") != cipher.digest("ab", "c")


def test_during_a_rotation_old_digests_are_still_found(folder: Path, keys: KeysOf) -> None:
    stored = FieldCipher.of(keys("gd")).digest("resident-id", IDENTITY)
    rotate(folder, "gd", "digest")
    after = FieldCipher.of(keys("gd"))
    assert after.digests("resident-id", IDENTITY) == [after.digest("resident-id", IDENTITY), stored]
