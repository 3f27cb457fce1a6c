# Everything there is to do here. Each target installs what it misses by itself.

.DEFAULT_GOAL := help
.PHONY: help dev example test setup test-tools check lint types test-fast coverage mutate attack bench fuzz screens api docs lock clean

BIN := .venv/bin
PYTEST_ARGS ?=
ATTACK_ARGS ?=
DOCS_ARGS ?=
MUTATE_ARGS ?=

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

dev: ## start Vestibule with the demo and open the browser
	@sh scripts/setup.sh runtime
	$(BIN)/vestibule dev $(DEV_ARGS)

example: setup ## one company bought two others: a product on Vestibule, at port 3000
	$(BIN)/python -m examples.acquisition $(EXAMPLE_ARGS)

test: setup test-tools lint types ## everything that must pass
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

setup: ## make .venv with all that development needs
	@sh scripts/setup.sh dev

test-tools: setup ## fetch Chromium, Node packages and SimpleSAMLphp for the tests
	@sh scripts/test_tools.sh

check: lint types ## lint, types and the rules of the house
	$(BIN)/pytest -q tests/house

lint: setup ## ruff, rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## mypy, strict
	$(BIN)/mypy

test-fast: setup ## the tests that need neither a browser nor other people's servers
	$(BIN)/pytest -q -m "not browser and not peer" $(PYTEST_ARGS)

coverage: setup ## branch coverage of the protocols, which must be 98 % at least
	@sh scripts/coverage.sh

mutate: setup ## mutation testing of the protocols, half an hour; MUTATE_ARGS="PATTERN" for a part
	@nice -n 19 $(BIN)/python scripts/mutate.py run $(MUTATE_ARGS)
	@$(BIN)/python scripts/mutate.py report

attack: setup ## send hostile SAML responses to a fresh `vestibule dev`, and tell who was let in
	$(BIN)/vestibule attack $(ATTACK_ARGS)

bench: setup ## measure; prints the numbers of this machine
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

screens: setup ## a picture of every page, wide and narrow, light and dark, in screens/
	PYTHONPATH=tests $(BIN)/python -m peers.screens

fuzz: setup ## bend signed documents for minutes; FUZZ_ARGS="--minutes 30 --seed 7"
	PYTHONPATH=tests nice -n 19 $(BIN)/python -m fuzz $(FUZZ_ARGS)

api: setup ## write down the operations anew: sdks/openapi.json and the generated part of the SDKs
	$(BIN)/python scripts/api.py

docs: setup ## build the documentation's site: site/index.html
	@$(BIN)/python scripts/docs.py $(DOCS_ARGS)

lock: setup ## recompile the pinned requirements and the Node lock
	@sh scripts/lock.sh

clean: ## forget everything that was made here
	rm -rf .venv .make .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage dist site
	rm -rf tests/peers/node/node_modules tests/peers/node_client/node_modules tests/peers/browser_client/node_modules
	rm -rf sdks/typescript/node_modules sdks/typescript/*/*/dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
