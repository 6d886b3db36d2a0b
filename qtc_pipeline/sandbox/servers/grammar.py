"""What SOQL and SuiteQL share: tokens, a cursor over them, and AND/OR/NOT with parentheses, compiled as it is read.

A condition becomes SQL text with ``?`` and a list of values; nothing a client sent is ever part of the SQL text.
Add here what both languages have. Literals, functions and clauses of one language stay in its own module.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass

from qtc_pipeline.sandbox.servers.store import Value

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<moment>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2}))
    | (?P<date>\d{4}-\d{2}-\d{2})
    | (?P<number>[+-]?\d+(?:\.\d+)?)
    | (?P<text>'(?:[^'\\]|\\.|'')*')
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_*][A-Za-z0-9_]*)*)
    | (?P<sign><=|>=|!=|<>|=|<|>|\(|\)|,|\*|\?|\|\|)
    )""",
    re.VERBOSE,
)


class QueryError(Exception):
    """A query the vendor would refuse.

    Attributes:
        code: the vendor's error code.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True)
class Token:
    """One word of a query: ``kind`` is a group of the pattern above or ``end``."""

    kind: str
    text: str

    @property
    def upper(self) -> str:
        """The word as keywords are compared."""
        return self.text.upper()


@dataclass(frozen=True)
class Sql:
    """A piece of SQL and the values its question marks stand for."""

    text: str
    values: tuple[Value, ...] = ()


class Parser(ABC):
    """A cursor over the tokens of one query, with the boolean grammar both languages share."""

    malformed = "MALFORMED_QUERY"
    mixes_and_or = True
    backslash_escapes = True

    def __init__(self, query: str) -> None:
        self.query = query
        self._tokens = self._split(query)
        self._at = 0

    def _split(self, query: str) -> list[Token]:
        tokens, position = [], 0
        end = len(query.rstrip())
        while position < end:
            match = _TOKEN.match(query, position)
            if match is None:
                raise self.unexpected(query[position:].strip()[:20])
            tokens.append(Token(str(match.lastgroup), match.group(str(match.lastgroup))))
            position = match.end()
        return [*tokens, Token("end", "<EOF>")]

    def unexpected(self, text: str) -> QueryError:
        """The error for a word that cannot stand here."""
        return QueryError(self.malformed, f"unexpected token: '{text}'")

    @property
    def now(self) -> Token:
        """The word under the cursor."""
        return self._tokens[self._at]

    def ahead(self, steps: int = 1) -> Token:
        """A word further on."""
        return self._tokens[min(self._at + steps, len(self._tokens) - 1)]

    def take(self) -> Token:
        """The word under the cursor; moves on."""
        token = self.now
        self._at += token.kind != "end"
        return token

    def accept(self, *words: str) -> bool:
        """Move on when these words (keywords or signs) stand here, in this order."""
        if all(self.ahead(step).upper == word and self.ahead(step).kind != "text" for step, word in enumerate(words)):
            self._at += len(words)
            return True
        return False

    def expect(self, *words: str) -> None:
        """Move on over these words.

        Raises:
            QueryError: something else stands here.
        """
        if not self.accept(*words):
            raise self.unexpected(self.now.text)

    def name(self) -> str:
        """A name; moves on."""
        if self.now.kind != "name":
            raise self.unexpected(self.now.text)
        return self.take().text

    def integer(self) -> int:
        """A whole number; moves on."""
        token = self.take()
        if token.kind != "number" or not token.text.isdigit():
            raise self.unexpected(token.text)
        return int(token.text)

    def string(self, token: Token) -> str:
        """What a quoted token says."""
        inner = token.text[1:-1]
        if self.backslash_escapes:
            return re.sub(r"\\(.)", r"\1", inner)
        return inner.replace("''", "'")

    def finish(self) -> None:
        """Nothing may be left.

        Raises:
            QueryError: something is left.
        """
        if self.now.kind != "end":
            raise self.unexpected(self.now.text)

    def condition(self) -> Sql:
        """A boolean expression up to the next word that cannot be part of it."""
        parts = [self._negation()]
        joint = self.now.upper if self.now.upper in {"AND", "OR"} and self.now.kind == "name" else ""
        if joint and not self.mixes_and_or:
            while self.accept(joint):
                parts.append(self._negation())
            if self.now.upper in {"AND", "OR"}:
                raise self.unexpected(self.now.text)
            return _joined(parts, joint)
        alternatives = []
        while True:
            while self.accept("AND"):
                parts.append(self._negation())
            alternatives.append(_joined(parts, "AND"))
            if not self.accept("OR"):
                return _joined(alternatives, "OR")
            parts = [self._negation()]

    def _negation(self) -> Sql:
        if self.accept("NOT"):
            inner = self._negation()
            return Sql(f"NOT ({inner.text})", inner.values)
        if self.now.text == "(" and self.opens_condition():
            self.expect("(")
            inner = self.condition()
            self.expect(")")
            return Sql(f"({inner.text})", inner.values)
        return self.comparison()

    def opens_condition(self) -> bool:
        """Whether the parenthesis under the cursor holds a condition rather than a value."""
        return True

    @abstractmethod
    def comparison(self) -> Sql:
        """One comparison of the language."""


def _joined(parts: list[Sql], joint: str) -> Sql:
    if len(parts) == 1:
        return parts[0]
    text = f" {joint} ".join(part.text for part in parts)
    return Sql(f"({text})", tuple(value for part in parts for value in part.values))
