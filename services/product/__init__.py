"""产品管理: the catalogue: what is sold, at which prices, and since when."""
