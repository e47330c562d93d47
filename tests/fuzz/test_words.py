"""What consumers do with messages that nobody should send: each is put aside with a reason and is in nobody's way."""

import os

import pytest

from deploy import services
from tests.fuzz.scenes import SCENES
from tests.fuzz.words import listeners, send_to
from tests.running import Bench

MESSAGES = int(os.environ.get("UNICRM_FUZZ_MESSAGES", "4000"))
SEED = int(os.environ.get("UNICRM_FUZZ_SEED", "1"))


def test_every_service_that_listens_is_sent_bad_messages() -> None:
    assert {package for package in services.packages() if services.service(package).handles} == set(SCENES)


@pytest.mark.parametrize(("package", "node"), listeners())
async def test_a_bad_message_is_put_aside_with_a_reason_and_is_in_nobodys_way(
    bench: Bench, package: str, node: str
) -> None:
    judged = await send_to(bench, package, node, MESSAGES // len(listeners()), SEED)
    assert judged.wrong == [], f"{judged}\n" + "\n".join(judged.wrong[:60])
