"""The demonstration between provinces: accepted in Beijing, carried out in Guangdong, by way of headquarters."""

import json

from joserfc.jwk import ECKey

from deploy.demo.counter import (
    FORWARDS,
    ORDERS,
    PHYSICAL,
    PRODUCTS,
    SUBSCRIBER_VIEWS,
    SUBSCRIBERS,
    WRITINGS,
    Counter,
    replace_sim,
)
from deploy.demo.frame import Stage
from deploy.demo.opening import HOME, OWNER, STRANGER, gd
from libs.security.sealing import unseal

AWAY = "bj"


def bj(stage: Stage, role: str = "hall-clerk") -> Counter:
    return Counter(stage, AWAY, role)


async def subscriber_is_looked_at_in_beijing(stage: Stage) -> str:
    number = stage.kept["number"]
    seen = await bj(stage).get(f"{SUBSCRIBERS}/{number}")
    assert (seen["home"], seen["status"]) == (HOME, "active"), seen
    name = seen["owner"]["name"]
    assert name == OWNER.name[0] + "**", name
    permitted = [one["business"] for one in seen["permittedBusiness"]]
    assert "replace-sim" in permitted, permitted
    assert "terminate" not in permitted, "an end is asked for at home"
    balance = seen["account"]["balance"]["value"]
    views = await gd(stage, "auditor").get(SUBSCRIBER_VIEWS, number=number)
    assert [view["place"]["node"] for view in views] == [AWAY], views
    return f"{name}, {balance:.2f} yuan, {len(permitted)} businesses; Guangdong keeps who looked"


async def card_is_replaced_in_beijing(stage: Stage) -> str:
    counter, number = bj(stage), stage.kept["number"]
    card = await counter.card("blank")
    order = await counter.post(
        ORDERS, replace_sim(number, card, await counter.check(OWNER), await counter.pay(10.00))
    )
    ended = await counter.ended(order["id"])
    assert ended["state"] == "completed", ended.get("failure")
    state = await counter.resource_state(PHYSICAL, card)
    assert state == "bound", state
    (product,) = await gd(stage).get(PRODUCTS, productSerialNumber=number)
    cards = [
        one["value"] for one in product["realizingResource"] if one["@referredType"] == "PhysicalResource"
    ]
    assert cards == [card], cards
    retired = await gd(stage).resource_state(PHYSICAL, stage.kept["first-card"])
    assert retired == "retired", retired
    stage.kept |= {"second-order": order["id"], "second-card": card}
    return f"{number} answers to Beijing's card …{card[-6:]}; Guangdong's first card is retired"


async def card_is_written_in_beijing(stage: Stage) -> str:
    """Home's profile reached the counter sealed; only the card writer can read it."""
    counter, writer = bj(stage), ECKey.generate_key("P-256", {"kid": "writer-1"})
    body = {"order": stage.kept["second-order"], "writerKey": writer.as_dict(private=False)}
    given = await counter.post(WRITINGS, body)
    profile = json.loads(unseal(given["writeData"], {"writer-1": writer}))
    assert profile["iccid"] == stage.kept["second-card"], profile["iccid"]
    (product,) = await gd(stage).get(PRODUCTS, productSerialNumber=stage.kept["number"])
    assert profile["ki"] not in str(product), "the ki is shown"
    await counter.post(f"{WRITINGS}/{given['id']}/confirm", None, expect=200)
    codes = await counter.refused(WRITINGS, body, status=409)
    return (
        f"IMSI {profile['imsi'][:5]}… for the card writer's eyes only; after its confirmation 409 {codes[0]}"
    )


async def number_is_paid_for_in_beijing(stage: Stage) -> str:
    counter = bj(stage)
    payment = await counter.pay(50.00, f"tel:+86{stage.kept['number']}")
    paid = await counter.settled(payment)
    assert paid["status"] == "done", paid["status"]
    return "50.00 collected in Beijing, posted in Guangdong"


async def stranger_gets_no_card(stage: Stage) -> str:
    counter, number = bj(stage), stage.kept["number"]
    card = await counter.card("blank")
    order = await counter.post(ORDERS, replace_sim(number, card, await counter.check(STRANGER)))
    ended = await counter.ended(order["id"])
    assert ended["state"] == "rejected", ended["state"]
    why = ended["failure"][0]
    assert (why["code"], why["node"]) == ("identity-mismatch", HOME), why
    state = await counter.resource_state(PHYSICAL, card)
    assert state == "in-stock", state
    return f"rejected by {why['node']}: {why['code']}; the card is in stock again"


async def _refused_number(stage: Stage, number: str, code: str) -> str:
    counter = bj(stage)
    card = await counter.card("blank")
    order = await counter.post(ORDERS, replace_sim(number, card, await counter.check(OWNER)))
    ended = await counter.ended(order["id"])
    codes = [reason["code"] for reason in ended["failure"]]
    assert (ended["state"], codes) == ("rejected", [code]), (ended["state"], codes)
    state = await counter.resource_state(PHYSICAL, card)
    assert state == "in-stock", state
    return f"rejected: {ended['failure'][0]['reason']}"


async def number_of_another_operator(stage: Stage) -> str:
    return await _refused_number(stage, "13800138000", "number-not-ours")


async def number_that_nobody_has(stage: Stage) -> str:
    return await _refused_number(stage, "13000400398", "number-unknown")


async def token_of_beijing_is_worth_nothing_in_guangdong(stage: Stage) -> str:
    headers = await stage.signed_in(AWAY, "hall-clerk")
    answer = await stage.clients[HOME].get(ORDERS, headers=headers)
    assert answer.status_code == 401, answer.status_code
    return f"401 {answer.json()['code']}"


async def guangdong_is_away_for_a_while(stage: Stage) -> str:
    counter, number = bj(stage), stage.kept["number"]
    check, money = await counter.check(OWNER), await counter.pay(10.00)
    card = await counter.card("blank")
    stage.fleet.kill(HOME)
    order = await counter.post(ORDERS, replace_sim(number, card, check, money))
    # HQ has passed it on, and nobody takes it: the ledger says so.
    ledger = Counter(stage, "hq", "hq-operator")
    under_way = await ledger.some(FORWARDS, origin=AWAY, state="sent")
    seen = (await counter.get(f"{ORDERS}/{order['id']}"))["state"]
    assert seen in ("acknowledged", "inProgress"), seen
    await stage.fleet.revive(HOME)
    ended = await counter.ended(order["id"])
    assert ended["state"] == "completed", ended.get("failure")
    (product,) = await gd(stage).get(PRODUCTS, productSerialNumber=number)
    assert card in str(product["realizingResource"]), "the card did not change"
    return f"{seen} while Guangdong was down ({len(under_way)} under way at HQ), completed when it came back"


async def headquarters_shows_every_hop(stage: Stage) -> str:
    ledger = Counter(stage, "hq", "hq-operator")
    forwards = await ledger.get(FORWARDS, origin=AWAY, business="replace-sim", outcome="completed")
    assert len(forwards) == 2, f"{len(forwards)} completed replacements in the ledger"
    whole = await ledger.get(f"{FORWARDS}/{forwards[-1]['id']}")
    hops = [f"{hop['direction']} {hop['node']}" for hop in whole["hop"]]
    assert hops == [f"up {AWAY}", f"down {HOME}", f"up {HOME}", f"down {AWAY}"], hops
    return f"{len(forwards)} replacements; hops: {' → '.join(hops)}"
