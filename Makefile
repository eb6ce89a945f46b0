# `make help` lists what there is. Everything runs in .venv, which is made when it is missing.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(STAMP): requirements.lock pyproject.toml
	@test ! -L $(VENV) || { echo "$(VENV) is a link to another tree's environment: remove the link, and make env makes one for this tree" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing faxgw and what it stands on into $(VENV)"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: env
env: $(STAMP) ## Make the environment

.PHONY: demo
demo: $(STAMP) ## Send a hundred example orders through daemon and carrier, and print the account
	@$(BIN)/faxgw demo

.PHONY: peers
peers:
	@./tests/install-peers

.PHONY: test
test: $(STAMP) peers ## Install the test peers where possible and run all tests
	@$(BIN)/python -m pytest -q -n auto --dist worksteal -m "not alone"
	@$(BIN)/python -m pytest -m alone

CYCLES ?= 50
SEEDS ?= 200
FAXES ?= 20000

.PHONY: kill
kill: $(STAMP) ## Kill a whole daemon again and again (CYCLES=50) and print what was lost or sent twice
	@FAXGW_KILL_CYCLES=$(CYCLES) $(BIN)/python -m pytest -q -s tests/live/test_kill.py

.PHONY: disaster
disaster: $(STAMP) ## Play a morning on which every carrier has trouble (FAXES=20000) and print the account
	@$(BIN)/python -m tests.simulation.disaster --faxes $(FAXES)

.PHONY: simulate
simulate: $(STAMP) ## Play days of storms from their seeds (SEEDS=200) and print the account
	@$(BIN)/python -m tests.simulation --seeds $(SEEDS)

CASES ?= 2000

.PHONY: intake-cases
intake-cases: $(STAMP) ## Fax marked order sheets back over bad lines (CASES=2000), read them and print the account
	@$(BIN)/python -m tests.intake --cases $(CASES)

.PHONY: format
format: $(STAMP) ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: lint
lint: $(STAMP)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

.PHONY: types
types: $(STAMP)
	@$(BIN)/mypy

.PHONY: layers
layers: $(STAMP)
	@$(BIN)/lint-imports

.PHONY: check
check: lint types layers test ## Format, lint, types, layers, tests: what has to pass before a change lands

.PHONY: bench
bench: $(STAMP) peers ## Measure beside Postfix, HylaFAX and others, and print the table (BENCH=--quick)
	@./tools/bench/peers/install
	@$(BIN)/python -m tools.bench $(BENCH)

.PHONY: lock
lock: $(STAMP) ## Pin the newest versions that pyproject.toml allows
	@$(BIN)/pip-compile --quiet --upgrade --extra dev --extra loadtest --extra ocr --extra postgres --extra replan --generate-hashes --allow-unsafe --strip-extras \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header \
		--output-file requirements.lock pyproject.toml
	@$(BIN)/pip-compile --quiet --extra postgres --build-deps-for wheel --constraint requirements.lock --generate-hashes --allow-unsafe --strip-extras \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header \
		--output-file requirements-run.lock pyproject.toml

.PHONY: clean
clean: ## Remove the environment and everything that was made
	@rm -rf $(VENV) build var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
