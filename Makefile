# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: venv demo test test-full lint typecheck bench clean

venv: $(STAMP)

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check 'setuptools>=68'
	$(BIN)/pip install --quiet --disable-pip-version-check --config-settings editable_mode=strict -e '.[run,test,lint,bench,examples]'
	touch $@

demo: venv
	mkdir -p out
	$(BIN)/dynamap plan googlenet --device u200 -o out/googlenet-u200.json

test: venv lint typecheck
	$(BIN)/pytest -q -n 2 -m 'not full'

test-full: venv lint typecheck
	$(BIN)/pytest -q -n 2

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

typecheck: venv
	$(BIN)/mypy -p dynamap

bench: venv
	$(BIN)/python benchmarks/planner.py
	$(BIN)/python benchmarks/latency.py
	$(BIN)/python benchmarks/solvers.py

clean:
	rm -rf $(VENV) build out *.egg-info
