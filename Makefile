# `make` lists the targets. Each works alone on a machine with Python 3.11-3.13 and make.

VENV := .venv
BIN := $(VENV)/bin
# The first Python on the path that runs and that TensorFlow has wheels for.
USABLE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	$$name -c '$(USABLE)' 2>/dev/null && echo $$name && break; done)
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make requirements" pyproject.toml
# Shows each package and its download. A progress bar needs a terminal.
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check
# Makes $(BIN)/catsdogs. It needs no network: setuptools is among the requirements. It warns about
# every installation in place.
INSTALL_COMMAND := PYTHONWARNINGS=ignore $(INSTALL) --quiet --no-deps --no-build-isolation --editable .

# 1 where an NVIDIA GPU answers: TensorFlow's CUDA libraries are then installed. CUDA=0 leaves them out.
CUDA ?= $(shell nvidia-smi -L 2>/dev/null | grep -q ^GPU && echo 1 || echo 0)

.DEFAULT_GOAL := help
.PHONY: help run run-ray test quick torture lint audit format bench reference screenshots web requirements clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

run: $(VENV)/run.stamp $(if $(filter 1,$(CUDA)),$(VENV)/cuda.stamp) ## serve the app on http://localhost:8501
	$(BIN)/catsdogs app

run-ray: $(VENV)/ray.stamp run ## serve the app, with Ray for --engine ray

# Four processes, because tests often wait; in file order, so the long browser tests start first.
test: $(VENV)/dev.stamp ## run every test but the long ones; lists the tests it skips, and why
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder -m "not long"

# The tests in tests/learning are all slow, and collecting them alone would load TensorFlow.
quick: $(VENV)/dev.stamp ## run the tests that take milliseconds, on every save
	$(BIN)/python -m pytest -q -n logical --dist worksteal --ignore tests/learning \
		-m "not slow and not page and not e2e and not realdata"

torture: $(VENV)/dev.stamp ## run the long tests behind docs/reliability.md: kills, faults, fuzzing, load
	$(BIN)/python -m pytest -m long
	$(BIN)/python -m pytest -s tests/torture_*.py

lint: $(VENV)/dev.stamp ## check format, style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

audit: $(VENV)/dev.stamp ## ask whether a pinned package has a known vulnerability; skips without a network
	$(BIN)/python -m tools.audit

format: $(VENV)/dev.stamp ## format the code and fix what ruff can fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/dev.stamp ## compare speed with the usual ways, on the photos in DATA=…
	@test -n "$(DATA)" || { echo "Expected photos. Received: none. Name a folder or a zip: \
	make bench DATA=/path/to/train.zip" >&2; exit 1; }
	$(BIN)/python -m benchmarks.transfer $(DATA)
	$(BIN)/python -m benchmarks.custom_cnn $(DATA)
	$(BIN)/python -m benchmarks.fine_tuning $(DATA)
	$(BIN)/python -m benchmarks.embedding $(DATA)
	$(BIN)/python -m benchmarks.embedding_growth $(DATA)
	$(BIN)/python -m benchmarks.dataset $(DATA)
	$(BIN)/python -m benchmarks.health $(DATA)
	$(BIN)/python -m benchmarks.train_page
	$(BIN)/python -m benchmarks.compare_page $(DATA)

reference: $(VENV)/dev.stamp ## train the reference runs again, on the photos in DATA=… and OTHERS=…
	@test -n "$(DATA)" || { echo "Expected photos. Received: none. Name a folder or a zip: \
	make reference DATA=/path/to/dogs-vs-cats" >&2; exit 1; }
	$(BIN)/python -m tools.reference $(DATA) $(if $(OTHERS),--others $(OTHERS))
	$(BIN)/python -m tools.results

screenshots: $(VENV)/dev.stamp ## take the README's screenshots of the app, in a real browser
	$(BIN)/python -m tools.screenshots

web: ## bundle the JavaScript of exported web pages; needs Node.js and its registry
	cd catsdogs/webpage/source && npm ci --silent && npm run --silent build

requirements: $(VENV)/dev.stamp ## pin the newest versions of all packages in pyproject.toml
	$(COMPILE) --upgrade --output-file requirements.txt
	$(COMPILE) --upgrade --extra onnx --extra auth --extra ray --group dev --output-file requirements-dev.txt
	$(COMPILE) --extra cuda --constraint requirements.txt --output-file requirements-cuda.txt
	$(COMPILE) --extra onnx --constraint requirements.txt --output-file requirements-onnx.txt
	$(COMPILE) --extra ray --constraint requirements.txt --output-file requirements-ray.txt
	$(COMPILE:pyproject.toml=) --group serve --constraint requirements.txt --output-file requirements-serve.txt
	$(COMPILE) --extra auth --constraint requirements.txt --output-file requirements-auth.txt

clean: ## remove the environment and everything that can be computed again
	rm -rf $(VENV) .cache .pytest_cache .mypy_cache .ruff_cache

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Expected Python 3.11, 3.12 or 3.13 on the path. Received: none \
	of them. Install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing what the app needs into $(VENV). It takes 2.9 GB of disk and a few minutes."
	$(INSTALL) --require-hashes -r requirements.txt
	$(INSTALL_COMMAND)
	@touch $@

$(VENV)/cuda.stamp: requirements-cuda.txt $(VENV)/run.stamp
	@echo "Installing CUDA for the NVIDIA GPU. It takes several GB of disk; make run CUDA=0 leaves it out."
	$(INSTALL) --require-hashes -r requirements-cuda.txt
	@touch $@

$(VENV)/ray.stamp: requirements-ray.txt $(VENV)/run.stamp
	$(INSTALL) --require-hashes -r requirements-ray.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt pyproject.toml | $(BIN)/python
	@echo "Installing the app and its tests into $(VENV). It takes 3.5 GB of disk and a few minutes."
	$(INSTALL) --require-hashes -r requirements-dev.txt
	$(INSTALL_COMMAND)
	@touch $@
