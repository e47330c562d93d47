"""The tasks of work orders: a billing account is opened, or closed again."""
