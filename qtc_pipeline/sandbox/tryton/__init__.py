"""The sandbox firm on a real ERP: a Tryton server none of us wrote, in an environment of its own, filled over its API.

- ``install``  Tryton's environment, from ``requirements.lock`` (made of ``requirements.in``)
- ``seed``     the firm: ``books``, ``work``, ``billing``, written through ``admin``
- ``server``   the template database, a copy of it behind a server on loopback, the settings file that describes it

Stays out: anything the connector needs to read a Tryton (``qtc_pipeline.systems.tryton``).
"""
