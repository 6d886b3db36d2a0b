"""Room 4: green verdicts become an immutable publication, and the pointer moves to it.

Here: copying what may be published (``files``), the order of its commit and its recovery (``publish``), the exception
queue over builds (``exceptions``), reading (``reader``), the Dagster assets (``assets``). Stays out: judging (gates).
"""
