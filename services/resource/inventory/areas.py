"""Which areas' stock a node may hold."""

from libs.node import HQ, province_of_area


def holds(node: str, area: str) -> bool:
    """Whether a node holds stock of this area: a province of its own, headquarters of any that exists."""
    province = province_of_area(area)
    return province == node or (node == HQ and province is not None)
