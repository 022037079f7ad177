# Every command of the project in one place; .ci/run calls the same ones.
# A machine needs Python 3.11 or newer and make, nothing else: `make demo`, `make test`.

PYTHON ?=
PORT ?= 8000
PREFIX ?=
DATA ?=
TEST_WORKERS ?= 2
TESTS ?=
# The long forms of tests that kill processes, and those that take half an hour, are left to `make test-faults`.
MARKS ?= not faults and not soak
BENCH ?=
MUTANTS ?=

BIN := .venv/bin
STAMP := .venv/.complete

.PHONY: help setup chromium demo test test-faults check analysis promises real-data bench mutants lock clean
.DEFAULT_GOAL := help

help:
	@echo "make demo                  start the sales app with demo data at 127.0.0.1:$(PORT)"
	@echo "make test                  all tests: SQLite, PostgreSQL, browser (TESTS=tests/engine for some)"
	@echo "make check                 ruff, mypy, import contracts"
	@echo "make analysis              bandit, and semgrep with the rules of the project"
	@echo "make promises [PREFIX=EXP,RUL]   promises that no passing test of the last run holds"
	@echo "make real-data DATA=FOLDER load a public data set through the importer"
	@echo "make bench                 throughput beside a hand-written application"
	@echo "make mutants               how many altered programs the tests notice (MUTANTS='--sample 80 --seed 1')"
	@echo "make test-faults           the long tests that kill processes"
	@echo "make setup                 only build .venv"
	@echo "make lock                  renew requirements.lock (needs uv)"

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml .ci/setup
	@PYTHON="$(PYTHON)" bash .ci/setup
	@touch $@

chromium:
	@bash .ci/chromium

demo: setup
	@$(BIN)/fieldstone demo --port $(PORT)

test: setup chromium
	$(BIN)/python -m pytest -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder -m "$(MARKS)" $(TESTS)

test-faults: setup
	$(BIN)/python -m pytest -m "faults or soak" $(TESTS)

check: setup
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

analysis: setup
	@.ci/analysis/run

promises: setup
	@$(BIN)/python -m tests.support.promises --prefix "$(PREFIX)"

real-data: setup
	@test -n "$(DATA)" || { echo "usage: make real-data DATA=FOLDER, the folder of a public data set"; exit 2; }
	@$(BIN)/python -m bench.real_data $(DATA)

bench: setup
	$(BIN)/python -m bench $(BENCH)

mutants: setup
	$(BIN)/python -m tests.support.mutants $(MUTANTS)

# No address of any registry may enter the lock: it is read on machines that use others.
lock:
	uv pip compile --universal --generate-hashes --no-header --no-annotate --all-extras --quiet pyproject.toml -o requirements.lock
	@! grep -n '://' requirements.lock

clean:
	rm -rf .venv var dist
