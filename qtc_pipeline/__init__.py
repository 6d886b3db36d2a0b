"""qtc-pipeline: the quote-to-cash control plane of a professional-services firm.

The rooms, in the order the data flows:

- ``systems``      leaves: everything known about one external system, a folder each
- ``ingest``       room 1: system records -> raw lake, unchanged, one Delta commit per load
- ``transform``    room 2: dbt: base -> staging -> canonical -> reconciliation -> marts -> KPIs
- ``gates``        room 3: may this be published?  a stored verdict per build, mart, rule, period and legal entity
- ``publish``      room 4: green verdicts -> an immutable publication, and the pointer to it
- ``corrections``  room 5: breaks -> plan -> approval -> write -> read-back
- ``sandbox``      a synthetic firm and simulators of the vendors' APIs: what ``make demo`` runs against

Shared by the rooms: ``settings`` (the only reader of the environment), ``errors``, ``keys`` (names), ``lake`` (raw
records), ``warehouse`` (reading relations), ``ops`` (verdicts, exceptions, publications). ``definitions`` assembles the
rooms for Dagster, ``cli`` for the command line.
"""

__version__ = "0.1.0"
