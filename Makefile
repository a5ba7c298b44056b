# Each target makes .venv and installs what it needs on first use: nothing but Python ≥ 3.11 and make has to be there.

PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.PHONY: serve test check lint types docs bench format clean help

help:  ## Say what can be made
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 10

serve: .venv/installed  ## Run the server (ARGS="--port 9000" to change something)
	@$(BIN)/leadlight serve $(ARGS)

test: .venv/installed-dev  ## Run the tests on both engines (ARGS="--db sqlite" for one of them, ARGS="-k name" to choose)
	@$(BIN)/pytest $(ARGS)

check: lint types .venv/installed-dev  ## Everything that has to hold before a change lands
	@rm -f .coverage .coverage.*
	@echo "Testing on both engines at once; what the second one says comes at the end …"
	@$(BIN)/coverage run -m pytest --db postgres --with-store > .postgres.log 2>&1 & other=$$!; \
	$(BIN)/coverage run -m pytest --db sqlite; first=$$?; \
	wait $$other; second=$$?; cat .postgres.log; rm .postgres.log; exit $$((first + second))
	@$(BIN)/coverage combine -q
	@$(BIN)/coverage report

lint: .venv/installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: .venv/installed-dev
	@$(BIN)/mypy

docs: .venv/installed-dev  ## Write docs/reference anew from the code
	@$(BIN)/python -m docs.generate

bench: .venv/installed-dev  ## Measure (ARGS="--full" for the large data sets, "--db postgres" for the other engine); needs wrk
	@$(BIN)/python -m benchmarks.run $(ARGS)

format: .venv/installed-dev  ## Format the code and mend what can be mended
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean:  ## Remove what was installed and cached
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.*

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Leadlight needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 serve")'
	@$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	@echo "Installing Leadlight into .venv (once) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/installed-dev: .venv/installed
	@echo "Installing what the checks need into .venv (once) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@
