# Every target sets itself up: on a fresh machine with Python 3.11 or newer, `make demo` is enough.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: install demo test lint gates docs soak attack attack-full bench-core bench-core-avx2 bench-core-large bench-names bench-night bench-peers bench-schemes bench-profiles bench-ceiling bench-bands bench-encoding bench-service client clkhash lock
.DEFAULT_GOAL := demo

install: .venv/installed

# Everything in constraints.txt is pinned with hashes; the project itself is then added without
# asking the index again.
.venv/installed: constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "kinmatch needs Python 3.11 or newer: make install PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: install
	$(BIN)/kinmatch demo

test: install
	$(BIN)/pytest

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Takes one gate out of the code at a time: a test of its rule must fail. About two minutes.
gates: install
	PYTHONPATH=tests $(BIN)/python -m pytest -p without_gates --every-rule

# The pages that are made from tables.
docs: install
	$(BIN)/python -m matcher.formats.rulepage docs/data-protection.md

# What the society's command line knows of the service, from the service's own schema.
client: install
	$(BIN)/python tests/client/make_client.py

# 50 nights in which service, worker and database are killed at random: an hour on a quiet machine.
soak: install
	$(BIN)/python tests/matcher/nightly/soak.py 50 2000 1 benchmarks/results/soak.json

# 200 random histories of what societies ask for, over real nights and archives: about an hour.
histories: install
	KINMATCH_HISTORIES=200 $(BIN)/pytest tests/matcher/protection/test_histories.py

# 10,000 malformed batches, and hundreds of requests of every kind to every route: some hours.
fuzz: install
	KINMATCH_MALFORMED=10000 KINMATCH_FUZZ=300 KINMATCH_FUZZ_SUMMARY=benchmarks/results/fuzz.json \
		$(BIN)/pytest tests/matcher/service/test_any_request.py \
		tests/matcher/service/test_malformed_batches.py

# What an attacker learns from high/4 and from the default scheme: twenty minutes each, and an hour or
# more at 5,000 to 20,000 records. Exit status 1 says that a limit is not kept.
attack: install
	$(BIN)/kinmatch attack --scheme high/4 --json benchmarks/results/attack-high.json \
		--html benchmarks/results/attack-high.html
	$(BIN)/kinmatch attack --json benchmarks/results/attack.json --html benchmarks/results/attack.html

attack-full: install
	$(BIN)/kinmatch attack --scheme high/4 --full --json benchmarks/results/attack-full-high.json \
		--html benchmarks/results/attack-full-high.html
	$(BIN)/kinmatch attack --full --json benchmarks/results/attack-full.json \
		--html benchmarks/results/attack-full.html

# The scoring core beside its peers, in one process tree: some minutes, on a quiet machine.
bench-core: .venv/peers/installed
	.venv/peers/bin/python -m benchmarks.core

# The same as on a processor that has AVX2 but not AVX-512.
bench-core-avx2: .venv/peers/installed
	NUMBA_CPU_NAME=haswell NUMBA_CACHE_DIR=.venv/numba-avx2 \
	NUMBA_CPU_FEATURES=+sse,+sse2,+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+avx,+avx2,+bmi,+bmi2,+lzcnt,+fma \
		.venv/peers/bin/python -m benchmarks.core benchmarks/results/core-avx2.json

# 100,000 new against 10,000,000 held: about a quarter of an hour, and 3 GiB of disk.
bench-core-large: install
	$(BIN)/python -m benchmarks.core.large

# The peers' own environment, which sees ours but adds nothing to it.
.venv/peers/installed: benchmarks/core/peers.txt .venv/installed
	$(BIN)/python -m venv --clear .venv/peers
	$(BIN)/python -c 'import site; print(site.getsitepackages()[0])' > \
		"$$(.venv/peers/bin/python -c 'import site; print(site.getsitepackages()[0])')/kinmatch.pth"
	.venv/peers/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/core/peers.txt
	@touch $@

# A night at size: 100,000 new records against 1,000,000 held, from the plan to the signature.
bench-night: install
	$(BIN)/python -m benchmarks.night

# Schemes searched for and measured: what they find and what they betray, as JSON and a page. Hours
# with many steps; STEPS=0 measures the published ones alone.
STEPS ?= 200
bench-profiles: install
	$(BIN)/python -m benchmarks.profiles $(STEPS) ../shared/data benchmarks/results/profiles.json

# What tokens tell where nothing hides them, beside what schemes find: a minute.
bench-ceiling: install
	$(BIN)/python -m benchmarks.profiles.ceiling ../shared/data benchmarks/results/ceiling.json

# Bands of min-wise hashes in place of filters, a study: some ten minutes.
bench-bands: install
	$(BIN)/python -m benchmarks.bands ../shared/data benchmarks/results/bands.json

# A million registered: how often somebody who is nowhere has a strong candidate. Half an hour, 12 GiB.
bench-million: install
	$(BIN)/python -m benchmarks.million 12000 1000000 benchmarks/results/million.json

# Names across scripts, beside other people's ways; rigour's name clusters and uroman measure only.
bench-names: install .venv/names/installed
	$(BIN)/python -m benchmarks.names .venv/names ../shared/data benchmarks/results/names.json

.venv/names/installed: .venv/installed
	$(BIN)/python -m venv --clear .venv/names
	.venv/names/bin/pip install --quiet --disable-pip-version-check rigour==1.3.0 uroman==1.3.1.1 faker==37.12.0
	@touch $@

# The whole way beside plaintext linkage, and what hardening costs: some ten minutes.
bench-peers: install .venv/splink/installed
	$(BIN)/python -m benchmarks.peers .venv/splink/bin/python ../shared/data benchmarks/results/peers.json

# Every published scheme on the same sets, before and after refinement: some ten minutes.
bench-schemes: install
	$(BIN)/python -m benchmarks.peers.schemes ../shared/data benchmarks/results/schemes.json

.venv/splink/installed: benchmarks/peers/peers.txt .venv/installed
	$(BIN)/python -m venv --clear .venv/splink
	.venv/splink/bin/pip install --quiet --disable-pip-version-check -r benchmarks/peers/peers.txt
	@touch $@

# Encoding beside clkhash, and a million records: some minutes, on a quiet machine.
bench-encoding: install clkhash
	$(BIN)/python -m benchmarks.encoding .venv/clkhash/bin/python benchmarks/results/encoding.json

# The service with a million candidates held, fifty societies that upload and two hundred listings a
# second, on a quiet machine: some minutes. Exit status 1 says that a limit is not kept.
bench-service: install
	$(BIN)/python -m benchmarks.service

# clkhash in an environment of its own: with it, the tests compare bits with the living thing.
clkhash: install
	$(BIN)/python -m venv --clear .venv/clkhash
	.venv/clkhash/bin/pip install --quiet --disable-pip-version-check clkhash==0.18.3

# Taking stock of a breach over 500,000 people of 60 societies: a minute or two.
bench-breach: install
	$(BIN)/python -m benchmarks.breach benchmarks/results/breach.json

# Pins every dependency, for every platform, anew.
lock: install
	$(BIN)/python -m venv .venv/lock
	.venv/lock/bin/pip install --quiet uv
	.venv/lock/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --all-extras --group dev --upgrade pyproject.toml --output-file constraints.txt
