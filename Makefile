# Everything runs in .venv; `make` alone bootstraps it with nothing but Python >= 3.11.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Compiled modules start twice as fast.
unexport PYTHONDONTWRITEBYTECODE
# uv trusts the system's certificates, as pip and curl do.
export UV_SYSTEM_CERTS ?= 1
QUICKSTART := examples/quickstart
SEED := examples/seed

# A file's tests stay together; three at a time, since tests with Terraform mostly wait.
WORKERS := -n 3 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := bootstrap
.PHONY: bootstrap demo down demo-seed down-seed test check fast live live-containers durations charts bench docs lock environments wheel clean

bootstrap: $(READY)

$(READY): requirements/uv.lock.txt requirements/dev.lock.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "platinfra needs Python 3.11 or newer; name one with: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "this Python cannot create virtual environments; on Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "installing platinfra into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/uv.lock.txt
	@$(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements/dev.lock.txt
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	@touch $@

demo: $(READY)  ## Start the quickstart and run its project.
	@cd $(QUICKSTART) && ../../$(BIN)/platinfra up
	@cd $(QUICKSTART) && ../../$(BIN)/platinfra run -- python main.py
	@echo
	@echo "It keeps running. Look around, run 'make demo' again for a second model version, and stop it with: make down"

down: $(READY)  ## Stop the quickstart; its data stays.
	@$(BIN)/platinfra down --file $(QUICKSTART)/platinfra.yaml

demo-seed: $(READY)  ## Start the stack of examples/seed on this machine, and run its project to the alert; takes 5 GB.
	@cd $(SEED) && ../../$(BIN)/platinfra up --env laptop
	@cd $(SEED) && ../../$(BIN)/platinfra run --env laptop -- python main.py
	@echo
	@echo "It keeps running: 'cd $(SEED) && ../../$(BIN)/platinfra check --env laptop' proves every wire. Stop it with: make down-seed"

down-seed: $(READY)  ## Stop the stack of examples/seed; its data stays.
	@cd $(SEED) && ../../$(BIN)/platinfra down --env laptop

environments: $(READY)  ## Install the tools' environments that the tests use, so that no test waits for a download.
	@$(BIN)/python tests/environments.py

test: environments  ## Every test but the slow ones; one whole run of each target with real tools included.
	@UV_OFFLINE=1 $(BIN)/python -m pytest $(WORKERS) -m "not slow"

check: $(READY)  ## Format, lint, types, import contracts, fast tests.
	@$(BIN)/ruff format --check --quiet src tests benchmarks docs examples
	@$(BIN)/ruff check --quiet src tests benchmarks docs examples
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo | tail -n 8
	@$(BIN)/python -m pytest -n 2 -m "not live and not slow and not broad"

# What is found of tools goes into docs/measured, where `make docs` finds it.
live: environments  ## Only the tests that start real tools; with TOOL=NAME one tool; with CHANGED=1 those of what changed since BASE, for 20 minutes.
ifdef TOOL
	@UV_OFFLINE=1 PLATINFRA_RECORD=1 $(BIN)/python -m pytest -n 0 "tests/live/test_every_tool.py::test_it_installs_starts_is_proved_comes_back_and_goes[$(TOOL)]"
	@$(BIN)/python docs/generate.py
else ifdef CHANGED
	@UV_OFFLINE=1 $(BIN)/python tests/changed.py $(WORKERS)
else
	@UV_OFFLINE=1 PLATINFRA_RECORD=1 $(BIN)/python -m pytest $(WORKERS) -m "live or slow"
endif

durations: environments  ## Run every test, and record in tests/durations.txt how long each takes.
	@UV_OFFLINE=1 $(BIN)/python -m pytest $(WORKERS) --record-durations -m "not containers"

live-containers: $(READY)  ## Build our images and run our manifests with Podman; needs root, installs packages.
	@$(BIN)/python -m pytest -n 0 -m containers tests/containers

charts: $(READY)  ## Render the real charts of the catalog, from their repositories or CHARTS=FOLDER, and record what was read.
	@$(BIN)/python -m tests.kubernetes.check_real_charts $(CHARTS)

bench: environments  ## Measure, and write docs/reference/performance.md.
	@UV_OFFLINE=1 $(BIN)/python benchmarks/run.py

docs: $(READY)  ## Generate the reference pages and the README's table.
	@$(BIN)/python docs/generate.py

lock: $(READY)  ## Resolve every lock file anew, or with TOOL=NAME that of one tool or example.
	@$(BIN)/python requirements/lock.py $(TOOL)

wheel: $(READY)  ## Build the package.
	@$(BIN)/uv build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir dist

clean:  ## Remove what `make` made, except stacks.
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
