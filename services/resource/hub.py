"""Who is told of stock: TMF639's hub."""

from dataclasses import replace

from libs.security.roles import EVERYONE
from libs.tmf.hub.declaration import Hub, Told
from services.resource.inventory.api import BASE, LOGICAL, PHYSICAL, RESOURCE, TAG

_STATES = ("resourceStatus", "usageState", "administrativeState", "operationalState")

HUB = Hub(
    base=BASE,
    tag=TAG,
    told=(
        # The document has no events of logical resources: a number is told as the resource that it is as well. A card
        # is told as a physical resource, and not a second time.
        Told(
            resource=replace(RESOURCE, scope=LOGICAL.scope),
            readers=EVERYONE,
            states=_STATES,
            # Our own state is a characteristic: what shows in TM Forum's words shows there too.
            follows=frozenset({"resourceCharacteristic"}),
        ),
        Told(
            resource=PHYSICAL,
            readers=EVERYONE,
            states=_STATES,
            follows=frozenset({"resourceCharacteristic"}),
        ),
    ),
)
