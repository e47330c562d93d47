"""Who may call what, and whose records come with it: for every endpoint of every service.

Who may call is said where an endpoint is declared. Whose records it then deals with is said here, once, so that nobody
adds an endpoint without having thought of it; `tests/house/authorisation` asks every cell of it, and
`contracts/authorisation.md` shows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from deploy import services
from libs.node import Tier
from libs.security.bounds import BOUND_ROLES
from libs.security.roles import ALL_ROLES, HQ_OPERATOR, STAFF_ROLES, SUPERVISOR
from libs.service import Service, routes_of
from libs.web.routes import Endpoint, Public

Reach = Literal["all", "own", "area", "nothing"]
NOT = "–"


@dataclass(frozen=True)
class Whose:
    """How far a kind of record can be reached by those who may call at all."""

    own: frozenset[str] = frozenset()
    """The roles that reach their own alone: a dealer's clerk the dealer's, an account manager those in own care,
    everybody else what he made himself."""
    in_area: Reach = "all"
    """What whoever is bound to an area reaches."""
    at: Mapping[str, Tier] = field(default_factory=lambda: MappingProxyType({}))
    """The roles that reach it at one tier only."""


CARED_FOR = Whose(own=BOUND_ROLES, in_area="area")
MADE = Whose(own=ALL_ROLES, in_area="own")
LOCAL = Whose(in_area="area")
THE_NODES = Whose(in_area="nothing")
SHARED = Whose()
HELD = Whose(own=ALL_ROLES, in_area="area")
"""Made by oneself, of what lies in one's area."""
_WRITERS: Mapping[str, Tier] = MappingProxyType({HQ_OPERATOR: "hq", SUPERVISOR: "province"})
CATALOGUE = Whose(in_area="nothing", at=_WRITERS)
BLACKLIST = Whose(own=BOUND_ROLES, in_area="area", at=MappingProxyType({HQ_OPERATOR: "hq"}))


@dataclass(frozen=True)
class Deals:
    """The endpoints of a path, and of all below it, deal with this kind of record."""

    path: str
    record: str
    whose: Whose
    written: Whose | None = None
    """Where changes reach less far than reading."""


class Unthought(LookupError):
    """Endpoints of which nobody has said whose records they deal with, or two lines say it."""


_CATALOG = "/tmf-api/productCatalogManagement/v4"
_ACCOUNTS = "/tmf-api/accountManagement/v4"
_STOCK = "/tmf-api/resourceInventoryManagement/v4"
_ORDERING = "/tmf-api/productOrderingManagement/v4"
_PAYING = "/tmf-api/paymentManagement/v4"
_CUSTOMER = "/api/customer/v1"
_ORDERS = "/api/order-acceptance/v1"
_ROUTER = "/api/hq-router/v1"

TABLE: Mapping[str, tuple[Deals, ...]] = MappingProxyType(
    {
        "access": (),
        "customer": (
            Deals("/tmf-api/party/v4/individual", "individual", CARED_FOR),
            Deals("/tmf-api/party/v4/organization", "organization", CARED_FOR),
            Deals("/tmf-api/customerManagement/v4/customer", "customer", CARED_FOR),
            Deals(f"{_ACCOUNTS}/billingAccount", "billing account", CARED_FOR),
            Deals(f"{_ACCOUNTS}/partyAccount", "party account", CARED_FOR),
            Deals(f"{_ACCOUNTS}/settlementAccount", "settlement account", CARED_FOR),
            Deals(f"{_ACCOUNTS}/financialAccount", "financial account", CARED_FOR),
            Deals(f"{_ACCOUNTS}/billFormat", "bill format", SHARED, THE_NODES),
            Deals(f"{_ACCOUNTS}/billPresentationMedia", "bill medium", SHARED, THE_NODES),
            Deals(f"{_ACCOUNTS}/billingCycleSpecification", "billing cycle", SHARED, THE_NODES),
            Deals(f"{_CUSTOMER}/identityChecks", "identity check", MADE),
            Deals(f"{_CUSTOMER}/blacklist", "blacklist entry", CARED_FOR, BLACKLIST),
            Deals(f"{_CUSTOMER}/redlist", "redlist entry", CARED_FOR),
            Deals(f"{_CUSTOMER}/branches", "branch", THE_NODES),
            Deals(f"{_CUSTOMER}/facts/customers", "customer", SHARED),
            Deals(f"{_CUSTOMER}/facts/billingAccounts", "billing account", SHARED),
            Deals(f"{_CUSTOMER}/facts/identityChecks", "identity check", SHARED),
            Deals(f"{_CUSTOMER}/disclosures", "disclosure", LOCAL),
        ),
        "hq_router": (
            Deals(f"{_ROUTER}/forwards", "forward", LOCAL),
            Deals(f"{_ROUTER}/nodes", "node", SHARED),
            Deals(f"{_ROUTER}/switches", "switch", SHARED, THE_NODES),
            Deals(f"{_ROUTER}/operatorActs", "operator's act", THE_NODES),
            Deals(f"{_ROUTER}/bills", "bill", THE_NODES),
            Deals(f"{_ROUTER}/billTotals", "bill total", THE_NODES),
            Deals(f"{_ROUTER}/reconciliations", "reconciliation", THE_NODES),
            Deals(f"{_ROUTER}/portedNumbers", "ported number", SHARED, THE_NODES),
        ),
        "order_acceptance": (
            Deals(f"{_ORDERING}/productOrder", "order", CARED_FOR),
            Deals(f"{_ORDERING}/cancelProductOrder", "wish to cancel", CARED_FOR),
            Deals(f"{_PAYING}/payment", "payment", CARED_FOR),
            Deals(f"{_PAYING}/refund", "refund", CARED_FOR),
            Deals("/tmf-api/productInventory/v4/product", "product", CARED_FOR),
            Deals(f"{_ORDERS}/workOrders", "work order", LOCAL),
            Deals(f"{_ORDERS}/subscribers", "subscriber", CARED_FOR),
            Deals(f"{_ORDERS}/subscriberViews", "view of a subscriber", LOCAL),
        ),
        "product": (
            Deals(f"{_CATALOG}/catalog", "catalog", SHARED, CATALOGUE),
            Deals(f"{_CATALOG}/category", "category", SHARED, CATALOGUE),
            Deals(f"{_CATALOG}/productSpecification", "specification", SHARED, CATALOGUE),
            Deals(f"{_CATALOG}/productOffering", "offering", SHARED, CATALOGUE),
            Deals(f"{_CATALOG}/productOfferingPrice", "price", SHARED, CATALOGUE),
            Deals(f"{_CATALOG}/exportJob", "export", THE_NODES, CATALOGUE),
            Deals(f"{_CATALOG}/importJob", "import", THE_NODES, CATALOGUE),
            Deals("/api/product/v1/files", "file", THE_NODES, CATALOGUE),
            Deals("/api/product/v1/facts/offerings", "told offering", SHARED),
        ),
        "resource": (
            Deals(f"{_STOCK}/resource", "number or card", LOCAL),
            Deals(f"{_STOCK}/logicalResource", "number", LOCAL),
            Deals(f"{_STOCK}/physicalResource", "card", LOCAL),
            Deals("/api/resource/v1/numbers", "number", LOCAL),
            Deals("/api/resource/v1/cards", "card", LOCAL),
            Deals("/api/resource/v1/profileLoads", "load of profiles", LOCAL),
            Deals("/api/resource/v1/reservations", "reservation", HELD),
            Deals("/api/resource/v1/cardWritings", "card writing", MADE),
            Deals("/api/resource/v1/facts/cardWritings", "card writing", SHARED),
        ),
    }
)


def table_of(service: Service) -> tuple[Deals, ...]:
    """The lines of a service, with those for what every service has. Raises Unthought for one without lines."""
    if service.package not in TABLE:
        raise Unthought(f"{service.package} is not in deploy/authorisation.py")
    own = f"/api/{service.name}/v1"
    return (
        *TABLE[service.package],
        *(Deals(f"{hub.base}/hub", "listener", MADE) for hub in service.hubs),
        *((Deals(f"{own}/hubNotifications", "notification", THE_NODES),) if service.hubs else ()),
        *((Deals(f"{own}/publications", "publication", SHARED),) if service.publications else ()),
        Deals(f"{own}/deadLetters", "dead letter", THE_NODES),
        Deals(f"{own}/rebuilds", "rebuild", THE_NODES),
        Deals(f"{own}/snapshots", "snapshot", SHARED),
    )


def deals_of(service: Service, endpoint: Endpoint) -> Deals:
    """What an endpoint that is not public deals with. Raises Unthought where not exactly one line says so."""
    found = [
        one
        for one in table_of(service)
        if endpoint.path == one.path or endpoint.path.startswith(f"{one.path}/")
    ]
    if len(found) != 1:
        raise Unthought(
            f"{len(found)} lines of deploy/authorisation.py say whose records {endpoint.method}"
            f" {endpoint.path} deals with"
        )
    return found[0]


def whose_of(service: Service, endpoint: Endpoint) -> Whose:
    """How far the records of an endpoint can be reached. Raises Unthought."""
    deals = deals_of(service, endpoint)
    return deals.written if deals.written is not None and endpoint.method != "GET" else deals.whose


def endpoints_of(service: Service) -> list[Endpoint]:
    return [endpoint for routes in routes_of(service) for endpoint in routes]


def reach(service: Service, endpoint: Endpoint, role: str) -> str:
    """What a role reaches by an endpoint: `all`, `own`, at which tier alone, or NOT at all."""
    if isinstance(endpoint.allow, Public):
        return "all"
    if role not in endpoint.allow:
        return NOT
    whose = whose_of(service, endpoint)
    if role in whose.own:
        return "own"
    return f"at {whose.at[role]}" if role in whose.at else "all"


def reach_in_area(service: Service, endpoint: Endpoint) -> str:
    """What whoever may call an endpoint reaches by it, when his right ends at an area; programs have no such end."""
    if isinstance(endpoint.allow, Public):
        return "all"
    if STAFF_ROLES.isdisjoint(endpoint.allow):
        return NOT
    return whose_of(service, endpoint).in_area


_HEAD = f"""# Who may do what

Every endpoint, and how far it reaches in each role. `make contracts` writes this page from the routes and from
`deploy/authorisation.py`; the suite asks for every cell of it (`tests/house/authorisation`).

- `{NOT}`: 403 `forbidden`.
- `all`: every record of the node.
- `own`: a dealer's clerk reaches what is the dealer's, an account manager what is in his care or was taken by him, and
  everybody else what he made himself. Another's is not there: 404, not in lists and their counts, unknown where a body
  names it.
- `at hq`, `at province`: every record, at this tier alone; at the other 403 `not-yours`.
- The last column is for whoever is bound to an area, in any of these roles. `area`: what is of that area, and of this
  what the role reaches; `nothing`: it is of no area, he sees none of it, and his changes are 403.

Without a token only what says `public` answers; everything else is 401, and so it is for every role of another
province's issuer. In a province headquarters' issuer vouches for `hq-operator`, `supervisor` and `auditor` alone. Of
several roles in one token a bounded one binds nothing beside one that is not; two bounded ones bind both.
"""


def page() -> str:
    """The page for integrators and auditors. Raises Unthought for an endpoint that no line covers."""
    return "\n".join([_HEAD, *(_section(services.service(package)) for package in services.packages())])


def _section(service: Service) -> str:
    roles = sorted(ALL_ROLES)
    lines = [
        f"## {service.title}\n",
        f"| endpoint | {' | '.join(roles)} | bound to an area |",
        "|---|" + "---|" * (len(roles) + 1),
    ]
    for endpoint in endpoints_of(service):
        cells = [reach(service, endpoint, role) for role in roles]
        cells.append(reach_in_area(service, endpoint))
        if isinstance(endpoint.allow, Public):
            cells = ["public"] * len(cells)
        lines.append(f"| `{endpoint.method} {endpoint.path}` | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])
