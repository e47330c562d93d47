"""A billing account as it looks when a work order opens it: in the owner's name, nothing else agreed yet."""

import json
from datetime import datetime

from libs.tmf import moment
from services.customer.accounts.rules import ACTIVE, CUSTOMER_ROLE, CUSTOMER_TYPE


def account_document(id: str, customer: str, name: str, now: datetime) -> str:
    """Its representation (TMF666), as JSON."""
    return json.dumps(
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
        ensure_ascii=False,
    )
