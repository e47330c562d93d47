"""The national blacklist, as every province has it."""
