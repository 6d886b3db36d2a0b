"""One module per gate; each turns relations of the warehouse into a question with one row per verdict.

Add here: a gate. Stays out: judging, storing, Dagster.
"""
