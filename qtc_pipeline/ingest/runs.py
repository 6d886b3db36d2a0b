"""Records as numbers: sorted runs of keys, and joining them.

Here: arithmetic on arrays. Stays out: where the numbers come from and what they decide (``known``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Keys = NDArray[np.uint64]
    Flags = NDArray[np.bool_]
    Stamps = NDArray[np.int64]


@dataclass(slots=True)
class Run:
    """Digest of the id, digest of the newest content, newest stamp, whether dead: parallel arrays, sorted by key."""

    keys: Keys
    hashes: Keys
    tops: Stamps
    dead: Flags

    def __len__(self) -> int:
        return len(self.keys)


def joined(older: Run, newer: Run) -> Run:
    """Both, the newer one's entries last."""
    import numpy as np

    return Run(
        np.concatenate((older.keys, newer.keys)),
        np.concatenate((older.hashes, newer.hashes)),
        np.concatenate((older.tops, newer.tops)),
        np.concatenate((older.dead, newer.dead)),
    )


def newest(run: Run) -> Run:
    """Sorted by key, of each key its last entry."""
    import numpy as np

    order = np.argsort(run.keys, kind="stable")
    keys = run.keys[order]
    last = np.ones(len(keys), dtype=bool)
    last[:-1] = keys[1:] != keys[:-1]
    chosen = order[last]
    return Run(run.keys[chosen], run.hashes[chosen], run.tops[chosen], run.dead[chosen])


def first_of_each(keys: Keys, hashes: Keys, deleted: Flags) -> Flags:
    """False for a row whose id, content and life were in the batch before."""
    import numpy as np

    order = np.lexsort((np.arange(len(keys)), deleted, hashes, keys))
    again = np.zeros(len(keys), dtype=bool)
    again[1:] = (
        (keys[order][1:] == keys[order][:-1])
        & (hashes[order][1:] == hashes[order][:-1])
        & (deleted[order][1:] == deleted[order][:-1])
    )
    first = np.ones(len(keys), dtype=bool)
    first[order[again]] = False
    return first
