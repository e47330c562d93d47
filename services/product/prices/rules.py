"""What a price needs before anybody can be asked for it. Pure."""

from contracts.base import Document


def lacking(price: Document) -> list[str]:
    """The attributes that a price lacks to leave its drafts."""
    paths = [name for name in ("priceType", "price") if not price.get(name)]
    if price.get("priceType") == "recurring" and not price.get("recurringChargePeriodType"):
        paths.append("recurringChargePeriodType")
    if price.get("priceType") == "usage" and not (price.get("unitOfMeasure") or {}).get("units"):
        paths.append("unitOfMeasure.units")
    return paths
