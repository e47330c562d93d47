"""Headquarters' catalogue, as every province has it."""
