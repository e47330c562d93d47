"""The blacklist and the redlist of the node."""
