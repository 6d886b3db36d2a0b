"""The judge: Great Expectations over control, total and break tables as pandas frames.

The only importer of great_expectations, inside the one function that judges: the import costs 5-8 s. The engine
compares (millions of rows), the judge looks at the small tables that came out of it, all rows of them.
Add here: a kind of expectation. Stays out: which table must meet which expectation (``rules``).
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from qtc_pipeline.errors import QtcError

if TYPE_CHECKING:
    import pandas as pd

_POSITION = "_position"
_ZERO = Decimal(0)


@dataclass(frozen=True)
class Expect:
    """What every row of a column must be. Unknown (NULL) never meets an expectation."""

    column: str
    must_be: Literal["known", "zero", "true", "at_most_zero"]


@dataclass(frozen=True)
class Judged:
    """A table to judge under a name that is its own."""

    name: str
    frame: pd.DataFrame
    expectations: tuple[Expect, ...]


def judge(tables: Sequence[Judged]) -> dict[str, dict[int, list[str]]]:
    """Judge every table by its expectations.

    Returns:
        Table name -> position of each row that fails (0-based) -> the columns that fail it.

    Raises:
        QtcError: an expectation could not be computed; a gate that cannot look must not pass.
    """
    failing: dict[str, dict[int, list[str]]] = {table.name: {} for table in tables}
    wanted = [table for table in tables if len(table.frame) and table.expectations]
    if not wanted:
        return failing
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of its own imports, on Python 3.11
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(enable=False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    source = context.data_sources.add_pandas("gates")
    for table in wanted:
        frame = table.frame.reset_index(drop=True)
        frame[_POSITION] = range(len(frame))
        asset = source.add_dataframe_asset(table.name)
        batch = asset.add_batch_definition_whole_dataframe("rows").get_batch(batch_parameters={"dataframe": frame})
        suite = gx.ExpectationSuite(name=table.name, expectations=list(_expectations(gx, table.expectations)))
        context.suites.add(suite)
        result = batch.validate(
            suite,
            result_format={
                "result_format": "COMPLETE",
                "unexpected_index_column_names": [_POSITION],
                "return_unexpected_index_query": False,
            },
        )
        for one in result.results:
            asked: Any = one.expectation_config
            column = asked.kwargs["column"]
            if one.exception_info.get("raised_exception"):
                raise QtcError(
                    f"gate table {table.name}, column {column}", str(one.exception_info["exception_message"]), ""
                )
            for position in _positions(one.result):
                failing[table.name].setdefault(position, []).append(column)
    return failing


def _expectations(gx: Any, wanted: Iterable[Expect]) -> Iterable[Any]:
    kinds = gx.expectations
    for expect in wanted:
        yield kinds.ExpectColumnValuesToNotBeNull(column=expect.column)
        if expect.must_be == "known":
            continue
        if expect.must_be == "true":
            yield kinds.ExpectColumnValuesToBeInSet(column=expect.column, value_set=[True])
        elif expect.must_be == "zero":
            yield kinds.ExpectColumnValuesToBeBetween(column=expect.column, min_value=_ZERO, max_value=_ZERO)
        else:
            yield kinds.ExpectColumnValuesToBeBetween(column=expect.column, max_value=_ZERO)


def _positions(result: dict[str, Any]) -> list[int]:
    return [int(row[_POSITION]) for row in result.get("unexpected_index_list") or []]
