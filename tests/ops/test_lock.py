from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from qtc_pipeline.errors import WarehouseBusyError
from qtc_pipeline.ops.lock import holder, warehouse_lock

HOLD = """
import subprocess, sys, time
from pathlib import Path
from qtc_pipeline.ops.lock import warehouse_lock
with warehouse_lock(Path(sys.argv[1]), "dbt step_1") as lock:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
    lock.name_child(child.pid)
    print(child.pid, flush=True)
    time.sleep(120)
"""


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    return tmp_path / "warehouse.duckdb"


def hold_elsewhere(warehouse: Path) -> tuple[subprocess.Popen[str], int]:
    """Another process that holds the lock and has a child at work."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(warehouse)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def end(process: subprocess.Popen[str], child: int) -> None:
    if psutil.pid_exists(child):
        os.kill(child, signal.SIGKILL)
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def test_a_second_writer_is_told_who_holds_the_warehouse(warehouse: Path) -> None:
    process, child = hold_elsewhere(warehouse)
    told: list[str] = []
    try:
        assert holder(warehouse) == process.pid
        with (
            pytest.raises(WarehouseBusyError, match=rf"process {process.pid} \(dbt step_1\)"),
            warehouse_lock(warehouse, "publish", wait_seconds=0.3, say=told.append),
        ):
            pass
        assert told == [f"waiting for the warehouse: process {process.pid} (dbt step_1) writes it"]
    finally:
        end(process, child)


def test_a_killed_holder_leaves_nothing_claimed_and_its_orphan_is_ended(warehouse: Path) -> None:
    process, child = hold_elsewhere(warehouse)
    told: list[str] = []
    try:
        process.kill()
        process.wait()
        assert psutil.pid_exists(child)
        started = time.monotonic()
        with warehouse_lock(warehouse, "dbt step_1", wait_seconds=5, say=told.append):
            ended = not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE
            assert ended
        assert time.monotonic() - started < 5
        assert told == [f"ending dbt process {child}, left by a killed run"]
    finally:
        end(process, child)


def test_another_process_that_got_the_pid_of_the_orphan_is_left_alone(warehouse: Path) -> None:
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        record = {"purpose": "dbt", "holder": None, "child": {"pid": bystander.pid, "started": 1.0}}
        warehouse.with_name("warehouse.duckdb.lock").write_text(json.dumps(record), encoding="utf-8")
        with warehouse_lock(warehouse, "dbt step_1", wait_seconds=1):
            assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_nobody_holds_a_lock_that_was_given_back(warehouse: Path) -> None:
    assert holder(warehouse) is None
    with warehouse_lock(warehouse, "publish"):
        assert holder(warehouse) == os.getpid()
    assert holder(warehouse) is None
