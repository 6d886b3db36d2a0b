"""The operational store: what was built, judged, waived, published, corrected, and which exceptions are open.

Here: tables (``models``, ``models_corrections``), their migrations, opening (``store``), the one-writer lock of the
warehouse (``lock``) and one module of plain functions per table family: ``builds``, ``verdicts``, ``exceptions``,
``publications``; of the closed loop ``plans``, ``corrections``, ``attempts``, ``leases``, ``breakers``, ``approvals``,
``people``, ``dead_letters``, ``class_stops``, ``governed``, ``audit``. SQLite with WAL embedded, PostgreSQL in
production. Stays out: rules, thresholds, anything that decides; rooms decide, the store remembers and refuses what
would break a law of the ledger.
"""
