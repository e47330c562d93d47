"""A billing account as it looks when a work order opens it: in the owner's name, nothing else agreed yet."""

from datetime import datetime

from libs.json_text import json_text
from libs.tmf import moment
from services.customer.accounts.rules import ACTIVE, CUSTOMER_ROLE, CUSTOMER_TYPE


def account_document(id: str, customer: str, name: str, now: datetime) -> str:
    """Its representation (TMF666), as JSON."""
    return json_text(
        {
            "id": id,
            "name": name,
            "state": ACTIVE,
            "lastModified": moment(now),
            "relatedParty": [
                {"id": customer, "role": CUSTOMER_ROLE, "name": name, "@referredType": CUSTOMER_TYPE}
            ],
            "@type": "BillingAccount",
        },
    )
