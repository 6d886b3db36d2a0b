"""SuiteQL, as far as readers of an ERP use it: SELECT from one table or joined ones, WHERE, GROUP BY, HAVING, ORDER BY.

Add a clause here, a function or literal in ``suiteql_terms``. The window, its limits and the envelope are in
``netsuite``.

Kept from the vendor: keywords and names in any case; ``?`` bound in order; ``TO_TIMESTAMP``/``TO_DATE`` with a format;
a bare string compared with a point in time is read as month/day/year in the account's own zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtc_pipeline.sandbox.servers.catalogue import find_entity
from qtc_pipeline.sandbox.servers.grammar import QueryError, Sql
from qtc_pipeline.sandbox.servers.store import Value, visible
from qtc_pipeline.sandbox.servers.suiteql_terms import INVALID, Table, Terms, as_number

_CLAUSES = {
    "FROM",
    "WHERE",
    "GROUP",
    "HAVING",
    "ORDER",
    "JOIN",
    "INNER",
    "LEFT",
    "ON",
    "AND",
    "OR",
    "AS",
    "ASC",
    "DESC",
}


@dataclass(frozen=True)
class Column:
    """One selected thing: its key in the answer, its SQL, and the plain field it is (None where computed)."""

    label: str
    sql: Sql
    field: str | None = None
    is_aggregate: bool = False


@dataclass(frozen=True)
class Query:
    """A compiled query."""

    columns: tuple[Column, ...]
    tables: tuple[Table, ...]
    where: Sql
    group_by: tuple[Sql, ...]
    having: Sql | None
    order: str

    @property
    def plain_fields(self) -> tuple[str, ...] | None:
        """The fields of a query that is only fields of one table, None for any other."""
        if len(self.tables) > 1 or self.group_by or any(column.field is None for column in self.columns):
            return None
        return tuple(str(column.field) for column in self.columns)

    def statement(self, selected: str, legal_entities: Sequence[str] | None) -> Sql:
        """The whole SQL: live rows a company filter lets through, in the order asked for."""
        text = f"SELECT {selected} FROM"
        values: list[Value] = []
        conditions = []
        for table in self.tables:
            text += f' {table.joint} {table.entity.table} AS "{table.alias}"'
            live = f'"{table.alias}"._deleted_at IS NULL'
            seen = visible(table.entity, legal_entities, f'"{table.alias}"')
            shown = f"{live} AND {seen}" if seen else live
            if table.joint:
                text += f" ON {table.on.text} AND {shown}"
                values += table.on.values
            else:
                conditions.append(shown)
        text += f" WHERE {' AND '.join(conditions)} AND {self.where.text}"
        values += self.where.values
        if self.group_by:
            text += f" GROUP BY {', '.join(term.text for term in self.group_by)}"
            values += [value for term in self.group_by for value in term.values]
        if self.having is not None:
            text += f" HAVING {self.having.text}"
            values += self.having.values
        text += f" ORDER BY {self.order}" if self.order else ""
        return Sql(text, tuple(values))


def compile_query(text: str, params: Sequence[Value]) -> Query:
    """Compile a query with its bound values.

    Raises:
        QueryError: INVALID_PARAMETER with what the vendor would say.
    """
    return _SuiteQl(text, params).parse()


class _SuiteQl(Terms):
    def parse(self) -> Query:
        self.expect("SELECT")
        selected_at = self._at
        while self.now.upper != "FROM":
            if self.take().kind == "end":
                raise self.unexpected("<EOF>")
        self.expect("FROM")
        self._read_tables()
        after_tables = self._at
        self._at = selected_at
        columns = self._select_list()
        self.expect("FROM")
        self._at = after_tables
        where = self.condition() if self.accept("WHERE") else Sql("1")
        group_by = self._terms() if self.accept("GROUP", "BY") else ()
        having = self.condition() if self.accept("HAVING") else None
        order = self._order(columns) if self.accept("ORDER", "BY") else ""
        self.finish()
        if group_by or having or any(column.is_aggregate for column in columns):
            for column in columns:
                if not column.is_aggregate and column.sql not in group_by:
                    raise QueryError(INVALID, f"Field '{column.label}' is not a GROUP BY expression")
        return Query(tuple(columns), tuple(self.tables), where, group_by, having, order)

    def _read_tables(self) -> None:
        self.tables.append(self._table())
        while True:
            is_left = self.accept("LEFT", "JOIN") or self.accept("LEFT", "OUTER", "JOIN")
            if not is_left and not self.accept("INNER", "JOIN") and not self.accept("JOIN"):
                return
            table = self._table()
            self.tables.append(table)
            self.expect("ON")
            joint = "LEFT JOIN" if is_left else "JOIN"
            self.tables[-1] = Table(table.alias, table.entity, joint, self.condition())

    def _table(self) -> Table:
        spelled = self.name()
        entity = find_entity("netsuite", spelled)
        if entity is None:
            raise QueryError(INVALID, f"Record '{spelled}' was not found.")
        self.accept("AS")
        has_alias = self.now.kind == "name" and self.now.upper not in _CLAUSES
        return Table((self.name() if has_alias else spelled).lower(), entity)

    def _select_list(self) -> list[Column]:
        columns: list[Column] = []
        while True:
            if self.accept("*"):
                for table in self.tables:
                    columns += [Column(name, Sql(f'"{table.alias}"."{name}"'), name) for name in table.entity.fields]
            else:
                columns.append(self._column(len(columns) + 1))
            if not self.accept(","):
                return columns

    def _column(self, number: int) -> Column:
        operand = self.operand()
        label = operand.field or f"expr{number}"
        if self.accept("AS") or (self.now.kind == "name" and self.now.upper not in _CLAUSES):
            label = self.name().lower()
        field = operand.field if operand.field == label else None
        return Column(label, operand.sql, field, operand.is_aggregate)

    def _terms(self) -> tuple[Sql, ...]:
        terms = [self.operand().sql]
        while self.accept(","):
            terms.append(self.operand().sql)
        return tuple(terms)

    def _order(self, columns: Sequence[Column]) -> str:
        labels = {column.label: column.sql.text for column in columns if column.field is None}
        terms = []
        while True:
            if self.now.kind == "number":
                position = self.integer()
                if not 1 <= position <= len(columns):
                    raise self.unexpected(str(position))
                text = as_number(columns[position - 1].sql.text)
            elif self.now.text.lower() in labels:
                text = as_number(labels[self.name().lower()])
            else:
                text = as_number(self.plain())
            terms.append(text + (" DESC" if self.accept("DESC") else ""))
            self.accept("ASC")
            if not self.accept(","):
                return ", ".join(terms)
