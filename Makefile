# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/pip --quiet --disable-pip-version-check
# mypy wants one package folder; the sources of dynamap.* lie in four, so it gets a folder of links.
TYPED := build/typed
# C++ and OpenCL C of the backends.
KERNELS = $(shell find backends -name '*.h' -o -name '*.cpp' -o -name '*.cl')

.PHONY: venv browser demo test test-full lint format typecheck bench fuzz docs clean

venv: $(STAMP)

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --no-compile 'setuptools>=77'
	$(PIP) install --no-compile -e '.[run,images,notebook,test,lint,bench,examples,explore,intel,rtl,docs]'
	# AMD's open ap_int.h and hls_stream.h for C simulation; the package's own dependencies are not needed.
	$(PIP) install --no-compile --no-deps 'hls4ml>=1,<2'
	touch $@

demo: venv
	mkdir -p out
	$(BIN)/dynamap plan googlenet --device u200 -o out/googlenet-u200.json
	$(BIN)/dynamap generate out/googlenet-u200.json --backend vitis-hls --force -o out/googlenet-u200
	PATH="$(abspath $(BIN)):$$PATH" $(MAKE) -C out/googlenet-u200 csim
	$(BIN)/dynamap run out/googlenet-u200.json --compare onnxruntime --json > out/googlenet-u200-run.json
	$(BIN)/dynamap report out/googlenet-u200.json --verify --baselines full --run out/googlenet-u200-run.json \
		-o out/googlenet-u200.html
	@echo "The report is $(CURDIR)/out/googlenet-u200.html: open it in a browser."

# The tests of the report look at it in Chromium: Debian's packages, installed where they are missing and we may.
browser:
	@if command -v chromium >/dev/null && command -v chromedriver >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
		apt-get -qq install -y --no-install-recommends chromium chromium-driver >/dev/null; \
	else \
		echo "The tests need the browser Chromium and its driver: install them as root, in Debian by" >&2; \
		echo "  apt-get install chromium chromium-driver" >&2; exit 1; \
	fi

test: venv browser lint typecheck
	$(BIN)/pytest -q -n 2 --dist loadfile -m 'not full'

test-full: venv browser lint typecheck
	$(BIN)/pytest -q -n 2 --dist loadfile

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/clang-format --dry-run -Werror $(KERNELS)

format: venv
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(KERNELS)

typecheck: venv
	rm -rf $(TYPED) && mkdir -p $(TYPED)/dynamap
	ln -s $(CURDIR)/dynamap/* $(CURDIR)/cost $(CURDIR)/planner $(CURDIR)/backends $(TYPED)/dynamap/
	cd $(TYPED) && $(CURDIR)/$(BIN)/mypy --config-file $(CURDIR)/pyproject.toml -p dynamap

bench: venv
	$(BIN)/python benchmarks/planner.py
	$(BIN)/python benchmarks/explore.py
	$(BIN)/python benchmarks/latency.py --time-limit 60
	$(BIN)/python benchmarks/paper_budget.py
	$(BIN)/python benchmarks/emulation.py
	$(BIN)/python benchmarks/solvers.py --agreement
	$(BIN)/python benchmarks/solvers.py
	PYTHONPATH=tests/shared $(BIN)/python benchmarks/architectures.py
	PYTHONPATH=tests/shared $(BIN)/python benchmarks/quantisers.py
	$(BIN)/python benchmarks/tables.py

# Mutated files for every command; then damage guided by coverage on the importer and on what reads plans.
FUZZ_SECONDS ?= 600
ATHERIS = -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=2048 -timeout=20
SUPPORT = PYTHONPATH=$(CURDIR)/tests/shared $(CURDIR)/$(BIN)/python -m

fuzz: venv
	$(PIP) install --no-compile -e '.[fuzz]'
	mkdir -p build/fuzz
	OPENBLAS_NUM_THREADS=1 $(SUPPORT) support.fuzzing --keep build/fuzz/findings
	cd build/fuzz && $(SUPPORT) support.fuzzing.guided.importer models $(ATHERIS)
	cd build/fuzz && $(SUPPORT) support.fuzzing.guided.plan_reader plans $(ATHERIS)

# The site: open build/docs/index.html. `make test` builds its pages, without what is generated from the code, and runs
# the examples on them that do not take long; `make test-full` the same site as here, and every example. The report on
# a phone, a laptop and paper, and the site's first page, are photographed for build/pictures.
docs: venv browser
	$(BIN)/python -m sphinx -W --keep-going -n -q -j 2 docs build/docs
	$(BIN)/python docs/extensions/photographs.py build/docs build/pictures

clean:
	rm -rf $(VENV) build out docs/generated *.egg-info
