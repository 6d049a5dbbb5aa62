# What can be done here; `make` alone lists it.
# PYTHON=... chooses the interpreter of a new .venv; without it scripts/venv takes the newest that works.
PYTHON ?=
ARGS ?=
BIN := .venv/bin

export PYTHON

.DEFAULT_GOAL := help
.PHONY: help demo test test-core check bench soak pictures lock clean services

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: .venv/run.stamp  ## Install, then run the demo; ARGS="--for 20s" is passed on
	@$(BIN)/rota demo $(ARGS)

# Two for each processor: a third of the time is spent waiting for servers, browsers and the disk.
WORKERS := $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN))))

# Compiled once, whatever PYTHONDONTWRITEBYTECODE says: tests start hundreds of processes.
test: services  ## Run the whole suite; as root, installs PostgreSQL and Redis when missing
	@$(BIN)/python -m compileall -q src tests
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(ARGS)

test-core: .venv/dev.stamp  ## Run the tests of the pure core: no services, seconds
	$(BIN)/pytest tests/core $(ARGS)

check: .venv/dev.stamp  ## Lint, formatting, types, floors
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: services  ## Run the benchmarks, Rota and its peers in turn; ARGS="--quick --peers huey"
	@$(BIN)/python -m compileall -q src
	$(BIN)/python -m bench $(ARGS)

soak: services  ## Run the long forms of the system tests, write docs/soak-report.md; ARGS="--minutes 60"
	$(BIN)/python -m tests.system.soak $(ARGS)

pictures: services  ## Take the pictures of the README anew, from the demo at work
	$(BIN)/python -m docs.pictures.make

services: .venv/dev.stamp
	@$(BIN)/python -m tests.services

.venv/run.stamp: requirements/run.txt pyproject.toml scripts/venv
	@scripts/venv run

.venv/dev.stamp: requirements/dev.txt pyproject.toml scripts/venv
	@scripts/venv dev

# dev.txt is solved first and run.txt within it, so that both agree on every version.
# No index address and no header: the files hold names, versions and hashes, nothing of this machine.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links --extra cli --extra postgres --extra web --extra jwt --extra fastapi --extra django --extra django-tasks --extra archive --extra alerts --group build $(ARGS)

lock: .venv/dev.stamp  ## Solve requirements/*.txt anew from pyproject.toml; ARGS=--upgrade takes new versions
	@$(BIN)/python -m pip install --quiet --upgrade uv
	@$(LOCK) --group test --group lint --output-file requirements/dev.txt pyproject.toml
	@$(LOCK) --constraints requirements/dev.txt --output-file requirements/run.txt pyproject.toml

clean:  ## Remove what was built or cached, and .venv
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
