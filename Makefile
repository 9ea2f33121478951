# A fresh machine with Python 3.11 or later and make needs nothing else.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo test test-frameworks test-snippets golden reference check lint docs fix fuzz bench sample-data clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

demo: .venv/installed ## Set up, then run the three commands on the sample data
	@cd sample_data && set -e; for line in \
	  "analyze labels.csv" "weights --scheme inverse" "score preds.parquet"; do \
	  echo; echo "\$$ wcetool $$line"; ../$(BIN)/wcetool $$line; done

test: .venv/installed-dev ## Set up, then run the whole test suite
	$(BIN)/python -m pytest -q -n auto

test-frameworks: .venv/installed-dev ## Install torch and compare with it on random inputs
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch
	$(BIN)/python -m pytest -q tests/golden

FRAMEWORKS := torch keras tensorflow jax optax xgboost lightgbm catboost transformers accelerate

test-snippets: .venv/installed-dev ## Install every framework (4 GB) and run the code to paste
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(FRAMEWORKS)
	$(BIN)/python -m pytest -q tests/unit/snippets

DIR ?= tests/golden/cases/recorded

golden: .venv/installed-dev ## Run recorded cases of the real frameworks (DIR=folder)
	$(BIN)/python tests/golden/interpreter.py $(DIR)

FILE ?= tests/golden/cases/reference_numbers.json

reference: .venv/installed-dev ## Compare with points of the literature (FILE=points.json)
	$(BIN)/python tests/golden/reference.py $(FILE)

check: lint test ## Everything a change must pass: format, lint, types, imports, documents, tests

lint: .venv/installed-dev ## All of check but the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	COLUMNS=90 $(BIN)/cog --check -I docs docs/schemes.md docs/measures.md docs/conventions.md docs/cli.md

fix: .venv/installed-dev ## Format, mend what can be mended, bring the generated documents up to date
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	COLUMNS=90 $(BIN)/cog -r -I docs docs/schemes.md docs/measures.md docs/conventions.md docs/cli.md
	$(BIN)/python tests/docs/console_blocks.py README.md docs/*.md

CASES ?= 100000

fuzz: .venv/installed-dev ## Break inputs in many ways (CASES=100000 takes ten minutes)
	$(BIN)/python tests/fuzz/fuzz_runner.py --cases $(CASES)

SIZE ?= full

bench: .venv/installed-bench ## Time and memory against the peers (SIZE=small takes a minute; JOB=npy)
	$(BIN)/python benchmarks/run.py --size $(SIZE) --job "$(JOB)"

sample-data: .venv/installed-dev ## Build sample_data again
	$(BIN)/python sample_data/build.py

clean: ## Remove the environment and all caches
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "error: $(PYTHON) is older than Python 3.11 (hint: make PYTHON=python3.12)" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/installed: .venv/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

.venv/installed-dev: .venv/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ .venv/installed

.venv/installed-bench: .venv/installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	@touch $@
