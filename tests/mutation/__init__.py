"""Mutations of the models and of the gates' rules: each must be caught by a gate or by a test.

A proof that catches nothing proves nothing. Here one piece of SQL or Python is spoiled at a time, as a tired colleague
would spoil it, and the warehouse is judged again: by the gates, then against the oracle. What neither notices must
stand among the equivalents with the reason why it changes nothing. ``python -m tests.mutation`` prints the score.
Add here: a way to spoil (``sql``, ``rules``). Stays out: what is asserted (the gates, ``tests.flow.compare``).
"""
