"""``python -m tests.mutation``: spoil models and gates one at a time and print who noticed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.flow.replay import Warehouses
from tests.mutation.campaign import Campaign, run_rules


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Run the campaign; 0 where nothing survived."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--number", type=int, default=72, help="mutants of the models to judge")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other mutants")
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="mutation") as folder:
        campaign = Campaign(Warehouses(Path(folder)), Path(folder))
        unsound = campaign.unsound()
        for said in unsound:
            _say(f"the unspoiled project is not sound: {said}")
        if unsound:
            return 1
        models = campaign.run(arguments.number, arguments.seed, _say)
        rules = run_rules(Path(folder), _say)
    _say(f"\nModels: {models}\nGate rules: {rules}")
    for key, reason in models.equivalent.items():
        _say(f"equivalent {key}: {reason}")
    return 1 if models.survived or rules.survived else 0


if __name__ == "__main__":
    sys.exit(main())
