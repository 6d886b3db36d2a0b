"""Room 2: dbt turns the raw lake into canonical tables, reconciliation rows, marts and KPIs.

Here: what a build is told (``inputs``, ``context``, ``legs``), running dbt (``project``, ``dbt``), the Dagster assets
(``assets``). Stays out: SQL (``dbt_project``), judging (gates), publishing.
"""
