"""An operator finds what a service gave up, mends it and has it taken in, from the command line."""

import json
from collections.abc import AsyncIterator
from io import StringIO
from typing import Any

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner

from contracts.events import OfferingChanged
from deploy.cli import letters
from deploy.cli.main import app
from deploy.cli.nodes import Node
from deploy.cli.operator import Operator, known_user
from deploy.local.trouble import Trouble
from libs.ids import new_id
from libs.messaging.envelope import headers
from services.access.app import SERVICE as ACCESS
from services.access.operators.seed import development_password
from services.customer.app import SERVICE as CUSTOMER
from services.order_acceptance.app import SERVICE as ACCEPTANCE
from services.product.app import SERVICE as PRODUCT
from services.resource.app import SERVICE as RESOURCE
from tests.engines import eventually
from tests.running import Bench, RunningService, random_mark


class Stage:
    """Guangdong with all its services, and a supervisor at a terminal."""

    def __init__(self, acceptance: RunningService, node: Node, http: httpx.AsyncClient) -> None:
        self.acceptance = acceptance
        self.node = node
        self.http = http

    async def supervisor(self, user: str = "supervisor") -> Operator:
        return await Operator.signed_in(self.node, user, development_password("gd", user), self.http)

    async def died(self, offering: str) -> str:
        """The id of the dead letter of an event that could not be read."""
        made = headers(
            id=new_id(),
            type=OfferingChanged.ce_type,
            source="/gd/product",
            subject=offering,
            time=self.acceptance.clock.now(),
            traceparent=None,
        )
        await self.acceptance.topics.put_raw("gd.product.events", offering, b"{}", made)
        found = "SELECT id FROM dead_letters WHERE key = $1"
        return str(await eventually(lambda: self.acceptance.db.fetchval(found, offering)))

    def whole(self, offering: str) -> str:
        told = OfferingChanged.model_validate(
            {
                "id": offering,
                "version": 1,
                "name": "mended",
                "kind": "plan",
                "lifecycleStatus": "Launched",
                "record": {},
                "at": self.acceptance.clock.now(),
            }
        )
        return told.model_dump_json(by_alias=True)


@pytest.fixture(scope="module")
async def stage(bench: Bench) -> AsyncIterator[Stage]:
    prefix = f"{random_mark()}."
    async with (
        bench.running(ACCESS, topic_prefix=prefix) as access,
        bench.running(PRODUCT, topic_prefix=prefix, clock=access.clock),
        bench.running(CUSTOMER, topic_prefix=prefix, clock=access.clock),
        bench.running(RESOURCE, topic_prefix=prefix, clock=access.clock),
        bench.running(ACCEPTANCE, topic_prefix=prefix, clock=access.clock) as acceptance,
        httpx.AsyncClient(transport=bench.neighbours(prefix)) as http,
    ):
        assert ACCESS.seed is not None
        await ACCESS.seed(access.runtime)
        node = Node("gd", access.settings.public_url, bench.keys / "gd", access.clock)
        yield Stage(acceptance, node, http)
    await bench.remove_topics(prefix)


async def test_a_letter_is_found_shown_mended_and_replayed(stage: Stage) -> None:
    operator, offering = await stage.supervisor(), new_id()
    id = await stage.died(offering)
    found = await letters.listed(operator, None, "dead", 20)
    assert [(one["service"], one["id"], one["reason"]) for one in found if one["key"] == offering] == [
        ("order-acceptance", id, "unparsable")
    ]
    assert "payload" not in await letters.shown(operator, "order-acceptance", id, None)
    assert (await letters.shown(operator, "order_acceptance", id, "fraud"))["payload"] == {}
    (failed,) = (await letters.replayed(operator, "order-acceptance", [id])).values()
    assert failed.startswith("409: replay-failed: ")
    await letters.mended(operator, "order-acceptance", id, stage.whole(offering))
    assert await letters.replayed(operator, "order-acceptance", [id]) == {id: "replayed"}
    name = "SELECT record ->> 'name' FROM known_offerings WHERE id = $1"
    assert await stage.acceptance.db.fetchval(name, offering) == "mended"
    (again,) = (await letters.replayed(operator, "order-acceptance", [id])).values()
    assert again.startswith("409: dead-letter-replayed: ")
    assert id in [one["id"] for one in await letters.listed(operator, "order-acceptance", "all", 100)]
    assert id not in [one["id"] for one in await letters.listed(operator, "order-acceptance", "dead", 100)]


async def test_one_that_fails_holds_up_none_behind_it(stage: Stage) -> None:
    operator, offering = await stage.supervisor(), new_id()
    bad, good = await stage.died(new_id()), await stage.died(offering)
    await letters.mended(operator, "order-acceptance", good, stage.whole(offering))
    ends = await letters.replayed(operator, "order-acceptance", [bad, good, "nothing"])
    assert [end.split(":")[0] for end in ends.values()] == ["409", "replayed", "404"]


async def test_who_may_not_and_what_is_wrong_is_one_sentence(stage: Stage) -> None:
    operator = await stage.supervisor()
    id = await stage.died(new_id())
    with pytest.raises(Trouble, match="does not let 'nobody' in"):
        await Operator.signed_in(stage.node, "nobody", "x", stage.http)
    clerk = await stage.supervisor("clerk")
    with pytest.raises(Trouble, match="403: forbidden"):
        await letters.listed(clerk, "order-acceptance", "dead", 20)
    with pytest.raises(Trouble, match="gd has no hq-router; it has access, "):
        await letters.listed(operator, "hq-router", "dead", 20)
    for payload in ("{", "[]"):
        with pytest.raises(Trouble, match="no JSON"):
            await letters.mended(operator, "order-acceptance", id, payload)
    with pytest.raises(Trouble, match="404: not-found"):
        await letters.shown(operator, "order-acceptance", "nothing", None)


async def test_what_is_printed_names_what_an_operator_needs(stage: Stage) -> None:
    operator = await stage.supervisor()
    id = await stage.died(new_id())
    written = StringIO()
    console = Console(file=written, width=250)
    letters.show_list(await letters.listed(operator, None, "dead", 100), console)
    letters.show_one(await letters.shown(operator, "order-acceptance", id, "fraud"), console)
    letters.show_list([], console)
    text = written.getvalue()
    assert id in text
    assert "unparsable" in text
    assert "payload:" in text
    assert "No dead letters." in text


def test_a_local_fleet_has_an_operator_and_another_node_asks_for_one(stage: Stage) -> None:
    users: tuple[dict[str, Any], ...] = (
        {"username": "clerk", "password": "a", "roles": ["hall-clerk"]},
        {"username": "boss", "password": "b", "roles": ["supervisor"]},
    )
    fleet = Node("gd", "http://x", stage.node.keys, stage.node.clock, users)
    assert known_user(fleet) == ("boss", "b")
    assert known_user(stage.node) is None


def test_without_a_node_the_command_says_what_to_give(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    from deploy.cli import nodes

    for name in ("UNICRM_NODE", "UNICRM_SETTINGS_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(nodes, "LOCAL", tmp_path)
    for command in (["dead-letters", "list"], ["rebuild", "order-acceptance.known_offerings"]):
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 1
        assert "Give the settings of a node" in result.output
    page = {"nodes": {"gd": {"url": "http://127.0.0.1:9", "users": []}}}
    (tmp_path / "fleet.json").write_text(json.dumps(page))
    result = CliRunner().invoke(app, ["dead-letters", "list"])
    assert "Say which node with --node: gd." in result.output
    result = CliRunner().invoke(app, ["dead-letters", "list", "--node", "gd"])
    assert "Say with --user who signs in." in result.output
