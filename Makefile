# What a newcomer needs: `make demo`, `make test`, `make up`. Every target does its own set-up.

PYTHON    ?= python3.11
PROVINCES ?= bj,gd
BIN       := .venv/bin
STAMP     := .venv/.set-up-$(shell cat requirements.lock pyproject.toml Makefile | cksum | tr ' ' '-')

.DEFAULT_GOAL := help
.PHONY: help setup engines demo test faults up compose-check contracts lint format bench fuzz clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) engines ## Virtual environment with the pinned dependencies, and the engines

# Made aside and moved: an interrupted set-up begins again, a finished one is never half.
$(STAMP):
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is missing (Debian: apt install python3.11 python3.11-venv)."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv is missing (Debian: apt install python3.11-venv)."; exit 1; }
	@echo "Setting up .venv (once for each change of requirements.lock) …"
	@test -x $(BIN)/python && $(BIN)/python -m pip --version >/dev/null 2>&1 || { rm -rf .venv && $(PYTHON) -m venv .venv; }
	@rm -f .venv/.set-up-*
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

engines: ## Fetch PostgreSQL and Kafka, if they are not there
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is missing (Debian: apt install python3.11 python3.11-venv)."; exit 1; }
	@test -n "$$UNICRM_POSTGRES_URL" -a -n "$$UNICRM_KAFKA" || $(PYTHON) -m deploy.local.fetch

demo: setup ## Start a fleet, show what it does, leave nothing running
	@exec $(BIN)/unicrm demo --provinces $(PROVINCES) $(if $(SPLIT),--split)

up: setup ## Keep a fleet in the foreground; PROVINCES=bj,gd,sh for others; SPLIT=1: a process for each service and relay
	@exec $(BIN)/unicrm up --provinces $(PROVINCES) $(if $(SPLIT),--split)

test: setup ## The whole suite, against real PostgreSQL and Kafka; ENGINES=docker has these in containers
	@ENGINES=$(ENGINES) $(BIN)/python -m pytest $(ARGS)

compose-check: $(STAMP) ## Headquarters and two provinces in containers: shown, hurt, and removed (needs a Docker engine)
	@exec $(BIN)/python -m tests.containers

faults: setup ## Minutes of killed and stopped processes under load, and an independent checker; ARGS="--seed 7"
	@exec $(BIN)/python -m tests.faults $(ARGS)

contracts: setup ## Write contracts/openapi, contracts/asyncapi and contracts/authorisation.md from the code
	@$(BIN)/unicrm contracts

lint: setup ## ruff, mypy, and who may import whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup ## Let ruff lay out the code
	@$(BIN)/ruff check --fix --exit-zero --quiet .
	@$(BIN)/ruff format .

bench: setup ## Measure the ways that must be fast, beside bare ones; ARGS="--only whole"
	@exec $(BIN)/python -m tests.bench $(ARGS)

fuzz: setup ## At least 20,000 requests that nobody sensible would send, in every role, and as many messages
	@$(BIN)/python -m tests.fuzz $(ARGS)

clean: ## Remove what was fetched, made and kept here (also the data of `make up`)
	@$(PYTHON) -m deploy.local.clean
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
