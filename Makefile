# Needs only Python 3.11+, git and make: every target first sets up .venv from the hash-pinned lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DBT_SEND_ANONYMOUS_USAGE_STATS := False
export GX_ANALYTICS_ENABLED := False
export DAGSTER_HOME ?= $(CURDIR)/var/dagster

.PHONY: help setup demo demo-tryton test test-long mutation lint format dev bench lock clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(STAMP): requirements.lock pyproject.toml
	@if command -v uv >/dev/null 2>&1; then \
	  test -x $(BIN)/python || uv venv --quiet --python "$$(command -v $(PYTHON))" $(VENV); \
	  uv pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock && \
	  uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .; \
	else \
	  test -x $(BIN)/python || $(PYTHON) -m venv $(VENV); \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .; \
	fi
	@touch $(STAMP)

setup: $(STAMP) ## Make .venv from requirements.lock

demo: setup ## Read the sandbox firm's CRM, PSA and ERP, reconcile, publish, show the result
	$(BIN)/qtc demo

demo-tryton: setup ## The same job on a real Tryton server
	$(BIN)/qtc demo --tryton

test: setup ## Run the tests
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not long"

test-long: setup ## Run the tests that take minutes: more seeds, more days, every fault
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m long

mutation: setup ## Mutate models and gates; each mutation must be caught; prints the score
	$(BIN)/python -m tests.mutation

lint: setup ## Check style, types and SQL
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --processes 2 dbt_project/models dbt_project/tests

format: setup ## Format Python and SQL in place
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

dev: setup ## Open the Dagster UI on http://127.0.0.1:3000
	$(BIN)/qtc dev

bench: setup ## Measure ratios against alternatives in the same run
	$(BIN)/python -m tests.benchmarks

lock: ## Resolve requirements.lock anew (needs uv)
	uv pip compile pyproject.toml --all-extras --no-strip-extras --generate-hashes --no-emit-index-url --no-header \
	  --python "$$(command -v $(PYTHON))" --output-file requirements.lock

clean: ## Remove what runs made
	rm -rf var dbt_project/target dbt_project/logs
