"""What an offering is to whoever takes an order for it: asked by the fleet's own services."""

from contracts.events import OfferingChanged
from libs.security.roles import SERVICE, Roles
from libs.web import codes
from libs.web.call import Answer, Call
from libs.web.errors import Reason, Refusal
from libs.web.routes import Routes
from services.product.facts.store import told

ROUTES = Routes(prefix="/api/product/v1/facts", tag="Facts of the catalogue")


@ROUTES.get("/offerings/{id}", allow=Roles(SERVICE), answer=OfferingChanged)
async def retrieve_offering_facts(call: Call[None]) -> Answer:
    """The newest event of an offering, as it was told on the topic of events."""
    found = await told(call.runtime.db, call.path["id"])
    if found is None:
        raise Refusal(Reason(codes.NOT_FOUND))
    return Answer(200, found)
