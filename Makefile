# make demo · make test — each sets everything up on a fresh machine first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.set-up
QUARTO_CLI := quarto-cli==1.10.19

.PHONY: demo test check browser coverage bench lock clean

demo: $(STAMP)
	$(BIN)/survey demo

# files of tests shared out to two processes
test: check browser
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

# style and notebooks: no unused code, no outputs in git
check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# Chromium for the tests of pages, by apt where it may; without it those tests say that they are skipped
browser:
	@command -v chromium chromium-browser google-chrome >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1 \
	  || echo "Chromium could not be installed (Debian: apt install chromium); the tests of pages in a real browser are skipped."

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -m venv $(VENV) || { echo "A virtual environment could not be made. On Debian: apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(QUARTO_CLI) >$(VENV)/quarto.log 2>&1 \
	  || echo "Quarto could not be installed; reports are typeset by the embedded renderer (pandoc + Typst)."
	@touch $(STAMP)

# the tests with a report of the lines that none of them runs; fails below the floor in pyproject.toml
coverage: check browser
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --cov --cov-report=term-missing --cov-report=html

# speed, overhead and memory beside a plain papermill loop → docs/performance.md; needs `make demo`
bench: $(STAMP)
	$(BIN)/python -m benchmarks.performance --write

# exact versions from pyproject.toml, for every platform
lock:
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --no-header --no-emit-index-url --no-emit-find-links -o requirements.lock

clean:
	rm -rf $(VENV) build htmlcov .coverage* .mypy_cache
