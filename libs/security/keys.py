"""The keys of a node: files made before it starts, read once, rotated by putting a new key in front.

One folder a node, each file `{"keys": [JWK, …]}`, the first key in use, the others kept for what was made
with them: `signing.json` (ES256, of the issuer), `sealing.json` (ECDH), `field.json` (AES-256, personal data
at rest), `digest.json` (HMAC, the same in the whole fleet), `clients.json` (from which the services' own
secrets come). What others may know is in `public/<node>.json`, beside the node's files or beside its folder:
the public halves, `use` telling them apart; it serves as a JWKS file too.
"""

import hashlib
import hmac
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from libs.security.errors import KeyMissing

CURVE = "P-256"


@dataclass(frozen=True, slots=True)
class Secret:
    """A symmetric key with its id."""

    kid: str
    octets: bytes = field(repr=False)


@dataclass(frozen=True)
class Keys:
    """What one node holds. A file that is not there is missed only when it is asked for: not every process
    needs every key. Raises KeyMissing then, ValueError for a file that cannot be read as keys.
    """

    folder: Path

    @classmethod
    def load(cls, folder: Path) -> "Keys":
        """The keys in a node's folder. Every file that is there is read now, so that a broken one is seen at
        start.

        Raises FileNotFoundError without the folder, ValueError for a file that holds no keys.
        """
        if not folder.is_dir():
            raise FileNotFoundError(f"no keys at {folder}")
        keys = cls(folder)
        for name in ("signing", "sealing", "field", "digest", "clients"):
            if (folder / f"{name}.json").exists():
                getattr(keys, name)
        return keys

    @cached_property
    def signing(self) -> Sequence[ECKey]:
        """The issuer's private keys: the first signs, all are published."""
        return self._curve_keys("signing")

    @cached_property
    def sealing(self) -> Mapping[str, ECKey]:
        """Private keys that open what was sealed for this node, by id."""
        return {str(key.kid): key for key in self._curve_keys("sealing")}

    @cached_property
    def field(self) -> Sequence[Secret]:
        """Keys of personal data at rest: the first encrypts, each decrypts its own."""
        return self._secrets("field")

    @cached_property
    def digest(self) -> Sequence[Secret]:
        """Keys of the fleet's digests: the first makes new ones."""
        return self._secrets("digest")

    @cached_property
    def clients(self) -> Sequence[Secret]:
        return self._secrets("clients")

    def client_secret(self, service: str) -> str:
        """The secret with which a service of this node asks for its token."""
        mac = hmac.digest(self.clients[0].octets, f"client\0{service}".encode(), hashlib.sha256)
        return urlsafe_b64encode(mac).rstrip(b"=").decode()

    def recipient(self, name: str) -> ECKey:
        """The public key for which to seal what only `name` (a node, an executor) may read.

        Raises KeyMissing where no such key is known. The file is read each time it changed: others rotate.
        """
        for place in self._public:
            # Asked for each sealed message: one look at the file, and no Path made for it.
            file = f"{place}/{name}.json"
            try:
                changed = os.stat(file).st_mtime_ns
            except (FileNotFoundError, NotADirectoryError):
                continue
            return _recipient(file, changed)
        raise KeyMissing(f"public/{name}")

    @cached_property
    def _public(self) -> tuple[str, str]:
        return str(self.folder / "public"), str(self.folder.parent / "public")

    def published(self) -> dict[str, list[dict[str, Any]]]:
        """The JWKS of the issuer: the public halves of all signing keys."""
        return {"keys": [public_jwk(key) for key in self.signing]}

    def _curve_keys(self, name: str) -> list[ECKey]:
        return [curve_key(jwk) for jwk in self._read(name)]

    def _secrets(self, name: str) -> list[Secret]:
        return [Secret(str(jwk["kid"]), decode_octets(jwk["k"])) for jwk in self._read(name)]

    def _read(self, name: str) -> list[dict[str, Any]]:
        return read_key_file(self.folder / f"{name}.json")


def read_key_file(file: Path) -> list[dict[str, Any]]:
    """The JWKs of a file. Raises KeyMissing without the file, ValueError without a key in it."""
    try:
        found = list(json.loads(file.read_text())["keys"])
    except FileNotFoundError as error:
        raise KeyMissing(file.name) from error
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{file} is no key file") from error
    if not found:
        raise ValueError(f"{file} has no key")
    return found


def curve_key(jwk: Mapping[str, Any]) -> ECKey:
    """A P-256 key of a JWK. Raises ValueError for any other, or one without an id."""
    if jwk.get("kty") != "EC" or jwk.get("crv") != CURVE or not isinstance(jwk.get("kid"), str):
        raise ValueError("expected an EC key on P-256 with a kid")
    return ECKey.import_key(dict(jwk))


def public_jwk(key: ECKey) -> dict[str, Any]:
    return dict(key.as_dict(private=False))


def decode_octets(text: str) -> bytes:
    """The 32 bytes of an oct JWK's `k`. Raises ValueError for another length."""
    octets = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if len(octets) != 32:
        raise ValueError("a key has 32 bytes")
    return octets


_RECIPIENTS: dict[tuple[str, int], ECKey] = {}


def _recipient(file: str, changed: int) -> ECKey:
    known = _RECIPIENTS.get((file, changed))
    if known is None:
        sealing = [jwk for jwk in read_key_file(Path(file)) if jwk.get("use") == "enc"]
        if not sealing:
            raise KeyMissing(f"public/{Path(file).name}")
        known = _RECIPIENTS[file, changed] = curve_key(sealing[0])
    return known
