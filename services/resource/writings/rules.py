"""The key of a card writer: public, on P-256."""

from base64 import urlsafe_b64decode
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicNumbers


class WriterKeyInvalid(ValueError):
    """Not a public key on P-256, or a private one."""


def check_writer_key(jwk: Mapping[str, object]) -> None:
    """Let a public EC key on P-256 through.

    Raises WriterKeyInvalid for any other, for a point that is not on the curve, and for a private key: nobody may
    send us one.
    """
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256" or "d" in jwk:
        raise WriterKeyInvalid("a public EC key on P-256 is wanted")
    try:
        x, y = (int.from_bytes(_octets(jwk.get(name)), "big") for name in ("x", "y"))
        EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
    except ValueError as error:
        raise WriterKeyInvalid(str(error)) from error


def _octets(value: object) -> bytes:
    if not isinstance(value, str):
        raise WriterKeyInvalid("a coordinate is missing")
    octets = urlsafe_b64decode(value + "=" * (-len(value) % 4))
    if len(octets) != 32:
        raise WriterKeyInvalid("a coordinate has 32 bytes")
    return octets
