"""The oracle: a second, independent computation of every break and of the marts, from the vendors' own records.

Plain Python over dictionaries and dataclasses, written from the definitions of the rules and the KPIs. It shares no
code with the package and none with the SQL; the one thing all sides read is the seed ``rule_class.csv`` (ranks, bases).

``parse``, ``parse_delivery`` and ``parse_erp`` turn payloads into records · ``firm_view`` joins them into engagements ·
the rules stand in modules named after what they compare · ``exposure`` settles who carries an item's exposure ·
``marts`` and ``executive`` the numbers people read · ``solve`` runs all of it.
"""
