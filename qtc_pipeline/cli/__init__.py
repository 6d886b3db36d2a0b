"""The ``qtc`` command: assembly of its commands, exit codes, and errors as sentences.

Here: the command tree and ``main``. Add a command in the module of its kind (``work``, ``show``, ``sandbox``,
``setup``). Stays out: work. A command reads the settings, calls one function of a room and prints what came back;
everything heavy is imported when a command runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import sys

import typer

from qtc_pipeline.cli.audit import register as register_audit
from qtc_pipeline.cli.changes import register as register_changes
from qtc_pipeline.cli.corrections import register as register_corrections
from qtc_pipeline.cli.dlq import register as register_dlq
from qtc_pipeline.cli.explain import register as register_explain
from qtc_pipeline.cli.kpi import register as register_kpi
from qtc_pipeline.cli.output import exit_code_of, say_error
from qtc_pipeline.cli.sandbox import register as register_sandbox
from qtc_pipeline.cli.setup import register as register_setup
from qtc_pipeline.cli.show import register as register_show
from qtc_pipeline.cli.users import register as register_users
from qtc_pipeline.cli.waivers import register as register_waivers
from qtc_pipeline.cli.work import register as register_work
from qtc_pipeline.errors import QtcError

EPILOG = (
    "Exit codes: 0 done · 1 failed · 2 wrong usage · 3 at least one mart was held · 4 a system could not be read · "
    "5 settings wrong · 6 another process writes the warehouse."
)

app = typer.Typer(
    name="qtc",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    epilog=EPILOG,
    help="Quote-to-cash numbers from CRM, PSA and ERP: read, reconcile, gate, publish, and repair the systems.",
)
for register in (
    register_work,
    register_kpi,
    register_explain,
    register_show,
    register_waivers,
    register_corrections,
    register_dlq,
    register_changes,
    register_users,
    register_audit,
    register_sandbox,
    register_setup,
):
    register(app)


def main() -> None:
    """Entry point of the console script: runs a command and turns an error into a sentence and an exit code."""
    try:
        app()
    except QtcError as error:
        say_error(error)
        sys.exit(exit_code_of(error))
    except KeyboardInterrupt:
        sys.exit(130)
