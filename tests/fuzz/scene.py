"""A service at a node that messages are sent to: what all have in common."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random

from pydantic import BaseModel

from libs.clock import accounting_day
from libs.messaging.envelope import headers, type_of
from tests.fuzz.examples import Examples, Json
from tests.fuzz.spoiling import Headers, Word
from tests.running import RunningService

Send = Callable[[list[Word]], Awaitable[None]]


class Scene:
    """A running service. `good` draws messages as its neighbours send them; `about` is what some are about."""

    def __init__(self, running: RunningService, random: Random) -> None:
        self.running = running
        self.node = running.node
        self.random = random
        self.now = running.clock.now()
        self.examples = Examples(random, self.now)

    async def prepare(self, send: Send) -> None:
        """Let the service know what messages will be about; `send` returns when all of them are taken in."""

    def good(self, topic: str, model: type[BaseModel], *, about_known: bool = False) -> Word:
        """One that is taken in; with `about_known` about a record that the service may have, for better or worse."""
        data = self.examples.of(model, **self.given(topic, model, about_known))
        return self.word(topic, model, data, what="a good one")

    def word(self, topic: str, model: type[BaseModel], data: Json, *, what: str) -> Word:
        made = model.model_validate(data)
        return Word(
            what,
            model,
            topic,
            _key(data).encode(),
            made.model_dump_json(by_alias=True).encode(),
            self._headers(topic, model),
            "done",
            harmless=False,
        )

    def given(self, topic: str, model: type[BaseModel], about_known: bool) -> Json:
        """What a message of this topic has to say to be lawful, by the names that travel."""
        return {}

    def source(self, topic: str) -> str:
        """Who writes on a topic."""
        return f"/{topic.split('.', 1)[0]}/order-acceptance"

    def stranger(self, word: Word) -> str | None:
        """Who does not write there, and is refused for it; None where every service of the node may."""
        return None

    def foreign_data(self, word: Word) -> Json | None:
        """What only another node could say."""
        return None

    def _headers(self, topic: str, model: type[BaseModel]) -> Headers:
        return headers(
            id=self.examples.identifier(),
            type=type_of(model),
            source=self.source(topic),
            subject=None,
            time=self.now,
            traceparent=None,
        )

    def acceptance(self, node: str) -> Json:
        at = self.now.isoformat()
        return {"node": node, "issuer": f"http://{node}.unicrm.test", "actor": "clerk-7", "at": at}

    def deadline(self, **ahead: int) -> str:
        return (self.now + timedelta(**(ahead or {"hours": 72}))).isoformat()

    @property
    def today(self) -> str:
        return accounting_day(self.now).isoformat()


def _key(data: Json) -> str:
    """As the contracts say: the work order, the number, the record, or the node."""
    names = ("workOrder", "number", "originTransaction", "id", "node")
    # A page of a publication has its name for a key.
    return next((str(data[name]) for name in names if data.get(name)), "publication")
