"""Which addresses listeners may have."""

from ipaddress import ip_address

import pytest

from libs.tmf.hub.callbacks import Permitted


def admits(allowed: str, host: str, *addresses: str, development: bool = False) -> bool:
    entries = [entry for entry in allowed.split(",") if entry]
    permitted = Permitted.of(entries, development=development)
    return permitted.admits(host, [ip_address(one) for one in addresses or (host,)])


@pytest.mark.parametrize(
    ("allowed", "host", "addresses", "expected"),
    [
        ("", "partner.example.com", ("93.184.216.34",), True),
        ("", "partner.example.com", ("2606:2800:220:1::1",), True),
        ("", "partner.example.com", ("93.184.216.34", "10.0.0.1"), False),
        ("", "inside", ("192.168.0.1",), False),
        ("", "inside", ("100.64.0.1",), False),
        ("", "meta", ("169.254.169.254",), False),
        ("", "v6", ("fe80::1",), False),
        ("", "wrapped", ("::ffff:10.0.0.1",), False),
        ("", "wrapped", ("2002:0a00:0001::1",), False),
        ("", "self", ("127.0.0.1",), False),
        ("10.20.0.0/16", "inside", ("10.20.3.4",), True),
        ("10.20.0.0/16", "inside", ("10.21.3.4",), False),
        ("10.20.0.0/16", "partner.example.com", ("93.184.216.34",), False),
        ("10.20.0.0/16", "wrapped", ("::ffff:10.20.0.1",), True),
        ("billing.corp", "billing.corp", ("10.9.9.9",), True),
        ("billing.corp", "BILLING.corp.", ("10.9.9.9",), True),
        ("billing.corp", "evil.corp", ("10.9.9.9",), False),
        ("127.0.0.0/8", "self", ("127.0.0.1",), True),
    ],
)
def test_where_a_listener_may_be(allowed: str, host: str, addresses: tuple[str, ...], expected: bool) -> None:
    assert admits(allowed, host, *addresses) is expected


def test_this_machine_is_for_development() -> None:
    assert admits("", "localhost", "127.0.0.1", "::1", development=True)
    assert not admits("", "inside", "10.0.0.1", development=True)


def test_an_entry_that_is_no_network_is_not_taken_for_a_host() -> None:
    with pytest.raises(ValueError, match="neither"):
        Permitted.of(["10.0.0.0/33"], development=False)
