# Everything starts here: `make help`. Packages go into .venv, once for each content of the requirements files.
PORT ?= 8501
WORKSPACE ?= $(or $(ASSAY_WORKSPACE),./workspace)
DATABASE ?= $(ASSAY_DATABASE)
BENCH ?= --help
PICTURES ?=
NOTEBOOKS ?=
PYTHON ?=
CPU ?=
ARCHITECTURE ?=
LOCK ?= yes
STREAMLIT ?= streamlit
CANARY ?=
INDEX ?= https://pypi.org/simple

PY := .venv/bin/python
# With CPU=1, torch comes without the 2.4 GB for NVIDIA GPUs, from its own index.
TORCH := $(shell grep -E '^torch(vision)?==' requirements.txt)
SIZE := $(if $(CPU),about 0.9 GB,about 3.3 GB with the parts for NVIDIA GPUs on Linux; CPU=1 leaves those out)
PIP := $(PY) -m pip install --disable-pip-version-check -q
# What is installed is checked against the hashes of a lock. LOCK=no: without; LOCK=only: never without.
INSTALL := $(PY) -m upkeep.install $(if $(CPU),--cpu) $(if $(filter no,$(LOCK)),--no-lock) $(if $(filter only,$(LOCK)),--only)
COMPILE := $(PY) -m uv pip compile -q --upgrade --universal --python-version 3.11 --no-config --default-index $(INDEX) \
    --custom-compile-command "make lock"
RUN_READY := .venv/.ready-run-$(shell cat requirements.txt pylock.toml | cksum | cut -d ' ' -f 1)
DEV_READY := .venv/.ready-dev-$(shell cat requirements*.txt pylock*.toml | cksum | cut -d ' ' -f 1)
# Files in the order of tests/conftest.py: xdist itself would begin with those of most tests, and end with the longest.
SHARED := --dist loadfile --no-loadscope-reorder
CHECKED := app.py setup.py core pages tests benchmarks assets installed upkeep

.DEFAULT_GOAL := help
.PHONY: help run test lint bench pictures notebooks lock sbom canary clean

help:  ## show this list
	@printf 'Assay finds, shows, reviews and removes poisoned training data.\n\n'
	@sed -n 's/^\([a-z]*\):.*##  *\(.*\)/\1|\2/p' $(MAKEFILE_LIST) \
	    | while IFS='|' read -r name text; do printf '  make %-10s%s\n' "$$name" "$$text"; done
	@printf '\nPORT=%s WORKSPACE=%s\n' '$(PORT)' '$(WORKSPACE)'

run: export ASSAY_WORKSPACE := $(WORKSPACE)
run: export ASSAY_DATABASE := $(DATABASE)
run: export ASSAY_ARCHITECTURES := $(or $(abspath $(ARCHITECTURE)),$(ASSAY_ARCHITECTURES))
run: $(RUN_READY)  ## install what is needed (first time only) and start the dashboard; PORT=8501 WORKSPACE=./workspace CPU=1
	$(PY) -m streamlit run app.py --server.port $(PORT) --server.showEmailPrompt false

# Each process of the tests and each that they start would compile all files again where a machine forbids to keep them.
test: export PYTHONDONTWRITEBYTECODE :=
test: export LINTED := yes
# Tests with a browser wait for pages a third of their time: a process more than there are cores fills it.
test: lint  ## lint, types, then all tests, with a real browser among them
	$(PY) tests/browser/install_browser.py
	$(PY) -m pytest -m "not browser" --ignore=tests/browser -n 2 $(SHARED)
	$(PY) -m pytest tests/browser -m browser -n 3 $(SHARED)

lint: $(DEV_READY)  ## style, format and types
	$(PY) -m ruff check $(wildcard $(CHECKED))
	$(PY) -m ruff format --check $(wildcard $(CHECKED))
	$(PY) -m mypy --strict core

bench: $(DEV_READY)  ## the paper's tables and the comparisons; BENCH="..." is handed to python -m benchmarks
	$(PY) -m benchmarks $(BENCH)

pictures: $(DEV_READY)  ## draw the pictures of README and guide again: the demo in a real browser (about 3 minutes)
	$(PY) tests/browser/install_browser.py
	$(PY) -m assets.make_pictures $(PICTURES)

notebooks: $(DEV_READY)  ## run the notebooks of docs/ again and keep what they show (about 2 minutes)
	$(PY) -m assets.execute_notebooks $(NOTEBOOKS)

lock: $(DEV_READY)  ## write pylock.toml and pylock.dev.toml again, from the requirements and today's index
	$(COMPILE) requirements-dev.txt requirements-tools.txt --format pylock.toml -o pylock.dev.toml
	@mkdir -p .venv
	$(PY) -m upkeep.hashed --no-hashes pylock.dev.toml > .venv/pins.txt
	$(COMPILE) requirements.txt -c .venv/pins.txt --format pylock.toml -o pylock.toml
	$(PY) -m upkeep.hashed pylock.toml > /dev/null

sbom: $(DEV_READY)  ## write sbom.json, the bill of materials: every package of pylock.toml, its hashes, its licence (CycloneDX)
	@mkdir -p .venv
	$(PY) -m upkeep.hashed pylock.toml > .venv/locked.txt
	$(PY) -W ignore -m cyclonedx_py requirements .venv/locked.txt --pyproject pyproject.toml --spec-version 1.6 \
	    --output-reproducible -o sbom.json
	$(PY) -m upkeep.licences sbom.json

canary: $(DEV_READY)  ## run the tests of the entrance with the newest Streamlit; what breaks is reported, nothing fails
	$(PY) -m upkeep.canary $(STREAMLIT) $(CANARY)

clean:  ## remove .venv and caches; the workspace with its runs and verdicts stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache
	find $(wildcard $(CHECKED)) -name __pycache__ -type d -prune -exec rm -rf {} +

# The first Python that is new enough makes the environment; what a failed attempt leaves behind is removed.
$(PY):
	@for python in $(or $(PYTHON),python3.11 python3 python3.12 python3.13); do \
	    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    "$$python" -m venv --clear .venv && exit 0; \
	    rm -rf .venv; echo "$$python cannot make a virtual environment (on Debian: apt-get install python3-venv)." >&2; \
	    exit 1; \
	done; \
	echo "Assay needs Python 3.11 or newer; here is: $$($(or $(PYTHON),python3) --version 2>&1 || true)." >&2; \
	echo "Install one, or name it: make run PYTHON=/path/to/python3.11" >&2; exit 1

$(RUN_READY): | $(PY)
	@echo "Installing requirements.txt into .venv (about 3 minutes, once: $(SIZE)) ..."
	@$(if $(CPU),$(PIP) $(TORCH) --index-url https://download.pytorch.org/whl/cpu)
	@$(INSTALL) pylock.toml requirements.txt
	@rm -f .venv/.ready-run-*; touch $@

$(DEV_READY): | $(PY)
	@echo "Installing requirements-dev.txt into .venv (about 3 minutes, once: $(SIZE)) ..."
	@$(if $(CPU),$(PIP) $(TORCH) --index-url https://download.pytorch.org/whl/cpu)
	@$(INSTALL) pylock.dev.toml requirements-dev.txt requirements-tools.txt
	@rm -f .venv/.ready-*; touch $@ $(RUN_READY)
