"""Fetch the next page while the last one is worked on.

Here: one request of look-ahead, no more, so that memory holds two pages and a vendor sees a calm client.
Stays out: where a page's successor is found (each vendor's folder).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

P = TypeVar("P")


def ahead(first: str, fetch: Callable[[str], tuple[P, str | None]]) -> Iterator[P]:
    """Pages from ``first`` on, each fetched while its predecessor is consumed.

    Args:
        first: where the first page is found (a path, a number as text).
        fetch: gives a page and where the next one is, None after the last.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="page") as pool:
        waiting = pool.submit(fetch, first)
        while True:
            page, following = waiting.result()
            if following is not None:
                waiting = pool.submit(fetch, following)
            yield page
            if following is None:
                return
