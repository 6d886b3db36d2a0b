"""One module a correction: which exceptions it repairs, by which actions, and when only a person can.

Add here: a correction. Stays out: reading the warehouse (``facts``), deciding who must agree (``policy``).
"""
