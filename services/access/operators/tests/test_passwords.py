import asyncio

import pytest

from services.access.operators.passwords import AT_ONCE, WAITING, Overloaded, Passwords


@pytest.fixture(scope="module")
def passwords() -> Passwords:
    return Passwords(cheap=True)


async def test_a_password_fits_its_hash_and_no_other_does(passwords: Passwords) -> None:
    kept = await passwords.hash("correct horse")
    assert "correct" not in kept
    assert await passwords.verify("correct horse", kept) == (True, None)
    assert await passwords.verify("Correct horse", kept) == (False, None)


async def test_nobodys_password_fits_nobody(passwords: Passwords) -> None:
    assert await passwords.verify("nobody's password", None) == (False, None)


async def test_a_hash_made_cheaply_is_made_anew(passwords: Passwords) -> None:
    kept = await passwords.hash("correct horse")
    fits, better = await Passwords().verify("correct horse", kept)
    assert fits
    assert better is not None
    assert "m=65536" in better


async def test_a_queue_that_is_too_long_turns_away_at_once(passwords: Passwords) -> None:
    room = AT_ONCE + WAITING
    outcomes = await asyncio.gather(
        *(passwords.verify("x", None) for _ in range(room + 3)), return_exceptions=True
    )
    assert [type(one) for one in outcomes[room:]] == [Overloaded] * 3
    assert outcomes[:room] == [(False, None)] * room
    assert await passwords.verify("x", None) == (False, None)
