from __future__ import annotations

from tests.systems.tryton.servers import own_server, tryton_server

__all__ = ["own_server", "tryton_server"]
