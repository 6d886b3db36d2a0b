"""A synthetic professional-services firm and everything that plays the outside world for demo, tests and benchmarks.

Here: `firm.py` (the firm's records by seed, scale, defects, day), `writer.py` (records straight into the lake),
`servers/` (the vendors' APIs on loopback), `tryton/` (a real ERP's set-up). Nothing here is used with real systems.
"""
