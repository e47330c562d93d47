"""Personal data: kept encrypted, shown masked, shown in full only for a purpose, which is written down."""
