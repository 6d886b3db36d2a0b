"""Room 5: breaks -> plan -> approval -> write -> read-back -> green.

In the order of a correction's life: ``facts`` (what the warehouse knows of an exception), ``rules`` (one module a
correction: which actions repair it), ``plan`` (pure: proposals and what was not planned, and why), ``policy`` (who must
agree), ``approve``, ``apply`` (which correction is next; ``writers``: who writes, ``breaker``: whether a target is
called), ``turn`` (one write at a time, by the ``ledger``), ``settle`` (writes in doubt), ``verify`` (is the rule green
on re-read data?), ``jobs`` and ``sensors`` (who starts it). The words are in ``contract``; what happened is remembered
by ``ops``. Stays out: how a vendor is written (``systems/<vendor>/write.py``).
"""
