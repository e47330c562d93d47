"""What all ways of taking stock in have in common: who may, the shape of the answer, and the names of things."""

from typing import Annotated, Any
from uuid import NAMESPACE_URL, uuid5

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from libs.security.bounds import bounds
from libs.security.roles import MIGRATION, SUPERVISOR, Roles
from libs.web.call import Call
from libs.web.errors import Reason, Refusal
from services.resource import errors
from services.resource.inventory.areas import holds

KEEPERS = Roles(SUPERVISOR, MIGRATION)
CONFIG = ConfigDict(alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True, extra="forbid")
AreaCode = Annotated[str, StringConstraints(pattern=r"^0[0-9]{2,3}$")]


class TakenIn(BaseModel):
    """What came of taking stock in."""

    model_config = CONFIG

    taken_in: int = Field(description="new here")
    already_known: int = Field(description="left as they were")


def id_of(category: str, value: str) -> str:
    """The id of a number or card: the same wherever and however often it is taken in."""
    return str(uuid5(NAMESPACE_URL, f"unicrm:{category}:{value}"))


def check_area(call: Call[Any], area: str, path: str = "area") -> None:
    """Raises Refusal 400 area-not-here for an area of another province, 403 not-yours outside of the actor's bounds."""
    if not holds(call.runtime.settings.node, area):
        raise Refusal(Reason(errors.AREA_NOT_HERE, path=path, area=area))
    if bounds(call.actor).area not in (None, area):
        raise Refusal(Reason(errors.NOT_YOURS, path=path, area=area))
