# Everything runs in .venv, which the first target that needs it sets up: Python ≥ 3.11, make and git are enough.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format bench accuracy clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## create .venv and install actcli in it, editable, with its development tools

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "actcli needs Python 3.11 or later; run make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

demo: $(READY) ## the books' value tables, then a column of a CSV file through an activation
	@echo '$$ actcli eval sigmoid'
	@$(BIN)/actcli eval sigmoid --format table </dev/null
	@echo; echo '$$ actcli eval tanh'
	@$(BIN)/actcli eval tanh --format table </dev/null
	@echo; echo '$$ cat data.csv | actcli eval sigmoid --input - --column z'
	@printf 'id,z,note\n007,-5,"far, left"\n008,0,centre\n009,2.5,\n' | $(BIN)/actcli eval sigmoid --input - --column z

test: lint ## all checks, then all tests
	$(BIN)/python -m pytest -n auto

lint: $(READY) ## ruff, mypy and the layers of the design
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## rewrite the sources in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY) ## speed against SciPy, pandas and the books' formulas, measured side by side
	$(BIN)/python -m benchmarks

accuracy: $(READY) ## write the README's accuracy table anew, from audits of what is installed
	$(BIN)/python -m benchmarks.audit README.md

clean: ## remove what the other targets made
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
