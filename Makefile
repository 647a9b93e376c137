# `make app` opens the dashboard, `make test` tests it. Both need Python 3.11 or newer, and set up the rest in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq
# One process a core, of one thread each; a file of tests stays in one process, so that what its tests share is made once.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist loadfile
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command 'make lock' \
	--no-emit-index-url --no-emit-find-links --group lock --extra boost --extra catboost --extra onnx $(UPGRADE)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help app install test test-slow check format lint tools wheel lock clean

help:
	@echo "make app         the dashboard with the sample projects, on 127.0.0.1:8501"
	@echo "make install     the part of it that leaves $(BIN)/seatrial"
	@echo "make test        the default test suite; as root it installs the browser that it needs"
	@echo "make test-slow   planted faults, kills, fuzz, browser journeys, and what reads ../shared"
	@echo "make check       format, lint, types, import floors and the default test suite"
	@echo "make format      reformat the code"
	@echo "make wheel       dist/seatrial-*.whl"
	@echo "make lock        renew the lock files (needs uv); UPGRADE=--upgrade takes newer versions"
	@echo "make clean       remove what make made"

app: install
	@$(BIN)/seatrial app

install: $(VENV)/installed
	@:

test: $(VENV)/tested tools
	@$(PYTEST) -m "not slow and not shared"

test-slow: $(VENV)/tested tools
	@$(PYTEST) -m "slow or shared"

check: lint test

lint: $(VENV)/tested
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/tested
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix --quiet .

tools: $(VENV)/made
	@$(BIN)/python .ci/tools.py

wheel: $(VENV)/installed
	@$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .

# The order is requirements.txt first: the tests run on the very pins that users get.
lock:
	@command -v uv >/dev/null || { echo "make lock needs uv: install it with pip install uv"; exit 1; }
	@$(COMPILE) pyproject.toml -o requirements.txt
	@$(COMPILE) pyproject.toml --extra dask --extra dev --extra mlflow -c requirements.txt -o requirements-dev.txt

clean:
	rm -rf $(VENV) build dist seatrial.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Seatrial needs Python 3.11 or newer, and $(PYTHON) is " + sys.version.split()[0] + ": name another with make PYTHON=python3.11.")'
	@$(PYTHON) -m venv $(VENV) || { echo "$(PYTHON) cannot make a virtual environment: on Debian, install python3-venv."; exit 1; }
	@touch $@

$(VENV)/installed: requirements.txt pyproject.toml | $(VENV)/made
	@echo "Installing the pinned dependencies into $(VENV); the first time this takes some minutes."
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/tested: requirements-dev.txt tests/packaging/beside.txt $(VENV)/installed
	@echo "Installing the test tools into $(VENV)."
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@$(PIP) install --require-hashes --no-deps --upgrade --target $(VENV)/beside -r tests/packaging/beside.txt
	@touch $@
