# A newcomer needs two commands, `make reproduce` and `make test`. Each makes .venv and installs what it needs first.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Your own settings, if you have any (ignored by git); docs/installation.md shows the one for a CUDA build of PyTorch.
-include local.mk

PYTHON ?= $(firstword $(shell command -v python3.11 python3 python))
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Two processes; a file's tests stay together, as they share its fixtures, and files keep their order: by number of tests the
# few long ones of the documents would come last, in one process.
PYTEST := $(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

# PyTorch: the version is pinned in constraints.txt. On Linux the package index serves a build with several gigabytes of
# CUDA libraries, so the CPU build is asked for by name; it comes from PyTorch's own index or from pip's configured ones.
TORCH_VERSION := $(shell sed -n 's/^torch==//p' constraints.txt)
ifeq ($(shell uname -s),Linux)
TORCH ?= torch==$(TORCH_VERSION)+cpu
else
TORCH ?= torch===$(TORCH_VERSION)
endif
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

# What `make reproduce` runs.
ARGS ?= --figures 4a --seeds 3 --preset quick

# One thread a process: networks and batches are small, and spinning OpenMP threads steal the cores of other runs.
OMP_NUM_THREADS ?= 1
OMP_WAIT_POLICY ?= passive
GOMP_SPINCOUNT ?= 0
RAY_USAGE_STATS_ENABLED ?= 0
PIP_DISABLE_PIP_VERSION_CHECK := 1
export OMP_NUM_THREADS OMP_WAIT_POLICY GOMP_SPINCOUNT RAY_USAGE_STATS_ENABLED PIP_DISABLE_PIP_VERSION_CHECK

.PHONY: help install reproduce test test-fast lint format types imports docs wheel-test bench clean

help: ## list these commands
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

install: $(STAMP) ## make .venv and install the project with everything it can do

$(STAMP): pyproject.toml constraints.txt $(wildcard local.mk)
	@[ -n "$(PYTHON)" ] && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed, found: $$($(PYTHON) --version 2>&1). Name one: make PYTHON=..."; exit 1; }
	@echo "Installing into $(VENV) (about two minutes the first time)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --no-deps --retries 1 --extra-index-url $(TORCH_INDEX) '$(TORCH)' \
	  || { echo "No '$(TORCH)' found; docs/installation.md tells how to choose another build."; exit 1; }
	@PIP_CONSTRAINT=constraints.txt $(BIN)/pip install --quiet --editable '.[all,dev,docs]'
	@touch $@

reproduce: $(STAMP) ## the headline result of Rong & Kleiman-Weiner (2024), ARGS="..." for another one
	$(BIN)/prosocial reproduce value-internalization $(ARGS)

test: lint types imports ## everything that CI runs
	$(PYTEST)

test-fast: $(STAMP) ## the tests that take seconds
	$(PYTEST) -m "not slow"

lint: $(STAMP) ## ruff: rules and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(STAMP) ## ruff: mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(STAMP) ## pyright
	$(BIN)/pyright --pythonpath $(BIN)/python

imports: $(STAMP) ## who may import whom
	$(BIN)/lint-imports

docs: $(STAMP) ## the documentation site, in docs/_build/html; a warning is an error
	$(BIN)/sphinx-build --jobs 1 --keep-going --fail-on-warning docs docs/_build/html

wheel-test: $(STAMP) ## the wheel in a clean environment without extras, on the newest gymnasium
	$(BIN)/pytest tests/project/test_base_install.py

bench: $(STAMP) ## speed of the worlds and of training
	$(BIN)/python benchmarks/worlds.py
	$(BIN)/python benchmarks/training.py

clean: ## remove .venv and what was built; leaves outputs/ alone
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	rm -rf docs/_build docs/commands.md docs/reference docs/worlds
