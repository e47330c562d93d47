"""Why somebody may see personal data in full: `?purpose=<code>`, for some roles, always audited."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from libs.security.actor import Actor
from libs.security.errors import PurposeRefused, PurposeUnknown
from libs.security.roles import (
    ACCOUNT_MANAGER,
    AUDITOR,
    CALL_CENTRE_CLERK,
    HALL_CLERK,
    HQ_OPERATOR,
    SERVICE,
    SUPERVISOR,
    Roles,
)


@dataclass(frozen=True, slots=True)
class Purpose:
    """A reason that the audit understands, and whose it may be."""

    code: str
    text_en: str
    text_zh: str
    roles: Roles


_AT_THE_COUNTER = Roles(HALL_CLERK, CALL_CENTRE_CLERK, ACCOUNT_MANAGER, SUPERVISOR)
_INVESTIGATING = Roles(SUPERVISOR, HQ_OPERATOR, AUDITOR)
_COMPLAINTS = Roles(CALL_CENTRE_CLERK, SUPERVISOR, HQ_OPERATOR)
_CALLING = Roles(CALL_CENTRE_CLERK, ACCOUNT_MANAGER)
_COMPARING = Roles(HALL_CLERK, SUPERVISOR)

_ALL = (
    Purpose("counter-service", "the customer is being served", "办理业务", _AT_THE_COUNTER),
    Purpose("identity-verification", "comparing with a document", "身份核验", _COMPARING),
    Purpose("complaint", "a complaint is looked into", "投诉处理", _COMPLAINTS),
    Purpose("call-back", "the customer is called back", "客户回访", _CALLING),
    Purpose("fraud", "fraud is suspected", "欺诈核查", _INVESTIGATING),
    Purpose("legal-request", "an authority has asked", "司法协查", _INVESTIGATING),
    Purpose("audit", "an audit is made", "审计", Roles(AUDITOR)),
    Purpose("processing", "another service of the fleet needs it", "系统处理", Roles(SERVICE)),
)

PURPOSES: Mapping[str, Purpose] = MappingProxyType({purpose.code: purpose for purpose in _ALL})


def may_see_personal(actor: Actor) -> bool:
    """Whether there is any purpose for which this actor may see personal data. A dealer or partner never
    may."""
    return any(purpose.roles.admit(actor.roles) for purpose in _ALL)


def unmasked(actor: Actor, purpose: str | None) -> bool:
    """Whether to serve personal data in full: True obliges the caller to log the view with its purpose.

    Without a purpose all is masked. Raises PurposeUnknown (400) and PurposeRefused (403).
    """
    if purpose is None:
        return False
    known = PURPOSES.get(purpose)
    if known is None:
        raise PurposeUnknown(purpose)
    if not known.roles.admit(actor.roles):
        raise PurposeRefused(purpose)
    return True
