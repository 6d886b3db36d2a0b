"""Room 1: system records -> raw lake, unchanged.

``load`` reads one entity of one instance as one load, ``known`` says what the lake holds already, ``run`` reads an
instance, ``assets`` and ``schedules`` are its Dagster face.

Add here: how a load is started, judged and committed. Stays out: what a vendor's API looks like (``systems``), what
records mean (dbt).
"""
