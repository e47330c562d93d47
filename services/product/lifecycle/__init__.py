"""The states of everything in the catalogue, and the steps between them."""
