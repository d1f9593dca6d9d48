# Every target sets itself up: the first one makes .venv (about 1 GB to download, once), later ones find it ready.
# PYTHON=/path/to/python3.11 names the Python to make it with; otherwise a 3.11, 3.10 or 3.9 is looked for.
INPUT ?= examples/noisy_image.jpg
# A picture of one's own does not fit the example's mask.
MASK ?= $(if $(filter file,$(origin INPUT)),examples/mask.png,auto)
# Empty: inference.py chooses, restored/noisy_image.png for the example.
OUTPUT ?=
PYTEST_ARGS ?=
PYTHON ?=
export INPUT MASK OUTPUT PYTHON

VENV_PYTHON := .venv/bin/python
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help setup restore test lint bench docker docker-cpu docker-check clean

help:
	@echo "make restore   restore the example picture (INPUT=, MASK= and OUTPUT= choose another)"
	@echo "make test      run the test suite (PYTEST_ARGS= goes to pytest)"
	@echo "make lint      check style, import order and types"
	@echo "make bench     run the benchmarks behind the numbers of the README"
	@echo "make docker    build the image"
	@echo "make docker-cpu    build it for machines without a GPU"
	@echo "make docker-check  build and try it where there is no Docker engine, with buildah; needs root"
	@echo "make setup     only make .venv, with every package pinned (PYTHON= names the Python to use)"
	@echo "make clean     remove .venv and all that was built or cached; restored pictures stay"

setup: $(READY)
	@echo ".venv is ready: $$($(VENV_PYTHON) --version)"

restore: $(READY)
	@$(VENV_PYTHON) inference.py --input "$$INPUT" --mask "$$MASK" $${OUTPUT:+--output "$$OUTPUT"}

test: $(READY)
	@$(VENV_PYTHON) -m pytest --numprocesses=2 --dist=loadfile $(PYTEST_ARGS)

lint: $(READY)
	@$(VENV_PYTHON) -m flake8
	@$(VENV_PYTHON) -m isort --check-only --diff .
	@$(VENV_PYTHON) -m mypy
	@.venv/bin/hadolint Dockerfile

bench: $(READY)
	@for benchmark in benchmarks/bench_*.py; do $(VENV_PYTHON) "$$benchmark" || exit 1; done

docker:
	docker build --tag n2v-deepfill .

docker-cpu:
	docker build --tag n2v-deepfill:cpu --build-arg BASE_IMAGE=python:3.11-slim .

docker-check:
	@sh scripts/docker_check.sh

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# Whether .venv is ready, to be filled or to be made: scripts/venv.sh tells, from the mark that a set-up leaves in it.
# A mark that says "unfinished" has it made anew the next time. One that is ready is updated when its files change.
STATE := $(shell sh scripts/venv.sh state "$(PYTHON)")
ifneq ($(STATE),ready)
.PHONY: $(READY)
endif

$(READY): requirements.txt setup.cfg pyproject.toml
ifeq ($(STATE),make)
	$(eval FOUND := $(shell sh scripts/venv.sh find "$(PYTHON)"))
	$(if $(filter error:,$(firstword $(FOUND))),$(error $(wordlist 2,$(words $(FOUND)),$(FOUND))))
	@echo "making .venv with $(FOUND)"
	@rm -rf .venv && mkdir .venv
endif
ifneq ($(STATE),fill)
	@echo unfinished > $@
endif
ifeq ($(STATE),make)
	@"$(FOUND)" -m venv .venv
endif
	@echo "installing the packages of requirements.txt (about 1 GB to download, the first time)"
	@$(VENV_PYTHON) -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@$(VENV_PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@sh scripts/venv.sh mark
