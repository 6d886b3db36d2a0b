"""The terms of SuiteQL: columns, literals, bound values, functions, and comparisons between them.

Add a function, a date format or a comparison here. Clauses (SELECT, FROM, GROUP BY, ORDER BY) are in ``suiteql``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from qtc_pipeline.sandbox.servers.catalogue import Entity
from qtc_pipeline.sandbox.servers.distort import known
from qtc_pipeline.sandbox.servers.grammar import Parser, QueryError, Sql
from qtc_pipeline.sandbox.servers.store import Value

INVALID = "INVALID_PARAMETER"
_SIGNS = {"=", "!=", "<>", "<", "<=", ">", ">="}
_SCALARS = {"ABS": "abs", "UPPER": "upper", "LOWER": "lower", "NVL": "coalesce", "COALESCE": "coalesce"}
_AGGREGATES = {"COUNT": "count", "SUM": "exact_sum", "MIN": "min", "MAX": "max"}
_FORMATS = {
    "YYYY-MM-DD HH24:MI:SS": "%Y-%m-%d %H:%M:%S",
    'YYYY-MM-DD"T"HH24:MI:SS"Z"': "%Y-%m-%dT%H:%M:%SZ",
    "YYYY-MM-DD": "%Y-%m-%d",
    "MM/DD/YYYY": "%m/%d/%Y",
}
_OWN_FORMAT = {"datetime": "YYYY-MM-DD HH24:MI:SS", "date": "YYYY-MM-DD"}
ACCOUNT_ZONE = timedelta(hours=-8)


@dataclass(frozen=True)
class Table:
    """One table of FROM: ``joint`` is how it joins the ones before it, empty for the first."""

    alias: str
    entity: Entity
    joint: str = ""
    on: Sql = Sql("1")  # noqa: RUF009 - a frozen value


@dataclass(frozen=True)
class Operand:
    """A term: its SQL, its kind (a catalogue type, ``moment`` or ``null``), and the plain field it is, if it is one."""

    sql: Sql
    kind: str
    field: str | None = None
    is_aggregate: bool = False
    moment: datetime | None = None


def parse_format(text: str, form: str) -> datetime:
    """A text read with an Oracle format.

    Raises:
        QueryError: unknown format, or the text does not have it.
    """
    try:
        return datetime.strptime(text, _FORMATS[form])  # noqa: DTZ007 - stamps are UTC without a zone
    except (KeyError, ValueError):
        raise QueryError(INVALID, f"Unparseable date: '{text}' with format '{form}'") from None


def _stored(moment: datetime, kind: str) -> str:
    is_midnight = (moment.hour, moment.minute, moment.second) == (0, 0, 0)
    return moment.strftime("%Y-%m-%d" if kind == "date" and is_midnight else "%Y-%m-%d %H:%M:%S")


class Terms(Parser):
    """Reads terms and comparisons against the tables found so far."""

    malformed = INVALID
    backslash_escapes = False

    def __init__(self, query: str, params: Sequence[Value]) -> None:
        super().__init__(query)
        marks = [at for at, token in enumerate(self._tokens) if token.text == "?"]
        if len(marks) != len(params):
            raise QueryError(INVALID, f"The query has {len(marks)} placeholders and {len(params)} params.")
        self._bound = dict(zip(marks, params, strict=True))
        self.tables: list[Table] = []

    def operand(self) -> Operand:
        """A column, function, literal or bound value."""
        token = self.now
        if token.kind == "name" and token.upper == "CASE":
            return self._case()
        if token.kind == "name" and self.ahead().text == "(":
            return self._function(self.take().upper)
        if token.kind == "name" and token.upper != "NULL":
            return self._field(self.take().text)
        return self._value()

    def plain(self) -> str:
        """The SQL of a term that holds no literal, as GROUP BY and ORDER BY want it."""
        sql = self.operand().sql
        if sql.values:
            raise self.unexpected(str(sql.values[0]))
        return sql.text

    def _case(self) -> Operand:
        """The first value whose condition holds; or whose term equals the one after CASE."""
        self.expect("CASE")
        subject = None if self.now.upper == "WHEN" else self.operand()
        text, values, results = "CASE", [], []
        while self.accept("WHEN"):
            if subject is None:
                when = self.condition()
            else:
                against = _against(subject, self.operand())
                when = Sql(f"{subject.sql.text} = {against.text}", (*subject.sql.values, *against.values))
            self.expect("THEN")
            results.append(self.operand())
            text += f" WHEN {when.text} THEN {results[-1].sql.text}"
            values += [*when.values, *results[-1].sql.values]
        if not results:
            raise self.unexpected(self.now.text)
        if self.accept("ELSE"):
            results.append(self.operand())
            text += f" ELSE {results[-1].sql.text}"
            values += results[-1].sql.values
        self.expect("END")
        is_aggregate = any(result.is_aggregate for result in results)
        return Operand(Sql(f"{text} END", tuple(values)), results[0].kind, is_aggregate=is_aggregate)

    def _value(self) -> Operand:
        at, token = self._at, self.take()
        if token.text == "?" and token.kind == "sign":
            bound = self._bound[at]
            return Operand(Sql("?", (bound,)), "text" if isinstance(bound, str) else "number")
        if token.kind == "text":
            return Operand(Sql("?", (self.string(token),)), "text")
        if token.kind == "number":
            number: Value = float(token.text) if "." in token.text else int(token.text)
            return Operand(Sql("?", (number,)), "number")
        if token.upper == "NULL":
            return Operand(Sql("NULL"), "null")
        raise self.unexpected(token.text)

    def _field(self, spelled: str) -> Operand:
        prefix, _, name = spelled.lower().rpartition(".")
        for table in self.tables:
            found = known(table.entity, name)
            if found is not None and prefix in {"", table.alias}:
                return Operand(Sql(f'"{table.alias}"."{found}"'), table.entity.kind(found), found)
        record = prefix or self.tables[0].entity.name
        raise QueryError(INVALID, f"Field '{name}' for record '{record}' was not found.")

    def _function(self, name: str) -> Operand:
        self.expect("(")
        if name in {"TO_TIMESTAMP", "TO_DATE"}:
            return self._moment()
        if name == "TO_CHAR":
            return self._to_char()
        if name in _AGGREGATES:
            return self._aggregate(name)
        if name not in _SCALARS:
            raise QueryError(INVALID, f"Function '{name}' was not found.")
        parts = [self.operand()]
        while self.accept(","):
            parts.append(self.operand())
        self.expect(")")
        inner = ", ".join(part.sql.text for part in parts)
        values = tuple(value for part in parts for value in part.sql.values)
        is_aggregate = any(part.is_aggregate for part in parts)
        return Operand(Sql(f"{_SCALARS[name]}({inner})", values), parts[0].kind, is_aggregate=is_aggregate)

    def _aggregate(self, name: str) -> Operand:
        if name == "COUNT" and self.accept("*"):
            self.expect(")")
            return Operand(Sql("count(*)"), "number", is_aggregate=True)
        distinct = "DISTINCT " if self.accept("DISTINCT") else ""
        inner = self.operand()
        self.expect(")")
        sql = Sql(f"{_AGGREGATES[name]}({distinct}{inner.sql.text})", inner.sql.values)
        return Operand(sql, inner.kind, is_aggregate=True)

    def _text(self) -> str:
        values = self._value().sql.values
        return str(values[0]) if values else ""

    def _moment(self) -> Operand:
        text = self._text()
        form = self._text() if self.accept(",") else "YYYY-MM-DD"
        self.expect(")")
        moment = parse_format(text, form)
        return Operand(Sql("?", (_stored(moment, "datetime"),)), "moment", moment=moment)

    def _to_char(self) -> Operand:
        inner = self.operand()
        self.expect(",")
        form = self._text()
        self.expect(")")
        own = _OWN_FORMAT.get(inner.kind)
        if form == own:
            return Operand(inner.sql, "text", inner.field)
        if form not in _FORMATS or own is None:
            raise QueryError(INVALID, f"Format '{form}' is not supported for this value.")
        return Operand(Sql(f"strftime('{_FORMATS[form]}', {inner.sql.text})", inner.sql.values), "text")

    def comparison(self) -> Sql:
        """One comparison; the right side takes the form its left side is stored in."""
        left = self.operand()
        if left.is_aggregate:
            left = replace(left, sql=Sql(as_number(left.sql.text), left.sql.values))
        if self.accept("IS"):
            negation = "NOT " if self.accept("NOT") else ""
            self.expect("NULL")
            return Sql(f"{left.sql.text} IS {negation}NULL", left.sql.values)
        negation = "NOT " if self.accept("NOT") else ""
        if self.accept("IN"):
            return _listed(left, f"{negation}IN", self._in_list(left))
        if self.accept("BETWEEN"):
            low = _against(left, self.operand())
            self.expect("AND")
            high = _against(left, self.operand())
            text = f"{left.sql.text} {negation}BETWEEN {low.text} AND {high.text}"
            return Sql(text, (*left.sql.values, *low.values, *high.values))
        if self.accept("LIKE"):
            right = self.operand().sql
            return Sql(f"{left.sql.text} {negation}LIKE {right.text}", (*left.sql.values, *right.values))
        sign = self.take().text
        if sign not in _SIGNS or negation:
            raise self.unexpected(sign)
        right = _against(left, self.operand())
        return Sql(f"{left.sql.text} {sign} {right.text}", (*left.sql.values, *right.values))

    def _in_list(self, left: Operand) -> list[Sql]:
        self.expect("(")
        listed = [_against(left, self.operand())]
        while self.accept(","):
            listed.append(_against(left, self.operand()))
        self.expect(")")
        return listed


def as_number(text: str) -> str:
    """SQL of a term that is compared or sorted: exact sums are texts, and 9 is less than 10."""
    return f"CAST({text} AS NUMERIC)" if text.startswith("exact_sum(") else text


def _listed(left: Operand, sign: str, listed: Sequence[Sql]) -> Sql:
    inner = ", ".join(item.text for item in listed)
    return Sql(f"{left.sql.text} {sign} ({inner})", (*left.sql.values, *(v for item in listed for v in item.values)))


def _against(left: Operand, right: Operand) -> Sql:
    if right.moment is not None:
        return Sql("?", (_stored(right.moment, left.kind),))
    if left.kind in {"date", "datetime"} and right.kind == "text" and right.field is None:
        local = parse_format(str(right.sql.values[0]), "MM/DD/YYYY")
        return Sql("?", (_stored(local - ACCOUNT_ZONE if left.kind == "datetime" else local, left.kind),))
    return right.sql
