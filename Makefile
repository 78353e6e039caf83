# Everything a person types. `make` alone prints the list.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh
BIN := .venv/bin
# Two test processes: enough to keep two cores busy, few enough for SQLite on a small machine.
PYTEST := $(BIN)/python -m pytest -n 2
# What `make check` runs: unit tests without those that build whole archives, platforms or corpora of files.
FAST := tests/unit $(addprefix --ignore=tests/unit/,simulator fixity extractors connectors signatures packages verdicts volumes)

# Real servers with their data, logs and passwords; `deploy/services wipe` removes all of it.
SERVICES := deploy/services

.PHONY: help setup demo demo-services test tests check bench bench-services lint fmt docs lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Build .venv from the pinned lock file (skipped when up to date)
	@deploy/setup-venv

demo: setup ## Run made-up projects through the whole archive and serve its pages (ARGS="--no-serve" to only run)
	$(BIN)/juanzong demo $(ARGS)

demo-services: setup ## The same with PostgreSQL, MinIO, Elasticsearch, Tika and RabbitMQ, started here
	$(SERVICES) start postgres minio elasticsearch tika rabbitmq
	$(SERVICES) run --profile demo -- $(BIN)/juanzong --home .services/demo demo $(ARGS)

test: setup ## Everything: prerequisites, real servers, lint, every test
	@deploy/test-prerequisites
	@$(SERVICES) with -- $(MAKE) --no-print-directory lint tests

tests: # The tests alone, where servers run
	JUANZONG_REQUIRE_SERVICES=1 $(PYTEST) $(ARGS)

check: setup ## Under a minute: lint and the fast unit tests
	@$(MAKE) --no-print-directory lint
	$(PYTEST) -q -m "not slow and not browser" $(FAST) $(ARGS)

bench: setup ## One JSON line per benchmark
	$(BIN)/python -m benchmarks $(ARGS)

bench-services: setup ## One JSON line: filing PDFs with every real server
	@$(SERVICES) with -- $(BIN)/python -m benchmarks file-pdfs-services

lint: setup ## Style, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: setup ## Put the sources into the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup ## Write the generated pages of docs/ again
	$(BIN)/python docs/generate.py

lock: setup ## Choose and pin every dependency anew
	$(BIN)/uv pip compile --quiet --upgrade --generate-hashes --extra dev --python-version 3.11 \
		pyproject.toml -o requirements.lock

clean: ## Remove what can be built again; the archive in .juanzong stays
	rm -rf build dist *.egg-info .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
