# Everything a newcomer needs: make run, make test. All tools live in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# A process whose bytecode is not kept compiles it anew: up to half of what a service needs to start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test check bench prove chaos soak fuzz analysts erasure audit screenshots clean

run: $(READY)  ## the whole system on this machine, in the foreground
	@exec $(BIN)/limber up

test: $(READY)  ## the whole suite, on real Postgres and Kafka; three at a time, each on its own
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

check: $(READY)  ## style, types, import contracts, migrations, events, translations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m shared.migrations.check
	$(BIN)/python -m shared.contracts.schemas
	$(BIN)/python -m shared.contracts.publish
	$(BIN)/python -m deploy.observability.panels
	$(BIN)/python -m shared.catalogues check services/booking/pages
	$(BIN)/python -m services.notify.writing.check

bench: $(READY)  ## ratios against a peer in the same run; writes bench.json
	$(BIN)/python -m tests.bench

prove: $(READY)  ## every promise on all its random cases; minutes instead of seconds
	LIMBER_PROOF_SCALE=1 $(BIN)/pytest --durations=0 tests/proofs \
	  tests/e2e/test_crash.py tests/e2e/test_simulation.py tests/browser/test_accessibility.py

chaos: $(READY)  ## brokers, replicas and the database go under load; CHAOS=small is a share of it
	LIMBER_CHAOS=$(or $(CHAOS),full) $(BIN)/pytest -s --timeout 1800 tests/chaos

analysts: $(READY)  ## docs/analysts.md from nothing to the first answer, on a stack of its own
	LIMBER_ANALYSTS=1 $(BIN)/pytest -s tests/analysts

fuzz: $(READY)  ## requests made from /openapi.json, by schemathesis; FUZZ sets how many each way
	LIMBER_FUZZ_REQUESTS=$(or $(FUZZ),200) $(BIN)/pytest -s --timeout 7200 \
	  tests/integration/booking/test_openapi_fuzz.py

soak: $(READY)  ## simulated life at full speed on a stack of its own; CLIENTS, WEEKS, SEED
	CLIENTS=$(CLIENTS) WEEKS=$(WEEKS) SEED=$(SEED) $(BIN)/python -m tests.soak

audit: $(READY)  ## secrets in tracked files, and dependencies with known holes (needs a network)
	$(BIN)/python -m deploy.audit secrets
	$(BIN)/python -m deploy.audit dependencies

erasure: $(READY)  ## on a real broker an erased person's document leaves the disk; about a minute
	$(BIN)/python -m pytest -q tests/privacy/compaction.py

screenshots: $(READY)  ## a picture of every page in docs/pages, from a stack of its own; needs Chromium
	$(BIN)/python -m tests.browser.screenshots

clean:  ## forget the virtual environment, caches and the local state
	rm -rf $(VENV) .limber build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis bench.json

$(READY): pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit("Limber needs Python 3.11 or newer; set PYTHON=…" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "python3 cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv sync --frozen --all-extras --quiet
	@touch $(READY)
