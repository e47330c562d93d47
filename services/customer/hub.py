"""Who is told of parties, customers and accounts: the hubs of TMF632, TMF629 and TMF666."""

from libs.tmf.hub.declaration import ATTRIBUTE, STATE, Hub, Told
from services.customer.accounts.api import BILLING_ACCOUNTS
from services.customer.customers.api import CUSTOMERS
from services.customer.parties.api import BASE as PARTIES_BASE
from services.customer.parties.api import INDIVIDUALS, ORGANIZATIONS
from services.customer.personal.serving import MAY_READ
from services.customer.settling.api import FINANCIAL_ACCOUNTS, PARTY_ACCOUNTS, SETTLEMENT_ACCOUNTS

PARTIES = Hub(
    base=PARTIES_BASE,
    tag="TMF632 Party",
    told=tuple(
        Told(resource=resource, readers=MAY_READ, states=("status",))
        for resource in (INDIVIDUALS, ORGANIZATIONS)
    ),
)

CUSTOMER = Hub(
    base=CUSTOMERS.base,
    tag="TMF629 Customer",
    told=(
        Told(
            resource=CUSTOMERS,
            readers=MAY_READ,
            states=("status",),
            follows=frozenset({"statusReason"}),
        ),
    ),
)

ACCOUNTS = Hub(
    base=BILLING_ACCOUNTS.base,
    tag="TMF666 Account",
    told=(
        # The document has no events for the beginning and the end of these, and none at all for formats and cycles.
        *(
            Told(resource=resource, readers=MAY_READ, states=("state",), events=(ATTRIBUTE, STATE))
            for resource in (BILLING_ACCOUNTS, PARTY_ACCOUNTS, SETTLEMENT_ACCOUNTS)
        ),
        Told(resource=FINANCIAL_ACCOUNTS, readers=MAY_READ, states=("state",)),
    ),
    # TM Forum's rules call it `event`, and this document calls it `payload`.
    content=("event", "payload"),
)

HUBS = (PARTIES, CUSTOMER, ACCOUNTS)
