# Siglab: `make help` lists what there is. A machine needs Python >= 3.11, make and the package registries.
SHELL := /bin/sh
.DELETE_ON_ERROR:
.SUFFIXES:

PY := .venv/bin/python
# "directory" (default) keeps spectra in the data folder; "minio" runs the object store that `make minio` built.
STORE ?= directory
SIGLAB_DEMO ?= 1
# Acts of a storm, and what else `python -m tests.fault.storm --help` knows.
STORM_ACTS ?= 10000
STORM ?=

# Tests that start no whole system of their own, and so run side by side; the others have the machine for themselves.
SIDE_BY_SIDE := tests/unit tests/property tests/integration

PYTHON_READY := .venv/.siglab-ready
ASSETS_READY := gateway/static/vendor/.ready
MINIO_VERSION := v0.0.0-20260212201848-7aac2a2c5b7c

# Checkers and peers that others have written; tests and benchmarks use them where they are there.
GO_TOOLS := github.com/transparency-dev/tessera/cmd/fsck@v1.0.4 \
  github.com/transparency-dev/tessera/cmd/conformance/posix@v1.0.4 \
  github.com/transparency-dev/tessera/internal/hammer@v1.0.4 \
  filippo.io/torchwood/cmd/litewitness@v0.9.0 \
  github.com/transparency-dev/witness/cmd/omniwitness@v0.0.0-20260720115447-2e1c6971d19e

.PHONY: help setup run demo test check format bench storm fuzz validation minio go-tools fsck browser clean
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: $(PYTHON_READY) $(ASSETS_READY) ## Python environment and web assets, as the lock files say

$(PYTHON_READY): pyproject.toml uv.lock clients/pyproject.toml deploy/setup/python_env.sh
	@sh deploy/setup/python_env.sh
	@touch $@

$(ASSETS_READY): package.json package-lock.json deploy/assets/build.py deploy/setup/web_assets.sh | $(PYTHON_READY)
	@sh deploy/setup/web_assets.sh
	@touch $@

run: setup ## the whole system on http://127.0.0.1:$SIGLAB_HTTP_PORT (8080); Ctrl-C stops it; STORE=minio
	@SIGLAB_DEMO=$(SIGLAB_DEMO) exec $(PY) -m deploy.local run --tethered --store $(STORE)

demo: setup ## one exhibit from submission to the released report and its custody bundle
	@$(PY) -m deploy.demo.run

test: setup browser ## every test that this machine can run; ARGS="tests/unit -k ledger" runs some
ifdef ARGS
	@$(PY) -m pytest $(ARGS)
else
	@$(PY) -m pytest -n logical --maxprocesses 4 --dist loadfile $(SIDE_BY_SIDE)
	@$(PY) -m pytest $(addprefix --ignore ,$(SIDE_BY_SIDE))
endif

check: setup ## format, lint, types, import contracts
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy
	@.venv/bin/lint-imports --no-cache

format: setup ## put the sources into the one format
	@$(PY) -m ruff check --fix --exit-zero --quiet .
	@$(PY) -m ruff format .

bench: setup ## benchmarks beside their alternatives; results in benchmarks/results
	@$(PY) -m benchmarks $(ARGS)

storm: setup ## processes killed at random during $(STORM_ACTS) acts; docs/reliability.md; STORM_ACTS=10000 STORM="--store minio"
	@$(PY) -m tests.fault.storm --acts $(STORM_ACTS) $(STORM)

fuzz: setup ## 10,000 mutated files for every reader of instrument files; ARGS="--reader mzML --mutations 500"
	@$(PY) -m tests.fuzz.readers $(ARGS)

validation: setup ## docs/validation.md: which test holds which rule of evidence
	@$(PY) -m tests.validation

browser: ## Chromium for the tests of pages
	@sh deploy/setup/browser.sh

minio: var/bin/minio ## an object store built from source at var/bin/minio (needs Go)

var/bin/minio:
	@command -v go >/dev/null 2>&1 || { \
	  echo "make minio: Go is missing. Install Go >= 1.24 (Debian: apt-get install golang) and run it again." >&2; exit 1; }
	@mkdir -p var/bin
	@echo "building MinIO $(MINIO_VERSION) from source: about three minutes the first time"
	@GOBIN="$(CURDIR)/var/bin" CGO_ENABLED=0 go install github.com/minio/minio@$(MINIO_VERSION)
	@var/bin/minio --version | head -1

go-tools: ## the log's independent checker and two witnesses, built from source at var/bin (needs Go)
	@command -v go >/dev/null 2>&1 || { \
	  echo "make go-tools: Go is missing. Install Go >= 1.24 (Debian: apt-get install golang) and run it again." >&2; exit 1; }
	@mkdir -p var/bin
	@for tool in $(GO_TOOLS); do GOBIN="$(CURDIR)/var/bin" go install $$tool || exit 1; done

fsck: setup go-tools ## the independent checker over a log of 100,000 events
	@SIGLAB_FSCK_EVENTS=100000 $(PY) -m pytest -q --timeout 1800 tests/integration/chain_of_custody/test_fsck.py

clean: ## remove what set-up made; the data in var/ stays
	rm -rf .venv node_modules build gateway/static/vendor shared/documents/fonts
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './var/*' -type d -prune -exec rm -rf {} +
