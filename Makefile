# Parsing Every Pixel. Needs Python >= 3.11 and make; everything else is set up here.
#   make book    build the book             make test    build the book, run every test
#   make serve   read it at localhost       make lint    style of code and notebooks
#   make bench   speed beside its peers     make assignments, make grade, make slides   for instructors
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RENDER := .venv-render
OTTER := _build/otter
REVEAL := _build/reveal

.PHONY: help book serve test bench lint format lock address dollhouse assignments grade slides clean distclean

help:
	@sed -n '2,4p' Makefile | sed 's/^# *//'

# Rebuilt only when the pinned environment or the package's own metadata changes.
$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if v >= (3, 11) else f"Python 3.11 or newer is needed, {sys.executable} is {v[0]}.{v[1]}. Cure: make PYTHON=python3.12 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Tests run side by side, as notebooks do (tools/build_book.py). Threads of one that wait must not spin on the cores of
# the other: three times as fast, measured with two processes of torch on two cores.
test: export OMP_WAIT_POLICY = passive

book: $(READY)
	@$(BIN)/python tools/build_book.py

serve: book
	@echo "Reading at http://localhost:$(PORT)/ (stop with Ctrl-C)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory "$$($(BIN)/python tools/build_book.py --where)"

test: book
	@$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

# Speed and memory beside other libraries, into data/speed.csv. Groups: make bench ARGS="counting logits folder gpu"
bench: $(READY)
	@$(BIN)/python -m benchmarks $(ARGS)

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(READY)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# Students' notebooks and the instructor's zip, into _build/assignments: make assignments COURSE_KEY=words-only-you-know
$(OTTER)/.ready: assignments/requirements.txt $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target $(OTTER) -r $<
	@touch $@

assignments: $(OTTER)/.ready
	@$(BIN)/python -m tools.assignments.build $(ARGS)

# Grade a folder of notebooks on this machine: make grade SUBMISSIONS=folder
grade: $(READY)
	@$(BIN)/python -m tools.assignments.grade $(if $(SUBMISSIONS),"$(SUBMISSIONS)") $(ARGS)

# Slides for each part, HTML and PDF, into _build/slides; the PDF needs the system's Chromium.
$(REVEAL)/.ready: tools/slides/requirements.txt $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target $(REVEAL) -r $<
	@touch $@

slides: book $(REVEAL)/.ready
	@$(BIN)/python -m tools.slides

# Refresh requirements.txt from the lower bounds in pyproject.toml (run it on Python 3.11, the oldest supported).
lock:
	@$(PYTHON) tools/lock.py

# Move the book to another address: make address URL=https://github.com/you/your-fork
address: $(READY)
	@$(BIN)/python tools/address.py "$(URL)"

# Render the scenes that tools/dollhouse/scenes.csv lists and data/dollhouse lacks. Blender as a module exists for
# Python 3.11 only and holds numpy below 2, so it has an environment of its own instead of an extra of the package.
$(RENDER)/.ready:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info[:2] == (3, 11) else "Rendering needs Python 3.11, for which bpy 4.5 is made. Cure: make dollhouse PYTHON=python3.11")'
	@test -x $(RENDER)/bin/python || $(PYTHON) -m venv $(RENDER)
	$(RENDER)/bin/python -m pip install --quiet --disable-pip-version-check bpy==4.5.15 pillow
	@touch $@

dollhouse: $(RENDER)/.ready
	@$(RENDER)/bin/python -m tools.dollhouse

clean:
	rm -rf _build .pytest_cache .ruff_cache .hypothesis dist build
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV) $(RENDER)
