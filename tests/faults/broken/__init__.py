"""The product, broken on purpose: a fleet whose processes are the product's own, but for one thing in each that is not
as it must be. What the checker is for, it has to find there.
"""
