"""Running a dbt step as a child process: progress while it runs, failures by the relations they spoil when it ends.

A failed model or test does not stop the marts that do not rest on it; what rests on it is kept out of the second step
and is stored, so that the gates fail exactly those marts. Add here: what every way of running dbt shares.
Stays out: what a failure means for a mart (gates), the Dagster assets (``assets``).
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any, cast

from qtc_pipeline import keys
from qtc_pipeline.errors import QtcError, TransformError
from qtc_pipeline.ops import builds, verdicts
from qtc_pipeline.ops.builds import Failure
from qtc_pipeline.ops.lock import warehouse_lock
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.settings import Settings
from qtc_pipeline.transform.context import build_in_warehouse
from qtc_pipeline.transform.project import (
    dbt_arguments,
    dbt_environment,
    dbt_executable,
    load_manifest,
    prepare_manifest,
    target_dir,
)

__all__ = ["StepResult", "prepare_manifest", "run_step", "selection"]

Progress = Callable[[int, int, str], None]
_BAD = {"error", "fail", "runtime error", "skipped", "partial success"}
_ASKED_WRONG = 2


@dataclass(frozen=True)
class StepResult:
    """How a dbt step ended. ``was_done``: an earlier attempt of the same build had finished it."""

    build_id: str
    step: str
    nodes: int
    seconds: float
    failures: tuple[Failure, ...]
    was_done: bool = False


def run_step(settings: Settings, step: str, progress: Progress = lambda _done, _total, _text: None) -> StepResult:
    """Run one of the two dbt steps on the build that stands in the warehouse.

    Args:
        settings: of the run.
        step: ``step_1`` (base to canonical and controls) or ``step_2`` (reconciliation, marts, KPIs).
        progress: called for every finished node with done, total and a line of text.

    Raises:
        TransformError: dbt itself could not run (failed models and tests are in the result).
    """
    with warehouse_lock(settings.warehouse_path, f"dbt {step}", say=lambda text: progress(0, 0, text)) as lock:
        build_id = current_build(settings)
        earlier = finished(settings, build_id, step)
        if earlier is not None:
            return earlier
        begin(settings, build_id, step)
        started = time.time()
        command = [str(dbt_executable()), "build", *dbt_arguments(settings), *selection(settings, build_id, step)]
        with subprocess.Popen(  # noqa: S603
            command,
            env=dbt_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as child:
            lock.name_child(child.pid)
            errors = _follow(cast("IO[str]", child.stdout), progress)
        return conclude(settings, build_id, step, return_code=child.returncode, errors=errors, started=started)


def current_build(settings: Settings) -> str:
    """Id of the build whose context stands in the warehouse.

    Raises:
        QtcError: there is none.
    """
    build_id = build_in_warehouse(settings.warehouse_path)
    if build_id is None:
        raise QtcError(f"warehouse {settings.warehouse_path}", "holds no build", "Prepare one first, or use `qtc run`")
    return build_id


def finished(settings: Settings, build_id: str, step: str) -> StepResult | None:
    """The result of a step that an earlier attempt of this build finished, None where there is work to do."""
    with open_store(settings) as session:
        if getattr(builds.the_build(session, build_id), f"{step}_at") is None:
            return None
        failures = [failure for failure in builds.failures_of(session, build_id) if failure.step == step]
    return StepResult(build_id, step, 0, 0.0, tuple(failures), was_done=True)


def begin(settings: Settings, build_id: str, step: str) -> None:
    """Take back what was said about tables the step is about to change: its mark and the verdicts from its stage on."""
    stage = keys.DBT_STEPS.index(step) + 1
    with open_store(settings) as session:
        builds.unmark(session, build_id, "step_1_at" if stage == 1 else "step_2_at")
        for later in range(stage, len(keys.DBT_STEPS) + 1):
            verdicts.replace_verdicts(session, build_id, later, [])


def selection(settings: Settings, build_id: str, step: str) -> list[str]:
    """Selection of a step: parsed rows anew where another project made them, nothing that rests on a failure.

    Unit tests say nothing about the data and cost half a second each: they run with the project's own tests.
    """
    chosen = ["--select", f"tag:{step}", "--exclude-resource-type", "unit_test"]
    with open_store(settings) as session:
        must_refresh = builds.the_build(session, build_id).inputs.get("full_refresh", True)
        failures = builds.failures_of(session, build_id)
    if step == keys.DBT_STEPS[0]:
        return [*chosen, "--full-refresh"] if must_refresh else chosen
    spoiled = sorted({name for one in failures if one.step != step for name in one.relations})
    models = [name.split(".", 1)[1] for name in spoiled]
    return [*chosen, "--exclude", *models] if models else chosen


def conclude(
    settings: Settings, build_id: str, step: str, *, return_code: int, errors: Sequence[str], started: float
) -> StepResult:
    """Read what dbt left, store its failures and mark the step.

    Raises:
        TransformError: dbt ended without results of this run.
    """
    path = target_dir(settings) / "run_results.json"
    is_fresh = path.is_file() and path.stat().st_mtime >= started
    if return_code >= _ASKED_WRONG or return_code < 0 or not is_fresh:
        cause = "; ".join(errors) or f"dbt ended with code {return_code}"
        raise TransformError(f"dbt {step} of build {build_id[:12]}", {"dbt": cause}, "Correct the project, run again")
    results = json.loads(path.read_text(encoding="utf-8"))["results"]
    manifest = load_manifest(settings)
    failures = tuple(
        Failure(
            one["unique_id"], step, one["status"], str(one.get("message") or ""), touched(manifest, one["unique_id"])
        )
        for one in results
        if one["status"] in _BAD and not _is_unasked_test(one)
    )
    with open_store(settings) as session:
        builds.replace_failures(session, build_id, step, failures)
        builds.mark(session, build_id, "step_1_at" if step == keys.DBT_STEPS[0] else "step_2_at")
    return StepResult(build_id, step, len(results), time.time() - started, failures)


def _is_unasked_test(result: dict[str, Any]) -> bool:
    """A test that was skipped because one of the models it reads failed says nothing about the others."""
    return result["status"] == "skipped" and str(result["unique_id"]).startswith("test.")


def touched(manifest: dict[str, Any], node_id: str) -> tuple[str, ...]:
    """``schema.name`` of every relation that cannot be trusted when a node fails: a model and all that rests on it.

    A test spoils the model it is attached to (all models it reads where dbt attaches it to none).
    """
    nodes: dict[str, Any] = manifest["nodes"]
    node = nodes.get(node_id) or manifest.get("unit_tests", {}).get(node_id)
    if node is None:
        return ()
    if node["resource_type"] in {"test", "unit_test"}:
        attached = node.get("attached_node")
        start = [attached] if attached else list(node["depends_on"]["nodes"])
    else:
        start = [node_id]
    found: set[str] = set()
    waiting = start
    while waiting:
        one = waiting.pop()
        if one in found:
            continue
        found.add(one)
        waiting += [child for child in manifest["child_map"].get(one, []) if child in nodes]
    kinds = {"model", "seed"}
    return tuple(sorted(f"{nodes[one]['schema']}.{nodes[one]['name']}" for one in found if _kind(nodes, one) in kinds))


def _kind(nodes: dict[str, Any], node_id: str) -> str | None:
    return nodes[node_id]["resource_type"] if node_id in nodes else None


def _follow(lines: IO[str], progress: Progress) -> list[str]:
    """Tell progress from dbt's JSON lines until they end; returns the messages of level error."""
    errors = []
    for event in _events(lines):
        info, data = event["info"], event.get("data", {})
        if info.get("level") == "error" and info.get("msg"):
            errors.append(str(info["msg"]).strip())
        if "index" in data and "total" in data and info.get("name", "").startswith("Log") and "status" in data:
            node = data.get("node_info", {}).get("node_name") or data.get("description", "")
            progress(int(data["index"]), int(data["total"]), f"{node} {data['status']}")
    return errors


def _events(lines: IO[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        if not line.startswith("{"):
            continue
        event = json.loads(line)
        if "info" in event:
            yield event
