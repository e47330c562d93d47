"""The steps of the demonstration, in their order."""

from deploy.demo import closing, crossing, dated, groups, living, opening, operating, pricing
from deploy.demo.frame import Stage, Step


async def _nodes_are_ready(stage: Stage) -> str:
    ready = []
    for node, client in stage.clients.items():
        answer = await client.get("/health/ready")
        body = answer.json()
        failing = [name for name, outcome in body["checks"].items() if outcome != "ok"]
        assert answer.status_code == 200, f"{node} is not ready: {', '.join(failing)}"
        assert not failing, f"{node} says it is ready, and yet: {', '.join(failing)}"
        ready.append(f"{node} with {len({name.rpartition('.')[0] for name in body['checks']})} services")
    return ", ".join(ready)


STEPS: tuple[Step, ...] = (
    Step("Is every node ready?", _nodes_are_ready),
    Step("Guangdong: register a customer", opening.customer_is_registered),
    Step("Guangdong: hold a number like 130????02*", opening.number_is_reserved),
    Step("Guangdong: open an account, 100.00 paid at the counter", opening.account_is_opened),
    Step("The same request again, with the same key", opening.same_again_is_the_first_answer),
    Step("The same key with another body", opening.same_key_with_another_body_is_refused),
    Step("Beijing: a look at that subscriber before acting", crossing.subscriber_is_looked_at_in_beijing),
    Step("Beijing: a new SIM for that subscriber, with a blank card", crossing.card_is_replaced_in_beijing),
    Step("Beijing: the card writer gets what it needs", crossing.card_is_written_in_beijing),
    Step("Beijing: 50.00 for that number", crossing.number_is_paid_for_in_beijing),
    Step("Beijing: a new SIM, asked for by somebody else", crossing.stranger_gets_no_card),
    Step("Beijing: a number of another operator", crossing.number_of_another_operator),
    Step("Beijing: a number that nobody has", crossing.number_that_nobody_has),
    Step("Beijing: the phone is lost", living.phone_is_lost_in_beijing),
    Step("Guangdong: the phone is found again", living.phone_is_found_again),
    Step("Guangdong: another plan", living.plan_is_changed),
    Step("Beijing: another plan from the 1st, and second thoughts", dated.dated_order_is_cancelled_from_afar),
    Step("Beijing: the same once more, to be kept", dated.dated_order_waits, moves_clock=True),
    Step(
        "Headquarters: suspensions in Guangdong are switched off, and on",
        operating.business_is_switched_off_and_on,
    ),
    Step("Headquarters: one more option, for every province", pricing.option_is_launched_everywhere),
    Step("Guangdong: its own fee for a new card", pricing.province_asks_its_own_fee),
    Step("An option, ordered in Guangdong and given up in Beijing", living.option_comes_and_goes),
    Step("Guangdong: an order with three faults", opening.three_faults_are_told_at_once),
    Step("Guangdong: provisioning fails", opening.provisioning_fails_and_all_is_taken_back),
    Step("Headquarters: a national group", groups.group_is_registered),
    Step(
        "Headquarters: one subscription in Beijing and two in Guangdong for it",
        groups.group_is_opened_in_two_provinces,
    ),
    Step("Headquarters: the same, and Guangdong cannot", groups.province_that_refuses_undoes_the_other),
    Step("Guangdong: a wrong identity number", opening.bad_identity_number_stores_nothing),
    Step("Guangdong: a token of Beijing", crossing.token_of_beijing_is_worth_nothing_in_guangdong),
    Step(
        "Guangdong is killed while Beijing accepts an order for it, and comes back",
        crossing.guangdong_is_away_for_a_while,
    ),
    Step("Headquarters: the ledger", crossing.headquarters_shows_every_hop),
    Step(
        "Headquarters: the day closes, and both ends are compared",
        closing.day_is_reconciled,
        moves_clock=True,
    ),
    Step("The 1st comes: the plan of Beijing's order", dated.dated_order_is_carried_out, moves_clock=True),
    Step("Guangdong: the subscription ends", living.subscription_is_terminated),
)
