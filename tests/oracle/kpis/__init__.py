"""The KPIs of the dictionary in plain Python, one module per family, each a stream of parts that sum to the figures.

Add here: a family of KPIs. Stays out: the marts they are made of (``tests.oracle.marts``, ``margin``) and the rules.
"""
