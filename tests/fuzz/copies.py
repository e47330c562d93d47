"""Services of whose records headquarters publishes some."""

from pydantic import BaseModel

from contracts.customer_data import BranchesHeld, NationalCustomerChanged
from contracts.publications import CataloguePublished, PublicationHeld
from libs.node import HQ
from services.product.publishing.taking import SORTS
from tests.fuzz.examples import Json
from tests.fuzz.scene import Scene
from tests.fuzz.spoiling import Word


class Copies(Scene):
    """A service of whose records headquarters publishes some: pages down, and up how far a province has come."""

    def given(self, topic: str, model: type[BaseModel], about_known: bool) -> Json:
        if model is BranchesHeld:
            branches = [{"customer": self.examples.identifier(), "version": 1} for _ in range(3)]
            return {"node": topic.split(".", 1)[0], "branches": branches}
        if model is NationalCustomerChanged:
            return {}
        (publication,) = self.running.service.publications
        if model is PublicationHeld:
            return {"node": topic.split(".", 1)[0], "publication": publication.name, "conflicts": []}
        make = self._record if model is CataloguePublished else self._listed
        return {"after": 0, "records": [make() for _ in range(self.random.randint(0, 4))]}

    def source(self, topic: str) -> str:
        return f"/{HQ if '.downlink.' in topic else topic.split('.', 1)[0]}/{self.running.service.name}"

    def stranger(self, word: Word) -> str | None:
        return self.random.choice(["/sh/product", "/sh/order-acceptance", "hq/product"])

    def foreign_data(self, word: Word) -> Json | None:
        return {"node": "sh"} if word.model in (PublicationHeld, BranchesHeld) else None

    def _record(self) -> Json:
        sort, id = self.random.choice(sorted(SORTS)), self.examples.identifier()
        document = {"id": id, "name": f"x {id}", "lifecycleStatus": "Active"}
        kind = "plan" if sort == "offering" else None
        return {"id": id, "number": self._number(), "sort": sort, "kind": kind, "document": document}

    def _listed(self) -> Json:
        return {
            "id": self.examples.identifier(),
            "number": self._number(),
            "digests": [self.examples.identifier()],
            "identificationType": "resident-id",
            "shown": "440***********1254",
            "reason": "fraud",
            "removed": self.random.random() < 0.2,
            "created": self.now.isoformat(),
            "createdBy": "x",
        }

    def _number(self) -> int:
        return self.random.randrange(1, 2**50)
