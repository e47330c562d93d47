"""SQL of an order's items, wherever its state changes."""


def items_in(state: str) -> str:
    """The items of the order `o` in their order, each in the state that this SQL expression (over `item`) gives."""
    return (
        f"(SELECT jsonb_agg(item || jsonb_build_object('state', {state}) ORDER BY at) "
        "FROM jsonb_array_elements(o.document -> 'productOrderItem') WITH ORDINALITY AS items(item, at))"
    )
