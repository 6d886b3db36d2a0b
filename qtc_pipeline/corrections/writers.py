"""Who writes where: the writers of a run, chosen once. The default writer sends nothing.

An instance is written only where ``instances.<name>.writes`` says so, two people agreed to that where it was changed,
and the system itself answers with the pinned ``identity``. A correction one of whose instances may not be written is
rehearsed whole: with writers that send nothing, over a copy of the ledger that is thrown away. Add here: what must hold
before a first write. Stays out: the writers (``systems``), when they write (``apply``).
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from qtc_pipeline.corrections.governance import documents
from qtc_pipeline.corrections.job import Job
from qtc_pipeline.corrections.ledger import Ledger
from qtc_pipeline.corrections.rehearsal import rehearsing
from qtc_pipeline.errors import CorrectionError, SettingsError
from qtc_pipeline.ops import governed
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.settings import Instance, Settings
from qtc_pipeline.systems.dry_run import DryRunWriter
from qtc_pipeline.systems.registry import writing
from qtc_pipeline.systems.writing import Writer

Opener = Callable[[Instance], Writer]


def open_writer(instance: Instance) -> Writer:
    """The writer of an instance.

    Raises:
        SettingsError: nobody may write this vendor.
    """
    found = writing(instance.vendor)
    if found is None:
        cause = f"nothing can be written to {instance.vendor}"
        raise SettingsError(f"instances.{instance.name}.writes", cause, "Set it to false")
    return found.open(instance)


def holder_name() -> str:
    """A name no other applier has."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


@dataclass(slots=True)
class Bench:
    """The ledger and the writers of a run, and which corrections they are for."""

    ledger: Ledger
    instances: Mapping[str, Instance]
    opener: Opener
    takes: Callable[[Job], bool]
    is_rehearsal: bool
    _open: dict[str, Writer] = field(default_factory=dict)

    def writer(self, target: str) -> Writer:
        """The writer of a target, opened once and let in only under its pinned identity.

        Raises:
            CorrectionError: the system is another than the one the settings pin; nothing was sent.
        """
        if target not in self._open:
            writer = self.opener(self.instances[target])
            self._open[target] = writer
            if not self.is_rehearsal:
                self._check_pin(self.instances[target], writer)
        return self._open[target]

    def _check_pin(self, instance: Instance, writer: Writer) -> None:
        try:
            self._check_agreed(instance)
            answered = writer.identity()
        except BaseException:
            self._open.pop(instance.name).close()  # asked again at the next turn
            raise
        if answered == instance.identity:
            return
        self._open.pop(instance.name).close()
        seen = {"pinned": instance.identity, "answered": answered, "environment": instance.environment}
        self.ledger.note("target.refused", instance.name, seen)
        raise CorrectionError(
            f"instance {instance.name}",
            f"the system calls itself {answered}, the settings pin {instance.identity} ({instance.environment})",
            f"Nothing was sent. Correct instances.{instance.name}.base_url or its identity",
        )

    def _check_agreed(self, instance: Instance) -> None:
        """What the settings say of a target is what two people agreed to, where it was ever put on record."""
        said = documents(self.ledger.settings)["targets"][instance.name]
        with open_store(self.ledger.settings) as session:
            in_force = governed.in_force(session, "targets")
            agreed = said if in_force is None else in_force.document.get(instance.name)
        if agreed == said:
            return
        self.ledger.note("target.refused", instance.name, {"agreed": agreed, "said": said})
        raise CorrectionError(
            f"instance {instance.name}",
            f"one person changed its writes, identity or environment in {self.ledger.settings.config_path.name}",
            "Nothing was sent. Propose it with `qtc changes propose`; another person approves it",
        )

    def close(self) -> None:
        """Release every connection."""
        for writer in self._open.values():
            writer.close()
        self._open.clear()


@contextmanager
def assemble(
    settings: Settings,
    now: Callable[[], datetime],
    *,
    opener: Opener = open_writer,
    dry_run: bool = False,
) -> Iterator[tuple[Bench, ...]]:
    """The benches of a run: what is written, and what is rehearsed.

    Args:
        settings: which instances may be written.
        now: clock of the ledger.
        opener: of writers.
        dry_run: rehearse everything.
    """
    instances = {one.name: one for one in settings.instances}
    written = frozenset(name for name, one in instances.items() if one.writes and not dry_run)

    def is_written(job: Job) -> bool:
        return written.issuperset(job.proposal.instances)

    with ExitStack() as stack:
        real = Bench(Ledger(settings, holder_name(), now), instances, opener, is_written, is_rehearsal=False)
        stack.callback(real.close)
        benches = [real]
        if real.ledger.targets() - written:  # something touches an instance that may not be written
            copied = stack.enter_context(rehearsing(settings))
            rehearsal = Bench(
                Ledger(copied, f"rehearsal of {real.ledger.holder}", now),
                instances,
                lambda instance: DryRunWriter(opener(instance)),
                lambda job: not is_written(job),
                is_rehearsal=True,
            )
            stack.callback(rehearsal.close)
            benches.append(rehearsal)
        yield tuple(benches)
