# Two commands are all that a newcomer needs: `make demo` and `make test`. Each makes its own environment first.
# `make test-fast` says in a minute whether the way of an order still holds; docs/testing.md tells more.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# Many tests wait for a moment for something in another thread or process: two for each core keep it busy.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(2 * (os.cpu_count() or 1))')
PYTEST  := $(BIN)/python -m pytest --dist worksteal

# Hundreds of tests start a process: without this each would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo console test test-fast coverage check chaos browser pictures format wheel clean

# STANDARD=other plays the sample of another standard, which files alone describe.
demo: $(READY)
	$(BIN)/csire-bridge demo --dir demo-out $(if $(STANDARD),--standard $(STANDARD))

# The same, and then the console over it, with an account for each role, until Ctrl-C.
CONSOLE_PORT ?= 8089
console: $(READY)
	$(BIN)/csire-bridge demo --dir demo-out --keep --port $(CONSOLE_PORT)

test: check
	$(PYTEST) -n $(WORKERS)

# What an order goes through, in one process, on SQLite and a simulated clock.
test-fast: $(READY)
	$(PYTEST) -n auto -q -m "not slow" tests/domain tests/xml tests/pipeline

# Branches, room by room; fails where a room of the product is too low.
# Not under tracing, which slows them beyond every bound: costs, benches, the crash matrix, and what starts processes.
UNTRACED = tests/attacks/test_cost.py tests/lab/test_chaos.py tests/lab/test_bench.py tests/whole/test_wheel.py
coverage: $(READY)
	$(PYTEST) -n $(WORKERS) -q -m "not slow" --timeout 300 $(UNTRACED:%=--ignore=%) --cov --cov-report=
	$(BIN)/python -m tests.coverage_by_room

# The console in a real browser. Without one here, root gets the distribution's; the same tests are part of `make test`.
browser: $(READY)
	@command -v chromium >/dev/null || [ -n "$$CSIRE_TEST_CHROMIUM" ] || [ "$$(id -u)" != 0 ] || apt-get install --yes --no-install-recommends chromium
	$(PYTEST) -n 2 tests/browser

# The pictures of docs/console.md, anew.
pictures: $(READY)
	$(BIN)/python -m tests.browser.pictures docs/pictures

# The crash matrix, on SQLite and PostgreSQL: make chaos ROUNDS=200 SEED=7
chaos: $(READY)
	$(BIN)/csire-bridge chaos --rounds $(or $(ROUNDS),200) $(if $(SEED),--seed $(SEED))

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

wheel: $(READY)
	PIP_CONSTRAINT=$(CURDIR)/constraints.txt $(BIN)/python -m build --wheel

clean:
	rm -rf $(VENV) dist build demo-out .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "csire-bridge needs Python 3.11 or newer; name one with: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	PIP_CONSTRAINT=$(CURDIR)/constraints.txt $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $(READY)
