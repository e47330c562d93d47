"""TMF620 catalog and category."""

from libs.tmf.model import Id, Many, Name, RelatedParty
from services.product.parts import CatalogRecord, Ref


class Category(CatalogRecord):
    """A group of offerings. What stands below one of the national categories is of its kind."""

    isRoot: bool | None = None
    parentId: Id | None = None
    productOffering: Many[Ref] | None = None
    subCategory: Many[Ref] | None = None


class Catalog(CatalogRecord):
    """A list of root categories."""

    catalogType: Name | None = None
    category: Many[Ref] | None = None
    relatedParty: Many[RelatedParty] | None = None
