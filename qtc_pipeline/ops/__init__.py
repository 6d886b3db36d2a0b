"""The operational store: what was built, judged, waived, published, and which exceptions are open.

Here: tables (``models``), their migrations, opening (``store``), the one-writer lock (``lock``) and one module of plain
functions per table family: ``builds``, ``verdicts``, ``exceptions``, ``publications``. SQLite with WAL embedded, any
SQLAlchemy URL in production. Stays out: rules, thresholds, anything that decides; rooms decide, the store remembers.
"""
