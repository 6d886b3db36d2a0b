"""Which vendors there are. A vendor's folder is imported when it is asked for, so the list costs nothing.

Add a vendor here and in ``settings.Vendor``; nothing else in the package names one.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import cast

from qtc_pipeline.systems.contract import System
from qtc_pipeline.systems.writing import Writing

VENDORS = ("salesforce", "kantata", "netsuite", "tryton", "ops")


def system(vendor: str) -> System:
    """The declaration of a vendor: ``SYSTEM`` of ``qtc_pipeline.systems.<vendor>``."""
    if vendor not in VENDORS:
        raise KeyError(vendor)
    return cast("System", import_module(f"qtc_pipeline.systems.{vendor}").SYSTEM)


def writing(vendor: str) -> Writing | None:
    """How a vendor is written: ``WRITING`` of ``qtc_pipeline.systems.<vendor>.write``; None where nobody may."""
    if vendor not in VENDORS:
        raise KeyError(vendor)
    if find_spec(f"qtc_pipeline.systems.{vendor}.write") is None:
        return None
    return cast("Writing", import_module(f"qtc_pipeline.systems.{vendor}.write").WRITING)
