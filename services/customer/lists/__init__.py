"""The blacklist and the redlist of the node, and the national blacklist."""
