"""One module per migration, numbered; the newest number stands in ``ops.store.HEAD``."""
