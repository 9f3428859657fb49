# Every target sets up what it needs: a virtual environment in .venv, Qt's system libraries, and the program itself.
# PYTHON=/path/to/python3.12 chooses the Python; otherwise the first of python3.13, 3.12, 3.11, python3 that fits.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready-$(shell { cat pyproject.toml; echo '$(PYTHON)'; pwd; } | cksum | cut -d ' ' -f 1)
EXAMPLE := assets/example/household.keras assets/example/household.npy assets/example/household.keras.npz
SCREEN := $(or $(DISPLAY),$(WAYLAND_DISPLAY),$(filter Darwin,$(shell uname -s)))

.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench parity planting oracles layers screenshots wheel clean setup

# What `make parity` and `make planting` make: how many models, from which seed and which number on; for parity, by which
# real Kerases, and CASE=file makes one model again.
N ?= 300
SEED ?= 1
FIRST ?= 0
ORACLES ?= tensorflow jax tf-keras
CASE ?=

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: setup ## open the example in the window; without a screen, draw the window into demo.png
ifneq ($(SCREEN),)
	@$(BIN)/rnnscope $(EXAMPLE)
else
	@echo "There is no screen here, so the window is drawn into a picture."
	@QT_QPA_PLATFORM=offscreen $(BIN)/rnnscope snapshot $(EXAMPLE) -o demo.png
endif

test: setup ## every check: ruff, mypy, import contracts, pytest (ARGS="-k masks" goes to pytest)
	@$(BIN)/python scripts/check.py $(ARGS)

lint: setup ## the checks without the tests
	@$(BIN)/python scripts/check.py --lint

format: setup ## format the code, and mend what ruff can mend
	@$(BIN)/ruff check --fix-only --quiet
	@$(BIN)/ruff format

bench: setup ## start-up time and a frame of scrubbing, beside those of the libraries alone
	@QT_QPA_PLATFORM=offscreen $(BIN)/python tests/benchmarks/start_up.py
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.benchmarks.scrubbing

parity: setup oracles ## random models by real Keras, held against ours (N=300 SEED=1 ORACLES="tensorflow jax tf-keras")
	@$(BIN)/python -m tests.parity --n $(N) --seed $(SEED) --first $(FIRST) --oracles "$(ORACLES)" $(if $(CASE),--case $(CASE)) $(ARGS)

planting: setup ## mistakes planted in random models, and whether they are named (N=200 SEED=1 ARGS=--pairs)
	@$(BIN)/python -m tests.planting --n $(N) --seed $(SEED) --first $(FIRST) $(ARGS)

oracles: setup ## the real Kerases that parity needs, in .oracles or where ORACLES_HOME says
	@$(BIN)/python scripts/oracles.py $(ORACLES)

layers: setup ## docs/layers.md, from the registry and the golden files
	@$(BIN)/python scripts/layer_table.py

screenshots: setup ## the pictures of the guide, made by the program itself
	@QT_QPA_PLATFORM=offscreen $(BIN)/python scripts/screenshots.py

wheel: setup ## build the wheel and the source distribution into dist/
	@rm -rf dist
	@$(BIN)/python -m build

clean: ## remove everything that was made here
	rm -rf $(VENV) .oracles .parity build dist demo.png *.egg-info core/*.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .benchmarks
	find assets core gui scripts tests -name __pycache__ -type d -prune -exec rm -rf {} +

setup: $(READY)
	@$(BIN)/python scripts/qt_libraries.py

# Made anew whenever pyproject.toml, the chosen Python or the place of the checkout changes.
$(READY):
	@python=$$(scripts/find_python.sh "$(PYTHON)") && echo "Setting up $(VENV) with $$python; the first time, this takes a minute or two." && \
	    rm -rf $(VENV) && "$$python" -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
