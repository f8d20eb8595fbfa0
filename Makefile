# Two commands matter: `make demo` and `make test`. The rest serves them.

.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: help setup demo test soak check ci bench detection bench-servers clean

help: ## say what can be made
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r name what; do printf '  make %-14s %s\n' "$$name" "$$what"; done

setup: ## find or set up the real servers that the tests talk to (five minutes, once)
	@tests/servers/setup.sh

demo: ## build, and play a simulated town; needs no server and no configuration
	@tests/servers/setup.sh compilers >/dev/null
	cargo run --bin firemain -- demo

test: setup ## every test, the system tests on real servers among them
	cargo test --workspace

ROUNDS ?= 300
soak: setup ## kill every process at random moments, ROUNDS=300 times; SEED=… for the same moments again
	$(if $(SEED),FIREMAIN_TEST_SEED=$(SEED)) FIREMAIN_TEST_ROUNDS=$(ROUNDS) cargo test --test random_kills -- --nocapture --test-threads 1

check: ## format, lints, documentation, licences and banned crates
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items
	.ci/deny

ci: ## what continuous integration runs: test, then check, each timed
	@.ci/run

bench: bench-servers ## the benchmarks, in release mode
	cargo bench --workspace --benches

detection: ## what judging finds in simulated months, beside plain thresholds (docs/detection.md)
	cargo bench --bench detection -- $(DETECTION)

bench-servers: setup ## the servers that only benchmarks need (Telegraf, to compare with)
	@tests/servers/setup.sh telegraf

clean: ## remove what was built here; the cache of servers stays
	cargo clean
