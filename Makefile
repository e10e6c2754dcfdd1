# The front door: each target is a few lines over CMake presets and the scripts in tools/.
# `make help` lists the targets.

PREFIX ?= /usr/local
.DEFAULT_GOAL := all
.PHONY: all help test check fuzz fuzz-report torture bench calibrate demo install format clean \
	build-needs test-needs check-needs

all: build-needs ## build/aureon, build/libaureon.a and the contracts
	@cmake --preset dev >/dev/null
	@cmake --build --preset dev

test: test-needs ## every test; the last line counts them
	@cmake --preset dev >/dev/null
	@cmake --build --preset dev --target tests
	@tools/fuzz build
	@tools/run-tests build

check: check-needs ## everything that must hold before a change is shared
	@tools/check

fuzz: test-needs ## fuzz every target for a while, see tools/fuzz
	@cmake --preset fuzz >/dev/null
	@cmake --build --preset fuzz --target fuzzers
	@tools/fuzz run

fuzz-report: test-needs ## what the fuzz corpora cover
	@cmake --preset fuzz >/dev/null
	@cmake --build --preset fuzz --target fuzzers
	@tools/fuzz report

torture: test-needs ## what takes too long for every change, see tests/torture/run
	@cmake --preset dev >/dev/null
	@cmake --build --preset dev --target all torture_helper ledger_log
	@cmake --preset clang >/dev/null && cmake --build --preset clang --target ledger_log
	@cmake --preset asan >/dev/null && cmake --build --preset asan --target ledger_log
	@tests/torture/run

bench: all ## measure, see tools/bench
	@cmake --build --preset dev --target bench
	@tools/bench

calibrate: all ## measure what gas takes, see tools/calibrate
	@cmake --build --preset dev --target calibrate
	@tools/calibrate

demo: all ## a contract deployed and called, step by step
	@tools/demo

install: build-needs ## the program and the library below PREFIX
	@cmake --preset release >/dev/null
	@cmake --build --preset release
	@cmake --install build/release --strip --prefix '$(DESTDIR)$(PREFIX)'

format: test-needs ## let clang-format have its way
	@tools/format

clean: ## remove build/; the engine library stays in its cache
	@rm -rf build

build-needs:
	@tools/bootstrap build

test-needs:
	@tools/bootstrap test

check-needs:
	@tools/bootstrap check

help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
