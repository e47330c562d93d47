"""What services, nodes and integrators may rely on: the messages, as models.

Contracts only grow: a field may be added with a default; anything else is a new `ce_type`, and both run during an
upgrade. Nothing here imports anything of ours.
"""
