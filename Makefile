# One way in: make run, make test, make check, make bench.
SHELL := /bin/bash
UV_VERSION := 0.13.9
PY := .venv/bin/python
WEB := consoles/web
DIST := dist

.PHONY: run setup wheel test check sim crash bench types clean tools screenshots

run: setup
	.venv/bin/triune serve --demo

# .venv with the locked set, and the built pages.
setup: .venv/.synced $(WEB)/dist/.built

.venv/.synced: pyproject.toml uv.lock
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed"; exit 1; }
	test -x $(PY) || python3 -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	.venv/bin/uv sync --locked --inexact --quiet
	@touch $@

$(WEB)/node_modules/.installed: $(WEB)/package.json $(WEB)/package-lock.json
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' \
		|| { echo "Node 20.19 or newer is needed"; exit 1; }
	npm --prefix $(WEB) ci --no-audit --no-fund --loglevel=error
	@touch $@

$(WEB)/dist/.built: $(WEB)/node_modules/.installed $(shell find $(WEB)/src $(WEB)/public $(WEB)/*.html $(WEB)/*.ts -type f 2>/dev/null)
	npm --prefix $(WEB) run build --silent
	@touch $@

# What a machine without Node is given: the wheel, and the very libraries that the tests ran with. By its own metadata pip
# would take others, OpenCV with a desktop's libraries among them (see tool.uv in pyproject.toml). Each commit's wheel
# has a name of its own: one of before beside it would be installed by whoever writes triune-*.whl.
wheel: setup $(DIST)/requirements.txt
	rm -f $(DIST)/triune-*.whl
	.venv/bin/uv build --wheel --quiet --out-dir $(DIST)

$(DIST)/requirements.txt: pyproject.toml uv.lock
	.venv/bin/uv export --frozen --quiet --no-dev --no-emit-project --all-extras --no-annotate --no-header --output-file $@

# Programs that the tests drive; where not root, it says what to install.
tools:
	@bash tests/tools.sh

test: setup tools
	npm --prefix $(WEB) test --silent
	.venv/bin/pytest -n 3 --dist loadgroup

check: setup
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PY) -m consoles.typescript --check
	npm --prefix $(WEB) run check --silent

types: .venv/.synced
	$(PY) -m consoles.typescript

# More of what `make test` does a little of: simulated nights with faults, and crashes of real processes.
SEED ?= 1
sim: setup
	.venv/bin/triune sim --seed $(SEED) --seeds 50 --hours 2

crash: setup
	$(PY) -m tests.crash --rounds 100 --seed $(SEED)

bench: setup
	.venv/bin/triune bench all

clean:
	rm -rf .venv $(WEB)/node_modules $(WEB)/dist

# The pictures in docs/screenshots, of the demonstration county.
screenshots: setup tools
	TRIUNE_SCREENSHOTS=1 .venv/bin/pytest tests/e2e/test_demonstration.py -q
