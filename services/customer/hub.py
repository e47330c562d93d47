"""Who is told of parties, customers and accounts: the hubs of TMF632, TMF629 and TMF666."""

from libs.tmf.hub.declaration import ATTRIBUTE, STATE, Hub, Told
from services.customer.accounts.api import BILLING_ACCOUNTS
from services.customer.customers.api import CUSTOMERS
from services.customer.parties.api import BASE as PARTIES_BASE
from services.customer.parties.api import INDIVIDUALS, ORGANIZATIONS
from services.customer.personal.serving import MAY_READ

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
    tag="TMF666 Billing account",
    told=(
        # The document has neither an event for a new billing account nor one for its end.
        Told(resource=BILLING_ACCOUNTS, readers=MAY_READ, states=("state",), events=(ATTRIBUTE, STATE)),
    ),
    # TM Forum's rules call it `event`, and this document calls it `payload`.
    content=("event", "payload"),
)

HUBS = (PARTIES, CUSTOMER, ACCOUNTS)
