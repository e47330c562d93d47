"""How a ki leaves the service, and how one comes in for writing: sealed, and encrypted; in clear only in memory."""

import json
from typing import TYPE_CHECKING

from contracts.steps import AllocateProfile, ProfileAllocated
from libs.json_text import json_bytes
from libs.security.errors import Undecipherable
from libs.security.sealing import seal, unseal
from services.resource.tasks.rules import Profile

if TYPE_CHECKING:
    from libs.service import Runtime

PRODUCTION = "production"


class Secrets:
    """The keys of this node, and of those for whom it seals."""

    def __init__(self, runtime: "Runtime") -> None:
        self._runtime = runtime

    def allocated(self, profile: Profile, wanted: AllocateProfile) -> ProfileAllocated:
        """The allocation as it travels. A personalised card carries its profile: nobody has to write it.

        Raises KeyMissing where the key of production or of the node that reads is not known.
        """
        ki = self._runtime.cipher.decrypt(profile.ki)
        reader = None if wanted.kind == "personalised" else wanted.seal_for
        return ProfileAllocated(
            profile=profile.id,
            imsi=profile.imsi,
            sealed_for_production=self._seal({"imsi": profile.imsi, "ki": ki}, PRODUCTION),
            sealed_for_writer=self._seal({"imsi": profile.imsi, "ki": ki, "iccid": wanted.iccid}, reader)
            if reader
            else None,
        )

    def kept_for_writer(self, sealed: str, iccid: str) -> str:
        """What came sealed for this node, encrypted for keeping.

        Raises KeyMissing, or Undecipherable for what does not open or belongs to another card.
        """
        content = unseal(sealed, self._runtime.keys.sealing).decode()
        if json.loads(content).get("iccid") != iccid:
            raise Undecipherable("the data is for another card")
        return self._runtime.cipher.encrypt(content)

    def _seal(self, content: dict[str, str], reader: str) -> str:
        return seal(json_bytes(content), self._runtime.keys.recipient(reader))
