"""Identity documents: what is a valid number, whose it is, and who showed one at a counter."""
