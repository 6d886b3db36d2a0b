"""The vendors' doors: three loopback servers that speak Salesforce, Kantata OX and NetSuite over one synthetic firm.

Rooms, in the order a request passes them::

    serve, background   ports, secrets, start and stop; in this process or in one of its own
    asgi, journal       what every server has: routes behind the switches, control endpoint, counts
    faults              what can be made to go wrong; mishaps do it to a request, distort to the data of an answer
    credentials, tokens key pair and client secrets on disk; bearer tokens with a lifetime
    salesforce, kantata, netsuite   one application each: paths, envelopes and errors of that vendor
    kantata_filters                 what a Kantata list can be asked
    grammar, soql, suiteql, suiteql_terms   the two query languages, compiled to SQL with bound values
    store, filling      the records of one instance in SQLite, and how the firm's days get into them
    catalogue           the objects and fields each vendor serves

Add here what a real vendor does to a reader: another path, trap or limit. What the firm is and which defects it has
belongs to ``qtc_pipeline.sandbox``; how a connector copes belongs to ``qtc_pipeline.systems``.
"""
