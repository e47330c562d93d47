"""The national catalogue: written down as declarations, the same in every node."""

from services.product.seed.write import seed

__all__ = ["seed"]
