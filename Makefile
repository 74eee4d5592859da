# Two commands are all a newcomer needs: `make demo` and `make test`.
CARGO ?= cargo
FUZZ_SECONDS ?= 600
FUZZ_TARGETS = copy corpus csv json packed range reversible schemes secrets sql sqlite store

.PHONY: check-clients check-engines check-sarif help setup setup-test build demo test lint unit docs deny fuzz bench-dump bench-gate bench-breach clean

help:
	@echo 'make demo    build the program and audit a bundled example database'
	@echo 'make test    format, lints, all tests, documentation, replay of the fuzz corpora'
	@echo 'make test-mongodb    lints and tests of the feature mongodb, whose driver takes two minutes to build'
	@echo 'make deny    licences and advisories of all dependencies (installs cargo-deny)'
	@echo 'make fuzz    every fuzz target for $(FUZZ_SECONDS) s each (installs cargo-fuzz, needs a nightly toolchain)'
	@echo 'make check-clients    clients from PyPI and npm ask the range server (fetches both)'
	@echo 'make check-engines    both engines of the gate over 500 MB of text: the same findings'
	@echo 'make check-sarif    SARIF of a gate against the published schema, by a validator from npm (fetches it)'
	@echo 'make bench-dump    speed and memory on a 1 GB dump, beside other tools'
	@echo 'make bench-gate    speed and memory of the gate, beside Kingfisher and git'
	@echo 'make bench-live    speed and memory on live databases, beside their own clients'
	@echo 'make bench-breach  size and speed of breach corpora'

# What a build needs beside cargo, and what the tests start and run: real servers, real dump tools, real compressors.
setup:
	@tools/packages.sh build

setup-test:
	@tools/packages.sh build test

build: setup
	$(CARGO) build --release

demo: build
	@tools/demo.sh

test: setup-test lint unit docs

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets --locked -- -D warnings
	$(CARGO) check --no-default-features --locked

unit:
	$(CARGO) test --locked

.PHONY: test-mongodb
# No part of `make test`: the driver takes two minutes of processor time to build.
test-mongodb: setup-test
	$(CARGO) clippy --all-targets --features mongodb --locked -- -D warnings
	$(CARGO) test --features mongodb --locked mongodb

docs:
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --no-deps --locked

deny:
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny
	$(CARGO) deny check

# What is found goes to fuzz/found, so that the seeds in fuzz/corpus stay few; -timeout also finds what is slow.
fuzz: setup
	@command -v cargo-fuzz >/dev/null || $(CARGO) install --locked cargo-fuzz
	@for target in $(FUZZ_TARGETS); do \
	  mkdir -p fuzz/found/$$target && \
	  $(CARGO) +nightly fuzz run $$target fuzz/found/$$target fuzz/corpus/$$target -- \
	    -dict=fuzz/dictionaries/$$target.dict -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=20 -rss_limit_mb=4096 \
	    || exit 1; \
	done

check-clients: build
	@tools/check_clients.sh

check-engines: build
	@tools/check_engines.sh

check-sarif: build
	@tools/check_sarif.sh

bench-dump: build
	@benches/dump.sh

# Fetches Debian's linux-source-6.1 and Kingfisher's wheel; some 3 GB of disk, kept where BENCH_DIR says.
bench-gate: build
	@benches/gate.sh
	@benches/history.sh

.PHONY: bench-live
# Servers of Debian's packages, some 4 GB of disk.
bench-live: build setup-test
	@benches/live.sh

bench-breach: build
	@benches/breach.sh

clean:
	$(CARGO) clean
