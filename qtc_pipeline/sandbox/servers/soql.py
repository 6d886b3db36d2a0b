"""SOQL, as far as readers of a CRM use it: SELECT, WHERE, GROUP BY, ORDER BY, LIMIT, OFFSET, COUNT and its kin.

Add a clause or literal here when a connector needs it. Sub-queries, relationship fields and date macros are refused
the way the vendor refuses what it does not know. Paging and envelopes are in ``salesforce``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from qtc_pipeline.sandbox.servers.catalogue import Entity, find_entity
from qtc_pipeline.sandbox.servers.distort import known
from qtc_pipeline.sandbox.servers.grammar import Parser, QueryError, Sql, Token
from qtc_pipeline.sandbox.servers.store import Value

_COMPARISONS = {"=", "!=", "<>", "<", "<=", ">", ">="}
_AGGREGATES = {"COUNT", "COUNT_DISTINCT", "SUM", "MIN", "MAX", "AVG"}
_NEEDS_NUMBER = {"SUM", "AVG"}
CORPORATE_RATES = {"USD": "1.0", "EUR": "0.92", "GBP": "0.79"}
"""Units of a currency for one dollar, as the org's currency table has them: what aggregates convert with."""


@dataclass(frozen=True)
class Column:
    """One selected thing: a field, or an aggregate of one. ``label`` is its key in the answer."""

    label: str
    field: str | None
    aggregate: str | None = None


@dataclass(frozen=True)
class Query:
    """A parsed query. ``is_count`` is the bare ``SELECT COUNT()``, whose answer has no records."""

    entity: Entity
    columns: tuple[Column, ...]
    where: Sql
    order: str
    group_by: tuple[str, ...]
    limit: int | None
    offset: int
    is_count: bool

    @property
    def is_aggregate(self) -> bool:
        """Whether the answer consists of AggregateResult rows."""
        return bool(self.group_by) or any(column.aggregate for column in self.columns)


def parse(text: str) -> Query:
    """Read a query.

    Raises:
        QueryError: with the vendor's code (MALFORMED_QUERY, INVALID_FIELD, INVALID_TYPE).
    """
    return _Soql(text).parse()


def stored_moment(text: str) -> str:
    """An ISO 8601 instant in the form the vendor stores and compares.

    Raises:
        ValueError: it is none.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"


def _row_error(message: str, code: str = "INVALID_FIELD") -> QueryError:
    return QueryError(code, message)


class _Soql(Parser):
    mixes_and_or = False

    def __init__(self, query: str) -> None:
        super().__init__(query)
        self.entity = self._find_entity()

    def _find_entity(self) -> Entity:
        for at, token in enumerate(self._tokens):
            if token.kind == "name" and token.upper == "FROM":
                spelled = self._tokens[at + 1]
                entity = find_entity("salesforce", spelled.text)
                if entity is None:
                    raise _row_error(f"sObject type '{spelled.text}' is not supported.", "INVALID_TYPE")
                return entity
        raise self.unexpected("<EOF>")

    def parse(self) -> Query:
        self.expect("SELECT")
        raw = self._select_list()
        self.expect("FROM")
        self.name()
        where = self.condition() if self.accept("WHERE") else Sql("1")
        group_by = tuple(self._names()) if self.accept("GROUP", "BY") else ()
        order = self._order(group_by) if self.accept("ORDER", "BY") else ""
        limit = self.integer() if self.accept("LIMIT") else None
        offset = self.integer() if self.accept("OFFSET") else 0
        self.finish()
        if offset > 2000:
            raise _row_error("Maximum SOQL offset allowed is 2000", "NUMBER_OUTSIDE_VALID_RANGE")
        is_count = len(raw) == 1 and raw[0].aggregate == "COUNT" and raw[0].field is None
        query = Query(self.entity, tuple(raw), where, order, group_by, limit, offset, is_count)
        self._check_grouping(query)
        return query

    def _check_grouping(self, query: Query) -> None:
        if not query.is_aggregate or query.is_count:
            return
        for column in query.columns:
            if column.aggregate is None and column.field not in query.group_by:
                raise QueryError(self.malformed, f"Field must be grouped or aggregated: {column.field}")
            if column.aggregate and column.field is None:
                raise QueryError(self.malformed, "COUNT() must stand alone")

    def _select_list(self) -> list[Column]:
        columns: list[Column] = []
        while True:
            word = self.name()
            if self.accept("("):
                columns.append(self._aggregate(word, sum(1 for column in columns if column.aggregate)))
            else:
                columns.append(Column(self._field(word), self._field(word)))
            if not self.accept(","):
                return columns

    def _aggregate(self, word: str, number: int) -> Column:
        function = word.upper()
        if function not in _AGGREGATES:
            raise self.unexpected(word)
        field = None if self.now.text == ")" else self._field(self.name())
        self.expect(")")
        if field is None and function != "COUNT":
            raise self.unexpected(")")
        if field is not None and function in _NEEDS_NUMBER and self.entity.affinity(field) != "NUMERIC":
            raise _row_error(f"field {field} does not support aggregate operator {function}")
        has_alias = self.now.kind == "name" and self.now.upper != "FROM"
        label = self.name() if has_alias else f"expr{number}"
        return Column(label, field, function)

    def _field(self, spelled: str) -> str:
        found = known(self.entity, spelled)
        if found is None:
            raise _row_error(
                f"No such column '{spelled}' on entity '{self.entity.name}'. If you are attempting to use a custom"
                " field, be sure to append the '__c' after the custom field name."
            )
        return found

    def _names(self) -> list[str]:
        names = [self._field(self.name())]
        while self.accept(","):
            names.append(self._field(self.name()))
        return names

    def _order(self, group_by: tuple[str, ...]) -> str:
        terms = []
        while True:
            field = self._field(self.name())
            if group_by and field not in group_by:
                raise QueryError(self.malformed, f"Ordered field must be grouped or aggregated: {field}")
            direction = "DESC" if self.accept("DESC") else "ASC"
            if direction == "ASC":
                self.accept("ASC")
            nulls = "FIRST"
            if self.accept("NULLS"):
                nulls = "LAST" if self.accept("LAST") else "FIRST"
                if nulls == "FIRST":
                    self.expect("FIRST")
            terms.append(_term(field, direction, nulls))
            if not self.accept(","):
                return ", ".join(terms)

    def comparison(self) -> Sql:
        field = self._field(self.name())
        column = f'"{field}"'
        if self.entity.kind(field) == "text":
            column += " COLLATE NOCASE"
        if self.accept("LIKE"):
            token = self.take()
            if token.kind != "text":
                raise self.unexpected(token.text)
            return Sql(f"{column} LIKE ?", (self.string(token),))
        if self.accept("NOT", "IN"):
            return self._in(field, f"({column} IS NULL OR {column} NOT IN", ")")
        if self.accept("IN"):
            return self._in(field, f"{column} IN", "")
        sign = self.take().text
        if sign not in _COMPARISONS:
            raise self.unexpected(sign)
        value = self._literal(field)
        if value is None:
            if sign not in {"=", "!=", "<>"}:
                raise self.unexpected("null")
            return Sql(f"{column} IS {'' if sign == '=' else 'NOT '}NULL")
        if sign in {"!=", "<>"}:
            return Sql(f"{column} IS NOT ?", (value,))
        return Sql(f"{column} {sign} ?", (value,))

    def _in(self, field: str, before: str, after: str) -> Sql:
        self.expect("(")
        values = [self._literal(field)]
        while self.accept(","):
            values.append(self._literal(field))
        self.expect(")")
        marks = ", ".join("?" * len(values))
        return Sql(f"{before} ({marks}){after}", tuple(values))

    def _literal(self, field: str) -> Value:
        token = self.take()
        kind = self.entity.kind(field)
        if token.kind == "name" and token.upper == "NULL":
            return None
        accepted, value = self._typed(token, kind)
        if not accepted:
            raise _row_error(
                f"value of filter criterion for field '{field}' must be of type {_spoken(kind)}"
                f" and should {'' if kind in {'id', 'text'} else 'not '}be enclosed in quotes"
            )
        return value

    def _typed(self, token: Token, kind: str) -> tuple[bool, Value]:
        if token.kind == "text":
            return kind in {"id", "text"}, self.string(token)
        if token.kind == "moment":
            return kind == "datetime", stored_moment(token.text) if kind == "datetime" else None
        if token.kind == "date":
            return kind == "date", token.text
        if token.kind == "number":
            number = float(token.text) if "." in token.text else int(token.text)
            return kind in {"number", "money"}, number
        if token.kind == "name" and token.upper in {"TRUE", "FALSE"}:
            return kind == "bool", int(token.upper == "TRUE")
        raise self.unexpected(token.text)


def _spoken(kind: str) -> str:
    names = {"id": "string", "text": "string", "bool": "boolean", "datetime": "dateTime", "money": "double"}
    return names.get(kind, kind)


def _term(field: str, direction: str, nulls: str) -> str:
    # SQLite's own order of nulls lets the cursor index serve the query; say it only where it differs
    is_default = (direction, nulls) in {("ASC", "FIRST"), ("DESC", "LAST")}
    return f'"{field}" {direction}' + ("" if is_default else f" NULLS {nulls}")


def aggregate_sql(query: Query, visible: str) -> str:
    """SQL that gives one row per group; currency amounts come in the org's currency, as the vendor does it."""
    parts = []
    for column in query.columns:
        value = f'"{column.field}"'
        if query.entity.kind(column.field or query.entity.key[0]) == "money":
            rates = " ".join(f"WHEN '{code}' THEN {rate}" for code, rate in CORPORATE_RATES.items())
            value = f'({value} / CASE "CurrencyIsoCode" {rates} ELSE 1.0 END)'
        if column.aggregate == "COUNT_DISTINCT":
            parts.append(f"count(DISTINCT {value})")
        elif column.aggregate in {"SUM", "AVG"}:
            parts.append(f"round({column.aggregate}({value}), 6)")
        else:
            parts.append(f"{column.aggregate}({value})" if column.aggregate else value)
    sql = f"SELECT {', '.join(parts)} FROM {query.entity.table} WHERE {visible} AND {query.where.text}"
    if query.group_by:
        sql += " GROUP BY " + ", ".join(f'"{name}"' for name in query.group_by)
    return sql + (f" ORDER BY {query.order}" if query.order else "")
