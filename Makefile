# Two-word commands for people. `make` alone lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# What a person may set: `make demo CORES=4`, `make test PYTEST_ARGS="-k wind -x"`, `make test WORKERS=0`, `make lock UPGRADE=1`.
CORES ?= $(shell nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
VENV ?= .venv
PYTEST_ARGS ?=
# Processes that run tests, a file at a time each; a campaign in a test takes two cores by itself. 0: none but pytest itself.
WORKERS ?= 2
UPGRADE ?=
BACKEND ?= jax
BENCH_PYTHON ?= $(VENV)/bin/python
DAYS ?=

PYTHON := $(VENV)/bin/python
STAMP := $(VENV)/.installed
SLURM := $(VENV)/.slurm
UNFINISHED := $(VENV)/.unfinished
DEMO_REPORT := results/demo/campaign/report.html
WORKFLOW := Snakefile workflow/rules

# Rules call the installed `so2plumes`, so the environment comes first on their path, active or not.
RUN := PATH="$(abspath $(VENV))/bin:$$PATH"
export TF_CPP_MIN_LOG_LEVEL := 2

##@ Use
.PHONY: help
help: ## list these commands
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@printf '\nSettings: CORES=%s VENV=%s PYTEST_ARGS= UPGRADE=\n' '$(CORES)' '$(VENV)'

.PHONY: env
env: $(STAMP) ## install the locked environment into .venv
	@echo "environment ready: $(VENV) ($$($(PYTHON) --version))"

.PHONY: slurm
slurm: $(SLURM) ## add the SLURM executor to .venv, for snakemake --profile profiles/slurm

.PHONY: demo
demo: $(STAMP) ## run the simulated campaign end to end: no account, no network
	$(RUN) $(VENV)/bin/snakemake --configfile config/demo.yaml --cores $(CORES)
	@test -s $(DEMO_REPORT) || { echo "make demo: the run ended without $(DEMO_REPORT)" >&2; exit 1; }
	@echo
	@echo "The report of the simulated campaign: $(abspath $(DEMO_REPORT))"
	@echo "Next: its plumes are results/demo/campaign/plumes.parquet; config/README.md explains every setting;"
	@echo "      your own campaign starts from config/config.yaml (try: $(VENV)/bin/snakemake -n)."

##@ Develop
.PHONY: test
test: $(STAMP) ## run the tests
	@echo "One room: make test PYTEST_ARGS=tests/emissions. One test: PYTEST_ARGS='-x -k NAME'. More: CONTRIBUTING.md"
	$(RUN) $(PYTHON) -m pytest --numprocesses $(WORKERS) --dist loadfile $(PYTEST_ARGS)

.PHONY: test-slurm
test-slurm: $(SLURM) ## run a campaign on a real SLURM of one node (installs Debian's packages where root may)
	SO2PLUMES_TEST_SLURM=1 $(RUN) $(PYTHON) -m pytest -m slurm tests/slurm $(PYTEST_ARGS)

.PHONY: test-kills
test-kills: $(STAMP) ## kill a campaign at 20 seeded moments and compare it with an unkilled one
	SO2PLUMES_KILLS=20 $(RUN) $(PYTHON) -m pytest tests/workflow/test_kills.py $(PYTEST_ARGS)

.PHONY: lint
lint: $(STAMP) ## check style, types and workflow; change nothing
	@failed=; \
	for check in 'ruff check .' 'ruff format --check .' mypy 'snakefmt --check $(WORKFLOW)' \
	  'snakemake --lint --configfile config/config.yaml'; do \
	  echo "== $$check"; $(RUN) $$check || failed="$$failed; $$check"; \
	done; \
	if test -n "$$failed"; then echo "make lint, to be put right: $${failed#; }" >&2; exit 1; fi

.PHONY: format
format: $(STAMP) ## put code and rules into the house style
	$(RUN) ruff check --fix-only .
	$(RUN) ruff format .
	$(RUN) snakefmt $(WORKFLOW)

.PHONY: bench
bench: $(STAMP) ## measure the slow steps against their plain versions
	$(RUN) $(PYTHON) tests/bench/run.py
	$(RUN) $(PYTHON) tests/bench/detection.py

.PHONY: bench-gpu
bench-gpu: ## measure detection on a GPU (BACKEND=jax BENCH_PYTHON=python3: any Python that has it)
	$(RUN) $(BENCH_PYTHON) tests/bench/gpu.py --backend $(BACKEND)

.PHONY: bench-analysis
bench-analysis: $(STAMP) ## measure the analysis on a made campaign of 54 000 plumes
	$(RUN) $(PYTHON) tests/bench/analysis.py

.PHONY: rehearsal
rehearsal: $(STAMP) ## run all 2192 days, tiny and simulated: what a job costs beside its work (DAYS=60)
	$(RUN) $(PYTHON) tests/bench/rehearsal.py --cores $(CORES) $(if $(DAYS),--days $(DAYS))

.PHONY: clean
clean: ## remove caches, builds and the demo's results; a campaign and .venv stay
	rm -rf results/demo build dist workflow/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find workflow tests -type d -name __pycache__ -prune -exec rm -rf {} +

##@ Maintain
LOCK_TOOLS := build/lock-tools
# The public index alone decides the hashes: settings of the machine are set aside.
LOCK := env -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS $(LOCK_TOOLS)/bin/uv pip compile --no-config --quiet \
	--generate-hashes --custom-compile-command 'make lock' pyproject.toml build/build.in

.PHONY: lock
lock: ## resolve pyproject.toml into envs/*.lock (UPGRADE=1 takes the newest versions)
	$(find-python); $$python -m venv $(LOCK_TOOLS)
	$(LOCK_TOOLS)/bin/python -m pip install --quiet uv
	$(LOCK_TOOLS)/bin/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' > build/build.in
	$(LOCK) $(if $(UPGRADE),--upgrade) --extra cpu --extra dev --output-file envs/dev.lock
	for kind in cpu gpu slurm; do cp envs/dev.lock build/$$kind.lock; \
	  $(LOCK) --extra $$kind --output-file build/$$kind.lock; \
	  mv build/$$kind.lock envs/$$kind.lock; done

# Sets $$python to the first interpreter that runs, that the locks serve and that can make environments.
define find-python
python=; for name in python3.11 python3; do \
	  if "$$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then \
	    python=$$name; break; fi; \
	done; \
	if test -z "$$python"; then echo "so2plumes needs Python 3.11, 3.12 or 3.13; python3 here is:" \
	  "$$(python3 --version 2>&1 || true). Install one of them (Debian 12: apt install python3), then run make again." >&2; \
	  exit 1; fi; \
	if ! "$$python" -c 'import venv, ensurepip' 2>/dev/null; then echo "$$python cannot make virtual environments:" \
	  "apt install python3-venv (or your system's package for it), then run make again." >&2; exit 1; fi
endef

# Installs $(1) with hashes checked and says how far it is: an install takes minutes.
define install-locked
$(PYTHON) -m pip install --disable-pip-version-check --progress-bar off --require-hashes --requirement $(1) | { \
	  total=$$(grep -c '^[a-z0-9].*==' $(1)); seen=0; \
	  while read -r word rest; do case $$word in \
	    Collecting|Processing|Requirement) seen=$$((seen + 1)); \
	      if test $$((seen % 20)) = 0; then echo "      $$seen of $$total packages at hand"; fi ;; \
	    Installing) echo "      unpacking them" ;; \
	  esac; done; }
endef

# An install that was cut short leaves UNFINISHED behind and is started afresh; the stamp comes last.
$(STAMP): envs/dev.lock pyproject.toml
	@$(find-python); \
	rm -f $(STAMP); \
	if test -e $(UNFINISHED); then echo "[1/3] an earlier install was cut short: starting afresh"; rm -rf $(VENV); fi; \
	if $(PYTHON) -m pip --version >/dev/null 2>&1; then echo "[1/3] bringing $(VENV) up to date"; \
	else echo "[1/3] making $(VENV) with $$("$$python" --version)"; \
	  mkdir -p $(VENV); touch $(UNFINISHED); "$$python" -m venv $(VENV); fi; \
	touch $(UNFINISHED)
	@echo "[2/3] installing the locked packages: a few minutes the first time"
	@$(call install-locked,envs/dev.lock)
	@echo "[3/3] installing so2plumes itself, editable"
	@$(PYTHON) -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	@rm -f $(UNFINISHED); touch $(STAMP)

# Apart, as Snakemake loads every executor that is installed in each of its processes, and this one loads pandas.
$(SLURM): envs/slurm.lock $(STAMP)
	@$(call install-locked,envs/slurm.lock)
	@touch $(SLURM)
