"""The oracle: a second, independent computation of every break and of the marts, from the vendors' own records.

Plain Python over dictionaries and dataclasses, written from the definitions of the rules and the KPIs. It shares no
code with the package and none with the SQL; the one thing all sides read is the seed ``rule_class.csv`` (ranks, bases).

``parse`` turns payloads into records · ``firm_view`` joins them into engagements · ``engagement``, ``worktime``,
``billing`` and ``ledgers`` hold the rules · ``exposure`` settles who carries an item's exposure · ``marts`` and
``executive`` the numbers people read · ``solve`` runs all of it.
"""
