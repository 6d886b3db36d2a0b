"""Ways to spoil a model's compiled SQL, one place at a time.

Add here: a kind of mistake, as a function that finds its places and one that spoils a place. Stays out: running it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp, parse_one

DIALECT = "duckdb"
# a column -> one that is easily taken for it
OTHER_DATE = {
    "issue_date": "due_date",
    "effective_date": "approved_date",
    "accepted_date": "due_date",
    "signed_date": "start_date",
    "posting_period": "period",
    "payment_date": "posting_period",
    "work_date": "approved_at",
}
OTHER_RATE = {
    "contract_rate": "rate",
    "functional_gross": "gross_amount",
    "functional_net": "net_amount",
    "functional_amount": "amount",
    "contract_value": "minutes",
    "rate": "1",
}
OTHER_LITERAL = {"average": "closing", "psa": "erp", "erp": "psa", "credit_memo": "invoice", "invoice": "credit_memo"}
_FAR = 1000


@dataclass(frozen=True)
class Mutant:
    """A model whose SQL was spoiled in one place."""

    model: str
    kind: str
    before: str
    after: str
    sound: str
    number: int
    ordinal: int
    is_beyond: bool

    @cached_property
    def sql(self) -> str:
        """The spoiled SQL; rendered when it is judged, since most mutants never are."""
        find, spoil = KINDS[self.kind]
        tree = parse_one(self.sound, dialect=DIALECT)
        spoil(find(tree)[self.number])
        return tree.sql(dialect=DIALECT)

    @property
    def key(self) -> str:
        """Names the place whatever changes elsewhere in the model: what is spoiled, how, and the how many-th of it."""
        place = hashlib.sha256(f"{self.before}|{self.after}".encode()).hexdigest()[:8]
        return f"{self.model}:{self.kind}:{place}:{self.ordinal}"

    def __str__(self) -> str:
        return f"{self.model} {self.kind}: {self.before[:90]} -> {self.after[:90]}"


Find = Callable[[exp.Expression], list[exp.Expression]]
Spoil = Callable[[exp.Expression], exp.Expression | None]


def mutants(model: str, sql: str) -> Iterator[Mutant]:
    """Every mutant of a model."""
    tree = parse_one(sql, dialect=DIALECT)
    seen: Counter[tuple[str, str, str]] = Counter()
    for kind, (find, spoil) in KINDS.items():
        for number, place in enumerate(find(tree)):
            before = place.sql(dialect=DIALECT)
            spoiled = spoil(place.copy())
            after = spoiled.sql(dialect=DIALECT) if spoiled else "nothing"
            if place is not tree and after != before and before.lower() != "true":
                yield Mutant(model, kind, before, after, sql, number, seen[kind, before, after], is_beyond(place))
                seen[kind, before, after] += 1


def is_beyond(place: exp.Expression) -> bool:
    """Whether a place speaks only of what no firm here has: Tryton's records, currencies of other than two digits."""
    spoken_of = place.right if isinstance(place, exp.Union) else place
    if any("tryton" in table.name for table in spoken_of.find_all(exp.Table)):
        return True
    if not isinstance(place, exp.Union) and any(word.name == "tryton" for word in place.find_all(exp.Literal)):
        return True
    branch = place.find_ancestor(exp.If)
    while branch is not None:
        case = branch.parent
        if isinstance(case, exp.Case) and case.this is not None and case.this.name in {"minor_unit", "2"}:
            return True
        branch = branch.find_ancestor(exp.If)
    return False


def _conjuncts(condition: exp.Expression) -> list[exp.Expression]:
    inner = condition.unnest()
    if isinstance(inner, exp.And):
        return [*_conjuncts(inner.left), *_conjuncts(inner.right)]
    return [condition]


def _filters(tree: exp.Expression) -> list[exp.Expression]:
    return [one for where in tree.find_all(exp.Where) for one in _conjuncts(where.this)]


def _drop(condition: exp.Expression) -> None:
    parent = condition.parent
    while isinstance(parent, exp.Paren):
        condition, parent = parent, parent.parent
    if isinstance(parent, exp.And):
        parent.replace(parent.right if parent.left is condition else parent.left)
    elif isinstance(parent, exp.Where):
        parent.pop()


def _classes(tree: exp.Expression) -> list[exp.Expression]:
    """Conditions a class name rests on, one by one, where there are several."""
    named = [
        branch.this
        for case in tree.find_all(exp.Case)
        for branch in case.args["ifs"]
        if isinstance(branch.args["true"], exp.Literal) and branch.args["true"].is_string
    ]
    return [one for condition in named for one in _conjuncts(condition) if one is not condition]


def _joins(tree: exp.Expression) -> list[exp.Expression]:
    return [join for join in tree.find_all(exp.Join) if join.args.get("on") is not None and join.side in {"LEFT", ""}]


def _other_join(join: exp.Expression) -> exp.Expression:
    if join.args.get("side") == "LEFT":
        join.set("side", None)
        join.set("kind", "INNER")
    else:
        join.set("kind", None)
        join.set("side", "LEFT")
    return join


def _signs(tree: exp.Expression) -> list[exp.Expression]:
    return [one for one in tree.find_all(exp.Sub, exp.Add) if not one.find(exp.Interval)]


def _other_sign(one: exp.Expression) -> exp.Expression:
    other = exp.Add if isinstance(one, exp.Sub) else exp.Sub
    return one.replace(other(this=one.this.copy(), expression=one.expression.copy()))


def _zeros(tree: exp.Expression) -> list[exp.Expression]:
    return [
        one for one in tree.find_all(exp.NEQ) if isinstance(one.expression, exp.Literal) and one.expression.name == "0"
    ]


def _tolerant(one: exp.Expression) -> exp.Expression:
    return one.replace(exp.GT(this=exp.Abs(this=one.this.copy()), expression=exp.Literal.number(_FAR)))


def _edges(tree: exp.Expression) -> list[exp.Expression]:
    """Comparisons that decide at their very edge."""
    return list(tree.find_all(exp.LTE, exp.GTE, exp.LT, exp.GT))


def _other_edge(one: exp.Expression) -> exp.Expression:
    other = {exp.LTE: exp.LT, exp.LT: exp.LTE, exp.GTE: exp.GT, exp.GT: exp.GTE}[type(one)]
    return one.replace(other(this=one.this.copy(), expression=one.expression.copy()))


def _columns(names: dict[str, str]) -> tuple[Find, Spoil]:
    def find(tree: exp.Expression) -> list[exp.Expression]:
        return [
            one
            for one in tree.find_all(exp.Column)
            if one.name in names and one.table and not isinstance(one.parent, exp.Alias | exp.Select)
        ]

    def spoil(one: exp.Expression) -> exp.Expression:
        other = names[one.name]
        new = exp.Literal.number(other) if other.isdigit() else exp.column(other, table=one.args["table"].copy())
        return one.replace(new)

    return find, spoil


def _literals(tree: exp.Expression) -> list[exp.Expression]:
    return [
        one
        for one in tree.find_all(exp.Literal)
        if one.is_string and one.name in OTHER_LITERAL and isinstance(one.parent, exp.EQ | exp.NEQ)
    ]


def _other_literal(one: exp.Expression) -> exp.Expression:
    return one.replace(exp.Literal.string(OTHER_LITERAL[one.name]))


def _unions(tree: exp.Expression) -> list[exp.Expression]:
    return [one for one in tree.find_all(exp.Union) if not one.args.get("distinct")]


def _half(one: exp.Expression) -> exp.Expression:
    """The second half of a union forgotten."""
    return one.replace(one.left.copy())


KINDS: dict[str, tuple[Find, Spoil]] = {
    "drop_filter": (_filters, _drop),
    "widen_class": (_classes, _drop),
    "change_join": (_joins, _other_join),
    "flip_sign": (_signs, _other_sign),
    "widen_tolerance": (_zeros, _tolerant),
    "wrong_edge": (_edges, _other_edge),
    "wrong_date": _columns(OTHER_DATE),
    "wrong_rate": _columns(OTHER_RATE),
    "wrong_word": (_literals, _other_literal),
    "drop_branch": (_unions, _half),
}
