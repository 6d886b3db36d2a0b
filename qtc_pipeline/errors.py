"""The error family of the whole product.

Here: every exception type a caller may want to tell apart. Add one when a caller must act differently on it.
Stays out: the decision which vendor status code is which type (that is in each system's folder).

::

    QtcError                         every error of this package; str() is a sentence: object, cause, fix
    ├── SettingsError                qtc.toml or the environment: names key, value and fix
    ├── SystemReadError              something an external system said or did
    │   ├── TransientError           may work if asked again (429, 5xx, timeout, reset, truncated body)
    │   │   └── RateLimitedError     429 and its kin; ``retry_after`` seconds when the vendor told
    │   └── PermanentError           asking again gives the same answer
    │       ├── AuthenticationError  credentials or token refused
    │       ├── PermissionRefusedError  known credentials, not allowed to see this
    │       └── ContractError        the vendor's answer does not have the shape we rest on
    ├── SystemWriteError             a correction an external system did not take
    │   ├── NoEffectError            refused or unreachable before it could have an effect; ``retry_after`` where told
    │   ├── OutcomeUnknownError      the answer was lost: only looking tells what happened
    │   ├── StaleRecordError         the record moved since it was looked at
    │   ├── WriteRejectedError       the vendor's rules forbid it: business, permission or contract (``category``)
    │   └── AmbiguousRecordError     several records carry the marker of one
    ├── CorrectionError              a correction that may not do what was asked of it
    │   └── LostLeaseError           another applier took the target over
    ├── AuditError                   the audit trail was edited, shortened or reordered
    ├── LoadRefusedError             a load that must not become visible (shrunk, incomplete id set, too many deletes,
    │                                a field gone or retyped)
    ├── ErasureError                 personal data that could not be erased
    ├── IngestError                  one or more entities of an instance failed; ``failures`` names each
    ├── WarehouseBusyError           another process writes the warehouse
    ├── TransformError               a dbt step failed; ``failures`` names the models and tests
    ├── PublicationHeldError         at least one expected mart was held; what is green is published
    ├── PublicationError             a publication is missing, damaged or cannot be made
    └── SandboxError                 the sandbox or a server it starts
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qtc_pipeline.lake.profile import Finding


class QtcError(Exception):
    """Base of all errors of the package.

    Args:
        what: the object that failed, named as its owner would (``instance crm, entity Opportunity``).
        cause: what happened.
        fix: what the reader can do about it.
    """

    def __init__(self, what: str, cause: str = "", fix: str = "") -> None:
        self.what = what
        self.cause = cause
        self.fix = fix
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        text = f"{self.what}: {self.cause}" if self.cause else self.what
        text = text.rstrip(".") + "."
        return f"{text} {self.fix.rstrip('.')}." if self.fix else text


class SettingsError(QtcError):
    """A key of ``qtc.toml`` or an environment variable is missing or wrong."""


class SystemReadError(QtcError):
    """An external system failed to answer as its contract says."""


class TransientError(SystemReadError):
    """The same request may succeed later."""


class RateLimitedError(TransientError):
    """The system asked for fewer or slower requests; ``retry_after`` is in seconds, None where it did not say."""

    def __init__(self, what: str, cause: str = "", fix: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(what, cause, fix)
        self.retry_after = retry_after


class PermanentError(SystemReadError):
    """The same request gives the same refusal."""


class AuthenticationError(PermanentError):
    """Credentials or token refused."""


class PermissionRefusedError(PermanentError):
    """The credentials are known but may not do this."""


class ContractError(PermanentError):
    """The answer does not have the shape the connector rests on."""


class SystemWriteError(QtcError):
    """An external system did not take a correction.

    Attributes:
        code: status or error code of the vendor, "" where there was no answer.
    """

    def __init__(self, what: str, cause: str = "", fix: str = "", *, code: str = "") -> None:
        super().__init__(what, cause, fix)
        self.code = code


class NoEffectError(SystemWriteError):
    """Known to have had no effect, and may work if sent again; ``retry_after`` is in seconds where the vendor told."""

    def __init__(
        self, what: str, cause: str = "", fix: str = "", *, code: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(what, cause, fix, code=code)
        self.retry_after = retry_after


class OutcomeUnknownError(SystemWriteError):
    """Sent, and the answer was lost."""


class StaleRecordError(SystemWriteError):
    """The vendor's guard says the record moved since it was looked at; nothing was written."""


class WriteRejectedError(SystemWriteError):
    """The vendor's rules forbid the write; sending it again gives the same answer.

    Attributes:
        category: ``business`` (a rule of the firm or vendor), ``permission`` or ``contract`` (we asked wrongly).
    """

    def __init__(
        self, what: str, cause: str = "", fix: str = "", *, code: str = "", category: str = "business"
    ) -> None:
        super().__init__(what, cause, fix, code=code)
        self.category = category


class AmbiguousRecordError(SystemWriteError):
    """Several records carry the marker of one."""


class CorrectionError(QtcError):
    """A correction may not do what was asked of it: wrong state, wrong person, altered plan, a limit."""


class LostLeaseError(CorrectionError):
    """Another applier took the target over; this one must stop before its next write."""


class AuditError(QtcError):
    """The audit trail was edited, shortened or reordered; names the first row that does not hold."""


class LoadRefusedError(QtcError):
    """A load that was read but must not become visible in the lake.

    Attributes:
        findings: what was out of the ordinary about it, where that is why.
    """

    def __init__(self, what: str, cause: str = "", fix: str = "", *, findings: Sequence[Finding] = ()) -> None:
        super().__init__(what, cause, fix)
        self.findings = tuple(findings)


class ErasureError(QtcError):
    """A record whose personal data could not be erased; what was asked for may be asked again."""


class IngestError(QtcError):
    """At least one entity of an instance could not be loaded; the others were.

    Attributes:
        failures: entity name -> its error.
    """

    def __init__(self, what: str, failures: Mapping[str, Exception]) -> None:
        self.failures = dict(failures)
        listed = "; ".join(f"{entity}: {error}" for entity, error in sorted(self.failures.items()))
        super().__init__(what, listed, "What could be read was kept; run again once the cause is gone")

    @property
    def is_transient(self) -> bool:
        """True when every failure may vanish by itself, so a retry makes sense."""
        return all(isinstance(error, TransientError) for error in self.failures.values())


class WarehouseBusyError(QtcError):
    """Another process holds the one-writer lock of the warehouse."""


class TransformError(QtcError):
    """A dbt step failed.

    Attributes:
        failures: unique id of the model or test -> dbt's message.
    """

    def __init__(self, what: str, failures: Mapping[str, str], fix: str = "") -> None:
        self.failures = dict(failures)
        listed = "; ".join(f"{node}: {message}" for node, message in sorted(self.failures.items()))
        super().__init__(what, listed, fix)


class PublicationHeldError(QtcError):
    """At least one expected mart was held back; the green ones were published.

    Attributes:
        held: mart -> reason.
    """

    def __init__(self, what: str, held: Mapping[str, str]) -> None:
        self.held = dict(held)
        listed = "; ".join(f"{mart}: {reason}" for mart, reason in sorted(self.held.items()))
        super().__init__(what, listed, "See `qtc gates` for the verdicts and the rows behind them")


class PublicationError(QtcError):
    """A publication is missing, damaged or cannot be made."""


class SandboxError(QtcError):
    """The sandbox, or a server it starts, failed."""
