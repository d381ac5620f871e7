# `make run` starts the app and `make test` checks everything; both first set up what they need in .venv.
PYTHON ?= python3
PORT ?= 8501
PIP = .venv/bin/pip --disable-pip-version-check
VENV = .venv/bin/python
TSC = npx --yes --prefer-offline --package typescript@5.9.3 tsc
WORKERS ?= auto  # processes that share the tests, one a core and four at most
PYTEST = $(VENV) -m pytest --numprocesses $(strip $(WORKERS)) --maxprocesses 4 --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help run test check lint lint-js shots demo checkpoints evidence bench bench-live bench-map study install install-dev clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: .venv/.installed ## Start the app and print its address; sets up what it needs first
	@echo "Latent Space Explorer: http://localhost:$(PORT)  (Ctrl-C stops it)"
	@$(VENV) -m streamlit run app.py --server.port $(PORT)

test: lint ## Lint, check types and run all tests; sets up what they need first
	CHROMIUM="$$($(VENV) scripts/chromium.py)" $(PYTEST) $(PYTEST_ARGS)

check: lint ## Lint, check types and run the quick tests, for the daily loop
	$(PYTEST) -m "not slow" --ignore=tests/app --ignore=tests/browser $(PYTEST_ARGS)

lint: .venv/.installed-dev ## Lint and check types
	$(VENV) -m ruff check .
	$(VENV) -m ruff format --check --quiet .
	$(VENV) -m mypy
	@$(MAKE) --no-print-directory lint-js

lint-js: ## Check the types of the components' JavaScript, where Node is at hand
	@if $(TSC) --version >/dev/null 2>&1; then echo "$(TSC) -p ui/components"; $(TSC) -p ui/components; \
	else echo "The types of the JavaScript are not checked: that needs Node's npx"; fi

shots: .venv/.installed-dev ## Take screenshots of every page, in two sizes, light and dark, into shots/
	CHROMIUM="$$($(VENV) scripts/chromium.py)" $(VENV) scripts/shots.py $(PAGES)

demo: .venv/.installed-dev ## Film the Explore page for the README, into docs/demo.webp
	CHROMIUM="$$($(VENV) scripts/chromium.py)" $(VENV) scripts/demo.py

checkpoints: .venv/.installed ## Train the shipped models that are missing or outdated (NAMES="shoes-vae" for some)
	@$(VENV) -m scripts.checkpoints $(NAMES)

evidence: .venv/.installed ## Compare our figures with published ones (hours, mostly training; CHECKS="pca-64-knn" for some)
	$(VENV) -m benchmarks.evidence $(if $(CHECKS),--only $(CHECKS))

bench: .venv/.installed-bench ## Compare the speed of training with other programs' (ten minutes on an idle machine)
	$(VENV) -m benchmarks.train_speed $(if $(SECTIONS),--sections $(SECTIONS))

bench-live: .venv/.installed-dev ## Measure how closely the image follows the hand (two minutes on an idle machine)
	CHROMIUM="$$($(VENV) scripts/chromium.py)" $(VENV) -m benchmarks.live

bench-map: .venv/.installed ## Compare the speed of maps with other programs' (ten minutes on an idle machine)
	$(VENV) -m benchmarks.map $(if $(SECTIONS),--sections $(SECTIONS))

study: .venv/.installed-bench ## Compare networks and ways of training, given equal time (an hour or more; MINUTES=2)
	$(VENV) -m benchmarks.study --minutes $(or $(MINUTES),2)

install: .venv/.installed ## Set up what the app needs, and nothing else
install-dev: .venv/.installed-dev ## Set up what the tests need, and nothing else

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one with: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv .venv

.venv/.installed: .venv/bin/python requirements.txt constraints.txt
	$(PIP) install --quiet -r requirements.txt -c constraints.txt
	@touch $@

.venv/.installed-dev: .venv/.installed requirements-dev.txt
	$(PIP) install --quiet -r requirements-dev.txt -c constraints.txt
	@touch $@

.venv/.installed-bench: .venv/.installed benchmarks/requirements.txt
	$(PIP) install --quiet -r benchmarks/requirements.txt -c constraints.txt
	@touch $@

clean: ## Remove the virtual environment and everything else made here, except checkpoints
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis shots
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
