"""Tryton 8.2: an ERP that sells, delivers and bills in one database, read over JSON-RPC.

Data flow: ``common.db.login`` -> session; ``model.<name>.search_read`` paged by (``last_modified_at``, ``id``) -> raw
records, the payload being the record's text as received, tagged values (``{"__class__": "Decimal", "decimal": "1.5"}``)
included; ``search_count`` -> control counts. Several roles are one instance: legs between them are not applicable.

Secrets: the password of the integration user (``QTC_SECRET_<INSTANCE>`` or ``secret_file``). The user needs read access
to parties, sales, opportunities, projects, timesheets, invoices and moves, and ``company_filter = 'all'``.

Alone: ``qtc systems check``, ``qtc ingest --instance <name>``; the sandbox firm on a real server: ``make demo-tryton``.

GPL: nothing of Tryton is imported, everything goes over the wire.
"""

from __future__ import annotations

from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.contract import Capabilities, Reader, System
from qtc_pipeline.systems.tryton.entities import ENTITIES


def _open(instance: Instance) -> Reader:
    # the entities are read whenever the graph is loaded; the HTTP client only when something is read
    from qtc_pipeline.systems.tryton.read import TrytonReader

    return TrytonReader(instance)


SYSTEM = System(
    vendor="tryton",
    entities=ENTITIES,
    capabilities=Capabilities(source_sums=False, delete_log=False, time_approval=False, server_order=True),
    open=_open,
)
