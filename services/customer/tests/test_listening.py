"""Whoever listens hears of parties, customers and accounts, with everything personal masked."""

import json
from typing import Any

from services.customer.accounts.api import BILLING_ACCOUNTS
from services.customer.customers.api import CUSTOMERS
from services.customer.parties.api import BASE as PARTIES
from services.customer.tests.hall import ACCOUNT, CUSTOMER, INDIVIDUAL, PHONE, Hall
from tests.engines import eventually
from tests.listening import told


async def test_a_party_is_told_masked_until_it_is_gone(hall: Hall) -> None:
    async with told(hall.service, PARTIES) as listener:
        id = await hall.individual()
        shown = (await hall.get(f"{INDIVIDUAL}/{id}")).json()
        another = [{"mediumType": "mobile", "characteristic": {"phoneNumber": "13012995678"}}]
        changed = await hall.patch(f"{INDIVIDUAL}/{id}", {"contactMedium": another})
        assert changed.status_code == 200, changed.text
        same = await hall.patch(
            f"{INDIVIDUAL}/{id}",
            {"contactMedium": [{"mediumType": "mobile", "characteristic": {"phoneNumber": "13013335678"}}]},
        )
        assert same.json() == changed.json(), "two numbers of which the same is shown"
        assert (await hall.delete(f"{INDIVIDUAL}/{id}")).status_code == 204
        await eventually(lambda: len(listener.taken) == 4)
        assert listener.types() == [
            "IndividualCreateEvent",
            "IndividualAttributeValueChangeEvent",
            "IndividualAttributeValueChangeEvent",
            "IndividualDeleteEvent",
        ]
        assert listener.taken[0]["event"]["individual"] == shown
        assert "fieldPath" not in listener.taken[2]
        sent = json.dumps(listener.heard)
        assert PHONE not in sent
        assert "130****5678" in sent


async def test_a_customer_and_an_account_are_told_in_the_words_of_their_documents(hall: Hall) -> None:
    async with (
        told(hall.service, CUSTOMERS.base) as customers,
        told(hall.service, BILLING_ACCOUNTS.base) as accounts,
    ):
        customer = await hall.customer()
        account = await hall.account(customer)
        await hall.patch(f"{CUSTOMER}/{customer}", {"name": "张三丰"})
        renamed = await hall.patch(f"{ACCOUNT}/{account}", {"description": "for the family"})
        assert renamed.status_code == 200, renamed.text
        await eventually(lambda: len(customers.taken) == 2 and len(accounts.taken) == 1)
        assert customers.types() == ["CustomerCreateEvent", "CustomerAttributeValueChangeEvent"]
        assert accounts.types() == ["BillingAccountAttributeValueChangeEvent"]
        told_of: dict[str, Any] = accounts.taken[0]
        assert told_of["payload"] == told_of["event"] == {"billingAccount": renamed.json()}


async def test_an_account_manager_hears_of_the_customers_in_his_care_alone(hall: Hall) -> None:
    async with (
        told(hall.service, CUSTOMERS.base, "", "account-manager", subject="m-1", area="020") as his,
        told(hall.service, CUSTOMERS.base) as all_of_them,
    ):
        mine = await hall.customer(role="account-manager", claims={"subject": "m-1"})
        await hall.customer()
        await eventually(lambda: len(all_of_them.taken) == 2)
        await eventually(lambda: his.taken)
        assert {one["event"]["customer"]["id"] for one in his.heard} == {mine}
