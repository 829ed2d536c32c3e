# Everything that is done with this checkout. `make` alone lists the targets.
#
# Packages are installed into .venv, each at the version and with the hash that requirements.txt
# and requirements-dev.txt name. A stamp file remembers that it was done; a changed requirement
# file or pyproject.toml undoes the stamp.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check --quiet
# Many tests wait for clocks and processes, so that four at a time keep two cores busy.
WORKERS ?= 4
# The tests whose expectations are files.
GOLDEN := tests/digest/test_golden.py tests/notify/test_documented_payloads.py tests/test_fortnight.py
PINNED := requirements.txt requirements-dev.txt pyproject.toml
FOR_USE := $(VENV)/.installed
FOR_WORK := $(VENV)/.installed-dev
COMPILE := uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo test check format format-check lint types generated drift test-pg e2e golden \
	sounds bench migration lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(FOR_USE) ## watch it work with two pretend shops; ARGS="--seconds 20" ends by itself
	@$(RUN) -m salesdaemon demo $(ARGS)

test: $(FOR_WORK) ## run all tests; ARGS="tests/notify -k sound" runs some
	@$(RUN) -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: format-check lint types generated drift test ## everything that a change has to pass

format: $(FOR_WORK) ## lay the code out
	@$(RUN) -m ruff format .
	@$(RUN) -m ruff check --select I --fix --quiet .

format-check: $(FOR_WORK) ## is the code laid out as `make format` would?
	@$(RUN) -m ruff format --check --quiet --diff .

lint: $(FOR_WORK) ## look for mistakes that a program can see
	@$(RUN) -m ruff check .

types: $(FOR_WORK) ## check the types
	@$(RUN) -m mypy

generated: $(FOR_WORK) ## are config.example.toml and the ka-ching as they would be made?
	@$(RUN) -m salesdaemon.settings_example --check
	@$(RUN) -m salesdaemon.sounds --check

drift: $(FOR_WORK) ## do the migrations make the tables that the code expects?
	@$(RUN) -m salesdaemon.store.revisions

test-pg: $(FOR_WORK) ## run the tests that use PostgreSQL
	@$(RUN) -m pytest -n $(WORKERS) --dist worksteal -k postgresql $(ARGS)

e2e: $(FOR_WORK) ## run the tests that start the installed program
	@$(RUN) -m pytest tests/end_to_end $(ARGS)

golden: $(FOR_WORK) ## write the expected digests, payloads and diary anew; review the difference
	@$(RUN) -m pytest $(GOLDEN) --update-golden $(ARGS)

sounds: $(FOR_WORK) ## make the files of the ka-ching again; needs ffmpeg 5.1
	@$(RUN) -m salesdaemon.sounds

bench: $(FOR_WORK) ## measure speed and memory; prints the numbers
	@$(RUN) -m benchmarks $(ARGS)

migration: $(FOR_WORK) ## draft the next migration: make migration NAME="add payouts"
	@test -n '$(NAME)' || { echo 'Say what it does: make migration NAME="add payouts"' >&2; exit 2; }
	@$(RUN) -m salesdaemon.store.revisions '$(NAME)'

lock: ## pin the newest versions anew; needs uv
	@command -v uv >/dev/null || { echo 'make lock needs uv: pipx install uv' >&2; exit 2; }
	$(COMPILE) --upgrade --extra postgresql --group build --output-file requirements.txt
	$(COMPILE) --upgrade --group dev -c requirements.txt --output-file requirements-dev.txt

clean: ## remove what was installed and built
	rm -rf $(VENV) dist demo-output .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(RUN):
	@command -v '$(PYTHON)' >/dev/null || { echo 'There is no $(PYTHON): install Python 3.11 or newer, or name one with make PYTHON=…' >&2; exit 2; }
	@'$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "salesdaemon needs Python 3.11 or newer; name one with make PYTHON=python3.11" >&2; exit 2; }
	@'$(PYTHON)' -c 'import ensurepip, venv' 2>/dev/null || { echo 'Python has no venv module here: install the package python3-venv' >&2; exit 2; }
	@'$(PYTHON)' -m venv --clear $(VENV)

$(FOR_USE): $(PINNED) | $(RUN)
	@echo 'Installing salesdaemon into $(VENV) …' >&2
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-build-isolation --no-deps --editable .
	@touch $@

$(FOR_WORK): $(PINNED) | $(RUN)
	@echo 'Installing salesdaemon and its tests into $(VENV) …' >&2
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@$(PIP) install --no-build-isolation --no-deps --editable .
	@touch $(FOR_USE) $@
