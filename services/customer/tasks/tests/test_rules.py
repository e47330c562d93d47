import pytest

from services.customer.tasks.rules import Account, Opening, Owner, judge_opening

OWNER = Owner("active", False, "张三", "020")
OPEN, NOTHING = Opening("open"), Opening("nothing")


def refused(code: str) -> Opening:
    return Opening("refuse", code)


@pytest.mark.parametrize(
    ("owner", "account", "expected"),
    [
        (OWNER, None, OPEN),
        (None, None, refused("customer-unknown")),
        (Owner("initialized", False, "张三", None), None, refused("customer-not-active")),
        (Owner("suspended", False, "张三", None), None, refused("customer-not-active")),
        (Owner("closed", False, "张三", None), None, refused("customer-not-active")),
        (Owner("active", True, "张三", None), None, refused("customer-blacklisted")),
        (OWNER, Account("c", "active", "w"), NOTHING),
        (Owner("suspended", True, "张三", None), Account("c", "active", "w"), NOTHING),
        (OWNER, Account("c", "closed", "w"), refused("account-closed")),
        (OWNER, Account("c", "active", None), refused("account-taken")),
        (OWNER, Account("c", "active", "another"), refused("account-taken")),
        (OWNER, Account("another", "active", "w"), refused("account-taken")),
    ],
)
def test_the_owners_word_counts(owner: Owner | None, account: Account | None, expected: Opening) -> None:
    assert judge_opening("c", "w", owner, account) == expected
