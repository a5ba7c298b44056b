# Each target makes .venv and installs what it needs on first use: nothing but Python ≥ 3.11 and make has to be there.

PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
AXE := 4.14.1
LONG := tests/e2e/test_dashboard_in_browser.py tests/e2e/test_import_kill.py

.PHONY: serve test check coverage lint types docs bench format clean help

help:  ## Say what can be made
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 10

serve: .venv/installed  ## Run the server (ARGS="--port 9000" to change something)
	@$(BIN)/leadlight serve $(ARGS)

test: .venv/installed-dev  ## Run the tests on both engines (ARGS="--db sqlite" for one of them, ARGS="-k name" to choose)
	@$(BIN)/pytest $(ARGS)

check: lint types .venv/installed-dev .venv/axe-core  ## Everything that has to hold before a change lands
	@echo "Testing in three lanes; what the second and the third say comes at the end …"
	@first() { $(BIN)/pytest --db sqlite "$$@"; }; also() { $(BIN)/pytest --db postgres --with-store "$$@"; }; \
	{ also -m "not slow" --ignore tests/store; failed=$$?; also -m slow --ignore tests/e2e && exit $$failed; } > .lane-2.log 2>&1 & second=$$!; \
	{ $(BIN)/pytest --db postgres tests/store -m "not slow"; failed=$$?; \
	first -m slow || failed=1; also -m slow $(LONG) && exit $$failed; } > .lane-3.log 2>&1 & third=$$!; \
	first -m "not slow"; failed=$$?; also -m slow tests/e2e $(addprefix --ignore=,$(LONG)) || failed=1; \
	wait $$second || failed=1; wait $$third || failed=1; \
	cat .lane-2.log .lane-3.log; rm .lane-2.log .lane-3.log; exit $$failed

coverage: .venv/installed-dev  ## Say which lines no quick test runs (tests take half as long again)
	@rm -f .coverage .coverage.*
	@$(BIN)/coverage run -m pytest -m "not slow" --db sqlite
	@$(BIN)/coverage run -m pytest -m "not slow" --db postgres tests/store
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

.venv/axe-core: .venv/bin/python  # what tests of the pages' accessibility run in the browser
	@mkdir -p $@
	@if command -v npm > /dev/null; then \
	cd $@ && npm pack --silent axe-core@$(AXE) > /dev/null && tar -xzf axe-core-$(AXE).tgz && rm axe-core-$(AXE).tgz; \
	else echo "npm is not installed: tests of the pages' accessibility are skipped"; fi
