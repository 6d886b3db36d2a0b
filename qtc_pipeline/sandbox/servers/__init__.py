"""The vendors' doors: three loopback servers that speak Salesforce, Kantata OX and NetSuite over one synthetic firm.

Rooms, in the order a request passes them::

    serve, background   ports, secrets, start and stop; in this process or in one of its own
    asgi, journal       what every server has: routes behind the switches, control endpoint, counts
    faults              what can be made to go wrong; mishaps do it to a request, distort to the data of an answer
    credentials, tokens key pairs and client secrets on disk; bearer tokens with a lifetime
    salesforce          sessions (_login), queries, records and collections (_objects, _fields), chains (_composite),
                        jobs for many rows (_bulk); _words are its errors
    kantata             lists and their filters (_filters), writes (_writes), events (_events)
    netsuite            ways in (_login), SuiteQL, records (_records, _lists, _types), documents and what they post
                        (_documents, _ledger), requests answered later (_async); _words are its errors
    grammar, soql, suiteql, suiteql_terms   the two query languages, compiled to SQL with bound values
    store, filling, writing   the records of one instance in SQLite; how the firm's days and clients' writes get in
    catalogue           the objects and fields each vendor serves

Add here what a real vendor does to a reader: another path, trap or limit. What the firm is and which defects it has
belongs to ``qtc_pipeline.sandbox``; how a connector copes belongs to ``qtc_pipeline.systems``.
"""
