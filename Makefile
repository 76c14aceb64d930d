# Two commands for a fresh clone: `make run` and `make test`. They need make and either
# uv or Python 3.11+ with pip; Java, Spark and Delta Lake come with the lock file.

UV := $(shell command -v uv || echo .uv/bin/uv)
BIN := .venv/bin
SCALE = $(if $(CUSTOMERS),--customers $(CUSTOMERS)) \
	$(if $(TRANSACTIONS),--transactions $(TRANSACTIONS)) \
	$(if $(DAYS),--days $(DAYS)) \
	$(if $(SEED),--seed $(SEED))

# An environment of another project that happens to be active is not ours to change.
unexport UV_PROJECT_ENVIRONMENT VIRTUAL_ENV

.PHONY: run check pure test soak mutants lint bench install browser

## The whole way from nothing to personas: make run [CUSTOMERS= TRANSACTIONS= DAYS= SEED=]
run: install
	$(BIN)/behavior run $(SCALE)

## What needs no engine: while working.
check:
	$(MAKE) --no-print-directory --jobs 2 lint pure

pure: install browser
	$(BIN)/pytest -m "not engine and not soak"

## Everything that must hold; the last line is pytest's.
test: lint browser
	$(BIN)/pytest --numprocesses 2

## What takes long: whether what the generator hid is found again, at scale.
soak: install
	$(BIN)/pytest -m soak

## A browser for the tests of the pages: one that is there, or Debian's.
browser:
	@.ci/browser

## Style, and whether dbt and its rules accept the project.
lint: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/sqlfluff lint --disable-progress-bar .
	$(BIN)/dbt --warn-error parse --profiles-dir profiles --quiet
	$(BIN)/dbt-bouncer run --config-file dbt-bouncer.yml

## Whether the tests see each small fault of tests/mutants/.
mutants: install
	$(BIN)/python -m tests.mutants.run

## The measurements at full scale.
bench: $(UV)
	$(UV) sync --locked --quiet --group bench
	$(BIN)/python -m benchmarks

install: $(UV)
	$(UV) sync --locked --quiet

.uv/bin/uv:
	python3 -m pip install --quiet --target .uv uv \
		|| (python3 -m venv .uv && .uv/bin/pip install --quiet uv)
