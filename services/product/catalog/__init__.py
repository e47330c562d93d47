"""Catalogs and categories; a category says what kind of thing its offerings are."""
