"""`make compose-check`: headquarters and two provinces in containers, each on networks of its own, hurt and healed."""
