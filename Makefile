# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEPENDENCIES := $(VENV)/.dependencies
LINKED := $(VENV)/.linked
PIP := $(BIN)/pip --quiet --disable-pip-version-check
# A strict editable install links files one by one (mypy can follow that), so new files need a new link.
FOLDERS := $(shell find dynamap cost planner backends -type d -not -name __pycache__)

.PHONY: venv demo test test-full lint format typecheck bench clean

venv: $(LINKED)

$(DEPENDENCIES): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) install 'setuptools>=68'
	$(PIP) install --config-settings editable_mode=strict -e '.[run,test,lint,bench,examples]'
	touch $@

$(LINKED): $(DEPENDENCIES) $(FOLDERS)
	$(PIP) install --no-deps --config-settings editable_mode=strict -e .
	touch $@

demo: venv
	mkdir -p out
	$(BIN)/dynamap plan googlenet --device u200 -o out/googlenet-u200.json

test: venv lint typecheck
	$(BIN)/pytest -q -n 2 --dist loadfile -m 'not full'

test-full: venv lint typecheck
	$(BIN)/pytest -q -n 2 --dist loadfile

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: venv
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

typecheck: venv
	$(BIN)/mypy -p dynamap

bench: venv
	$(BIN)/python benchmarks/planner.py
	$(BIN)/python benchmarks/latency.py
	$(BIN)/python benchmarks/solvers.py --agreement
	$(BIN)/python benchmarks/solvers.py
	$(BIN)/python benchmarks/tables.py

clean:
	rm -rf $(VENV) build out *.egg-info
