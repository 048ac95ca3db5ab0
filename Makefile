# Everything runs in one virtual environment. It is made once, and brought up to date when the lock or
# pyproject.toml changes. Another Python or another place: make PYTHON=/usr/bin/python3 VENV=/elsewhere/.venv test
PYTHON ?= python3
VENV ?= .venv

BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check

# A caller's own module path would shadow what the lock installs.
unexport PYTHONHOME PYTHONPATH

.DEFAULT_GOAL := help
.PHONY: help rehearse test soak check lint format bench pictures lock clean

help:        ## this list
	@sed -n 's/^\([a-z]*\): [^#]*## /\1\t/p' Makefile | expand -t 12

rehearse: $(STAMP)    ## live through the seed's game day in the embedded lab
	$(BIN)/controlroom rehearse

test: $(STAMP)        ## the fast tier of the tests
	$(BIN)/python -m pytest -m "not soak" -n 2 --dist loadfile -rs

soak: $(STAMP)        ## the full counts; takes long; prints commit and seed first
	$(BIN)/python -m pytest -m soak -n 2 -v -rs

check: lint test      ## lint, then test

lint: $(STAMP)        ## format, ruff, types, import contracts
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports

format: $(STAMP)      ## put the code in its form
	$(BIN)/python -m ruff format .
	$(BIN)/python -m ruff check --fix .

bench: $(STAMP)       ## start-up, paint, bytes sent and CPU, as ratios against floors of the same run
	$(BIN)/python -m benchmarks

pictures: $(STAMP)    ## draw every screen in each size and look, and the pictures of README and docs
	$(BIN)/python -m tests.pictures

lock:        ## pin the dependencies again; UPGRADE=--upgrade takes newer ones
	@tools=$$(mktemp -d) && trap 'rm -rf "$$tools"' EXIT && \
	$(PYTHON) -m venv "$$tools" && \
	"$$tools/bin/python" -m pip install --quiet pip-tools==7.6.2 && \
	"$$tools/bin/pip-compile" --quiet $(UPGRADE) --extra dev --build-deps-for wheel --build-deps-for editable \
	  --allow-unsafe --strip-extras --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options \
	  --output-file requirements.lock pyproject.toml

clean:       ## forget what was made: the environment, caches, builds
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The build back end comes from the lock as well: nothing is fetched that has no recorded hash.
$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: sudo apt-get install python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$$($(PYTHON) --version) is too old, 3.11 or later is needed: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "python3-venv is missing: sudo apt-get install python3-venv" >&2; exit 1; }
	@echo "Setting up $(VENV) (once; it takes about a minute) ..."
	@$(BIN)/python -c 'import pip' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@$(PIP) install --quiet --require-hashes -r requirements.lock
	@$(PIP) install --quiet --no-build-isolation --no-deps -e .
	@touch $@
