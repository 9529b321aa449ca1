# The verbs of the project. `make help` lists them; each works on a fresh checkout.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOME_DIR ?= .queqiao
ONLY ?=
ENGINES ?=
ALSO ?=

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo serve test test-rooms test-shop test-data test-whole test-beside test-long test-engines test-engines-long test-engines-ci bench check format lock docs clean
.PHONY: engines-install engines-up engines-down engines-status
.PHONY: system-packages check-console check-types check-python check-docs

help: ## list the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

setup: $(VENV)/installed console/dist/index.html sdk/browser/dist/queqiao.js sdk/browser/dist/places.js ## make .venv from the lock file and build the console

$(VENV)/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

console/node_modules/.package-lock.json: console/package-lock.json console/package.json
	cd console && npm ci --no-audit --no-fund --loglevel=error
	touch $@

console/dist/index.html: console/node_modules/.package-lock.json $(shell find console/src console/index.html console/vite.config.ts -type f 2>/dev/null)
	cd console && npm run --silent build
	touch $@

# Built by the console's tools: one lock file, one installation (docs/decisions/0009).
sdk/browser/dist/queqiao.js: console/node_modules/.package-lock.json sdk/browser/vite.config.js $(shell find sdk/browser/src -type f 2>/dev/null)
	console/node_modules/.bin/vite build --config sdk/browser/vite.config.js --logLevel warn

sdk/browser/dist/places.js: sdk/browser/dist/queqiao.js
	console/node_modules/.bin/vite build --config sdk/browser/vite.config.js --mode places --logLevel warn

tests/clients/node_modules/.package-lock.json: tests/clients/package-lock.json tests/clients/package.json
	cd tests/clients && npm ci --no-audit --no-fund --loglevel=error
	touch $@

setup-dev: setup $(VENV)/installed-dev tests/clients/node_modules/.package-lock.json ## setup, with the tools of tests and docs

demo: setup ## start the whole system with a living store in it
	$(BIN)/queqiao demo --home $(HOME_DIR)

serve: setup ## start the whole system, empty
	$(BIN)/queqiao serve --home $(HOME_DIR)

test: ## run every check and test that needs no distributed engine
	$(MAKE) --no-print-directory -j3 setup-dev system-packages
	$(MAKE) --no-print-directory check
	$(MAKE) --no-print-directory -j3 test-shop test-data test-beside

# The suites mostly compute in the rooms of the shop, and mostly wait in those of the data, of the
# whole and of the engines: beside one another they take little more than the longest of them. ALSO
# names what follows the whole.
DATA = $(addprefix tests/,collect collect_logs collect_offline engines enrichment imports ports \
	probes process profile sdk transforms wiring)
WHOLE = tests/system tests/browser

test-rooms: test-shop test-data ## run the suites of the rooms

test-shop:
	$(BIN)/python -m pytest tests -q -m 'not long and not engines' $(WHOLE:%=--ignore=%) $(DATA:%=--ignore=%)

test-data:
	$(BIN)/python -m pytest $(DATA) -q -m 'not long and not engines'

test-beside: test-whole
	$(if $(ALSO),$(MAKE) --no-print-directory $(ALSO))

test-whole: ## run the suites of the whole system and of the console
	$(BIN)/python -m pytest $(WHOLE) -q -m 'not long and not engines'

test-long: setup-dev system-packages ## the long runs: kill rounds, fuzz, a year of a shop; interrupted, it goes on
	$(BIN)/python -m pytest tests -q -m 'long and not engines' -p tests.long_runs

test-engines: setup-dev system-packages engines-install ## start the real engines and run what needs them
	$(BIN)/python -m pytest tests -q -m 'engines and not long'

test-engines-long: setup-dev system-packages engines-install ## thirty rounds of kills under the closed loop; interrupted, it goes on
	$(BIN)/python -m pytest tests -q -m 'engines and long' -p tests.long_runs

test-engines-ci: ENGINES := kafka postgresql redis valkey spark flink
test-engines-ci: setup-dev system-packages engines-install ## the part of test-engines that is for CI
	$(BIN)/python -m pytest tests -q -m 'engines and engines_ci'

engines-install: setup ## fetch what the engines are made of
	deploy/engines/system_packages.sh
	$(BIN)/python -m deploy.engines install $(ENGINES)

engines-up: engines-install ## start the engines, or ENGINES="kafka redis", and wait until they answer
	$(BIN)/python -m deploy.engines up $(ENGINES)

engines-down: ## stop the engines
	$(BIN)/python -m deploy.engines down $(ENGINES)

engines-status: ## show how the engines do
	$(BIN)/python -m deploy.engines status

system-packages:
	tests/system_packages.sh

check: setup-dev ## lint, types, import rules, the console's own checks, the docs
	$(MAKE) --no-print-directory -j2 check-console check-types check-python check-docs

check-python:
	$(BIN)/ruff check src tests bench sdk deploy
	$(BIN)/ruff format --check src tests bench sdk deploy
	$(BIN)/lint-imports --no-cache

check-types:
	$(BIN)/mypy

check-console:
	cd console && npm run --silent check && npm run --silent size
	console/node_modules/.bin/tsc -p sdk/browser
	console/node_modules/.bin/eslint -c console/eslint.config.js --max-warnings 0 sdk/browser/src

check-docs:
	$(BIN)/zensical build --clean

format: setup-dev ## format the Python code
	$(BIN)/ruff check --fix src tests bench sdk deploy
	$(BIN)/ruff format src tests bench sdk deploy

bench: setup-dev ## run the benchmarks; ONLY=name runs one
	$(BIN)/python -m bench $(ONLY)

docs: setup-dev ## build the documentation into site/
	$(BIN)/zensical build --clean

lock: ## make the lock files again from pyproject.toml (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --group build pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --group build --group test --group quality --group docs --extra redis -c requirements.lock pyproject.toml -o requirements-dev.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --all-extras -c requirements-dev.lock pyproject.toml -o deploy/compose/extras.lock

clean: ## remove what was built here (not data under .queqiao and .engines, nor .cache)
	rm -rf $(VENV) console/node_modules console/dist sdk/browser/dist site bench/out .mypy_cache .ruff_cache
