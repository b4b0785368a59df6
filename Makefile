# Two commands do everything: `make` and `make test`.

CONFIGURATION := release
OFFPRINT := .build/$(CONFIGURATION)/offprint
SOURCES := Package.swift $(shell find -L Sources -type f)
PACKAGES := libcmark-gfm-dev libcmark-gfm-extensions-dev libpng-dev zlib1g-dev libssl-dev \
  fonts-open-sans dataset-fashion-mnist pkg-config

.PHONY: all build papers smoke test test-neon fuzz lint format check packages gallery bench bench-peers clean

all: papers

## Regenerates the default profile of every paper into output/.
papers: $(OFFPRINT)
	@$(OFFPRINT) build

## Builds the smoke profile of every paper into a temporary folder.
smoke: $(OFFPRINT)
	@folder=$$(mktemp -d) && $(OFFPRINT) build --profile smoke --output "$$folder" --cache "$$folder/cache" \
	  && rm -r "$$folder"

build: $(OFFPRINT)

$(OFFPRINT): $(SOURCES) | packages
	swift build --configuration $(CONFIGURATION) --product offprint
	@touch $@

## Installs the Debian packages that are missing; asks for root only then.
packages:
	@if command -v dpkg-query >/dev/null; then \
	  missing=""; \
	  for package in $(PACKAGES); do \
	    dpkg-query --show --showformat='$${Status}' $$package 2>/dev/null | grep -q 'ok installed' \
	      || missing="$$missing $$package"; \
	  done; \
	  if [ -n "$$missing" ]; then \
	    echo "Missing Debian packages:$$missing"; \
	    if [ "$$(id -u)" = 0 ]; then root=""; else root=sudo; echo "Installing them needs root."; fi; \
	    $$root apt-get update -qq && $$root apt-get install -y -qq --no-install-recommends $$missing; \
	  fi; \
	fi

## Runs all tests.
test: packages
	swift test

## Feeds FUZZ_RUNS inputs to each reader (all but a few minutes for 100,000); what it finds stands in .build-fuzz.
FUZZ_RUNS := 100000
FUZZ_TARGETS := $(notdir $(wildcard Tests/FuzzTests/Fixtures/*))
fuzz: packages
	@OFFPRINT_FUZZ=json swift build --configuration release --scratch-path .build-fuzz --sanitize fuzzer --product Fuzzer >&2
	@for target in $(FUZZ_TARGETS); do \
	  mkdir -p .build-fuzz/corpus/$$target; \
	  OFFPRINT_FUZZ=$$target .build-fuzz/release/Fuzzer -runs=$(FUZZ_RUNS) -max_len=3000 -timeout=30 -rss_limit_mb=2500 \
	    -artifact_prefix=.build-fuzz/$$target- .build-fuzz/corpus/$$target Tests/FuzzTests/Fixtures/$$target \
	    >.build-fuzz/$$target.log 2>&1 || { tail -n 30 .build-fuzz/$$target.log; exit 1; }; \
	  echo "$$target: $$(grep -a '^Done' .build-fuzz/$$target.log)"; \
	done

## Proves that the kernels give the same bits on Arm, under qemu (installs a cross compiler and qemu-user).
test-neon:
	@.ci/test-neon

## Fails when a file is not formatted as .swift-format says.
lint:
	swift format lint --strict --parallel --recursive Package.swift Sources Tests

## Formats the sources.
format:
	swift format --in-place --parallel --recursive Package.swift Sources Tests

## Shows every mistake in the papers.
check: $(OFFPRINT)
	@$(OFFPRINT) check

## Draws the figures of gallery/ into output/gallery.
gallery: packages
	@swift build --configuration release --product Gallery >&2
	@.build/release/Gallery

## Prints steps per second and GFLOP/s of every workload, one JSON object a line.
bench: packages $(OFFPRINT)
	@swift build --configuration release --product Benchmarks >&2
	@for name in $$(.build/release/Benchmarks names); do .build/release/Benchmarks $$name || exit 1; done

## The same beside PyTorch and JAX (from PyPI, in a virtual environment), with ratios.
bench-peers: packages
	@swift build --configuration release --product Benchmarks >&2
	@test -d .build-peers || (python3 -m venv .build-peers && .build-peers/bin/pip install --quiet numpy jax torch matplotlib)
	@.build-peers/bin/python Sources/Benchmarks/Peers/peers.py --bench .build/release/Benchmarks
	@.build/release/Benchmarks figure_curves figure_million_points > .build-peers/figures.jsonl && cat .build-peers/figures.jsonl
	@.build-peers/bin/python Sources/Benchmarks/Peers/figures.py --ours .build-peers/figures.jsonl

clean:
	rm -rf .build .offprint
