"""The whole fleet on one machine without Docker: engines, databases, keys, nodes, simulators."""
