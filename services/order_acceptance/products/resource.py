"""TMF637 product as a resource."""

from libs.tmf.resource import Resource
from services.order_acceptance.products.model import Product
from services.order_acceptance.tables import products
from services.order_acceptance.visibility import of_customers

PRODUCT = Resource(
    name="product",
    type="Product",
    base="/tmf-api/productInventory/v4",
    table=products,
    model=Product,
    columns={
        "status": "status",
        "productSerialNumber": "number",
        "billingAccount.id": "billing_account",
        "productOffering.id": "offering",
    },
    visible=of_customers,
)
