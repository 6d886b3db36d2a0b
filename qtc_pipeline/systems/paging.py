"""Fetch the next page while the last one is worked on.

Here: one request of look-ahead, no more, so that memory holds two pages and a vendor sees a calm client.
Stays out: where a page's successor is found (each vendor's folder).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from qtc_pipeline.errors import TransientError

P = TypeVar("P")
# a page that comes twice leads to the next one twice
_TIMES = 5


def batches(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Values asked for together, so many at once."""
    return (values[start : start + size] for start in range(0, len(values), size))


def ahead(first: str, fetch: Callable[[str], tuple[P, str | None]], what: str = "pages") -> Iterator[P]:
    """Pages from ``first`` on, each fetched while its predecessor is consumed.

    Args:
        first: where the first page is found (a path, a number as text).
        fetch: gives a page and where the next one is, None after the last.
        what: the object read, for the error.

    Raises:
        TransientError: the pages lead in a circle.
    """
    led: Counter[str] = Counter()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="page") as pool:
        waiting = pool.submit(fetch, first)
        while True:
            page, following = waiting.result()
            if following is not None:
                led[following] += 1
                if led[following] > _TIMES:
                    raise TransientError(what, f"its pages led {_TIMES} times to the same next page", "Run again")
                waiting = pool.submit(fetch, following)
            yield page
            if following is None:
                return
