"""`unicrm rebuild`: ask a running service to rebuild a projection, and tell how far it is until it is done."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

from deploy import services
from deploy.cli.nodes import Node
from deploy.local.trouble import Trouble
from libs.asking import Asker, NotAnswering
from libs.ids import new_id
from libs.security.keys import Keys

PATIENCE = 30
"""Askings without an answer, a second apart, after which the command gives up; the job itself goes on."""


def projection_of(target: str) -> tuple[str, str]:
    """Service and projection of `<service>.<projection>`. Raises Trouble, with all that there are."""
    name, _, projection = target.partition(".")
    found = {
        f"{service.name}.{copies.name}": (service.name, copies.name)
        for service in map(services.service, services.packages())
        for copies in service.projections
    }
    try:
        return found[f"{name.replace('_', '-')}.{projection}"]
    except KeyError:
        raise Trouble(f"There is no projection {target!r}; there are {', '.join(sorted(found))}.") from None


async def rebuild(node: Node, target: str, say: Callable[[str], None], http: httpx.AsyncClient) -> None:
    """Have it done, and return when it is. Raises Trouble where the node does not answer."""
    service, projection = projection_of(target)
    asker = Asker(service, node.url, Keys.load(node.keys), node.clock, http)
    path = f"/api/{service}/v1/rebuilds"
    try:
        job = await asker.post(path, {"projection": projection}, key=new_id())
    except NotAnswering as error:
        raise Trouble(f"{node.code} cannot be asked: {error}") from None
    said, silent = "", 0
    while True:
        if (line := line_of(target, job)) != said:
            say(said := line)
        if job["state"] == "done":
            return
        await asyncio.sleep(0.5)
        try:
            job = await asker.get(f"{path}/{job['id']}") or job
            silent = 0
        except NotAnswering as error:
            silent += 1
            if silent == PATIENCE:
                raise Trouble(f"{node.code} does not answer any more ({error}); ask again later.") from None


def line_of(target: str, job: dict[str, Any]) -> str:
    """How far a job is, as a line."""
    match job["state"]:
        case "doubting":
            text = "every copy is doubted"
        case "republishing":
            text = f"the owner republishes, {job['sent']} of {job['records']} sent"
        case "catching-up":
            text = f"{job['sent']} records were sent and are taken in"
        case "settling":
            text = f"the owner is asked for what is still doubted: {job['mended']} mended, {job['removed']} removed"
        case _:
            text = f"done: {job['sent']} records, {job['mended']} mended by asking, {job['removed']} removed"
    waits = f" (waits: {job['trouble']})" if job.get("trouble") else ""
    return f"{target}: {text}{waits}"
