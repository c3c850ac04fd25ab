# Two commands: `make run` shows that everything works and goes live, `make test` runs every test. `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

CACHE := $(or $(KINEMOTION_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kinemotion)
TARGET := $(or $(CARGO_TARGET_DIR),target)
BIN := $(TARGET)/release
OUT := out
# GStreamer looks through a plugin folder and everything below it, so the plugin gets a folder to itself.
PLUGINS := $(TARGET)/plugins
SAMPLE := $(OUT)/sample.mp4
SAMPLE_HEIGHT := 1.78
PROGRAMS := -p kinemotion -p gst-kinemotion -p synthetic-athlete --features synthetic-athlete/video
# Every crate with its tests, under the features `cargo test --workspace` has: whoever builds this first compiles nothing twice.
EVERYTHING := --workspace --lib --bins --tests --examples
BUILD := $(PROGRAMS)
test test-api test-monitoring test-rollout test-operations test-deb load load-check load-slo compare budget flamegraph kills: BUILD := $(EVERYTHING)

.PHONY: help setup setup-tests web build models sample run serve test test-sdk test-api test-monitoring test-rollout lint check-deploy check-deploy-mutations deny accuracy calibrate bench-peer bench-live load load-check kills fuzz image image-test image-check test-compose test-deb test-release docs check-links advisories deb test-operations load-slo compare budget flamegraph capacity cost clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 30

setup: ## Install what is missing on this machine
	@scripts/setup.sh

setup-tests: ## Install what tests and measurements need beside
	@scripts/setup.sh tests

test test-sdk test-api test-monitoring test-rollout test-deb test-operations load-slo compare budget flamegraph lint load load-check kills bench-peer bench-live: setup-tests

WEB_SOURCES := $(shell find web/src web/public -type f -not -name '*.test.ts') $(wildcard web/*.html web/*.json web/*.ts)

web/node_modules/.package-lock.json: web/package-lock.json
	@npm --prefix web ci --silent
	@touch $@

web/dist/index.html: $(WEB_SOURCES) web/node_modules/.package-lock.json
	@npm --prefix web run --silent build -- --logLevel warn

web: setup web/dist/index.html ## Build the studio and the broadcast overlay page

build: setup web ## Build the command line, the plugin, the pages and the synthetic athlete
	@cargo build --release --locked $(BUILD)
	@mkdir -p $(PLUGINS)
	@cp -u $(BIN)/libgstkinemotion.so $(PLUGINS)/

models: build ## Fetch the pose models and ONNX Runtime
	@$(BIN)/kinemotion models pull

$(SAMPLE): | models
	@mkdir -p $(OUT)
	@echo "rendering $(SAMPLE)"
	@$(BIN)/synthetic-athlete cmj --repetitions 2 --stature-m $(SAMPLE_HEIGHT) --video $(SAMPLE) --truth $(OUT)/sample-truth.json

sample: models $(SAMPLE) ## Analyse a sample clip, from nothing to numbers
	@$(BIN)/kinemotion analyze $(SAMPLE) --athlete-height $(SAMPLE_HEIGHT) \
		-o $(OUT)/sample.json --overlay $(OUT)/sample-overlay.mp4
	@echo
	@echo "numbers as JSON     $(OUT)/sample.json"
	@echo "video with overlay  $(OUT)/sample-overlay.mp4"
	@echo "what is true        $(OUT)/sample-truth.json"
	@echo
	@echo "next: a clip of your own"
	@echo "  $(BIN)/kinemotion analyze YOUR.mp4 --athlete-height 1.80 --overlay $(OUT)/yours.mp4"
	@echo "next: the same in any GStreamer pipeline"
	@echo "  GST_PLUGIN_PATH=$(PLUGINS) gst-launch-1.0 filesrc location=$(SAMPLE) ! decodebin3 ! videoconvert \\"
	@echo "    ! kinemotion movement=cmj athlete-height=$(SAMPLE_HEIGHT) ! videoconvert ! autovideosink"

SERVE := KINEMOTION_SERVE__STORAGE__FOLDER="$${KINEMOTION_SERVE__STORAGE__FOLDER:-$(OUT)/analyses}" $(BIN)/kinemotion serve

run: sample ## Analyse a sample clip, then measure live until Ctrl-C
	@echo
	@$(SERVE)

serve: models ## Measure live until Ctrl-C
	@$(SERVE)

test: models ## Run every test
	@npm --prefix web test --silent
	@tests/services/with-postgres.sh cargo test --release --locked --workspace
	@tests/services/with-postgres.sh tests/services/with-redis.sh python3 tests/cluster/cluster.py --programs $(BIN) --cache $(CACHE)
	@tests/services/with-postgres.sh python3 tests/storage/storage.py --programs $(BIN) --cache $(CACHE)
	@KINEMOTION_BIN=$(abspath $(BIN)) node --test tests/browser/
	@$(TEST_SDK)
	@$(TEST_API)
	@$(TEST_MONITORING)
	@$(TEST_ROLLOUT)
	@$(TEST_OPERATIONS)
	@$(TEST_RELEASE)
	@$(TEST_DEB)
	@$(LOAD_CHECK)
	@$(call KILLS,3)

TEST_SDK := python3 sdk/test.py $(BIN) --cache $(CACHE)

test-sdk: models ## Run the tests of the SDKs and the examples
	@$(TEST_SDK)

# The second time with Postgres, which refuses other things than SQLite does.
TEST_API := python3 tests/api/api.py --programs $(BIN) --cache $(CACHE) && tests/services/with-postgres.sh bash -c \
	'KINEMOTION_SERVE__STORAGE__DATABASE=$$KINEMOTION_TEST_POSTGRES/postgres python3 tests/api/api.py --programs $(BIN) --cache $(CACHE)'

test-api: models ## Send the example of every operation, and what schemathesis makes up
	@$(TEST_API)

TEST_MONITORING := python3 tests/monitoring/rules.py && python3 tests/monitoring/live.py --programs $(BIN)

test-monitoring: models ## Test alerts, dashboards and how they are told, with a live daemon
	@$(TEST_MONITORING)

TEST_ROLLOUT := python3 tests/rollout/rollout.py --programs $(BIN)

test-rollout: models ## Roll out good and bad versions behind haproxy
	@$(TEST_ROLLOUT)

TEST_OPERATIONS := python3 -m unittest discover -q -s tests/operations && python3 -m unittest discover -q -s tests/load && \
	tests/services/with-postgres.sh python3 tests/operations/runbooks.py --programs $(BIN)

test-operations: models ## Carry out the commands of docs/operations
	@$(TEST_OPERATIONS)

TEST_RELEASE := python3 tests/release/release.py -q

test-release: ## Test the scripts that a release is made with
	@$(TEST_RELEASE)

# dpkg installs into a folder as root only.
TEST_DEB = $(if $(filter-out 0,$(shell id -u)),sudo -E )python3 tests/packages/packages.py --programs $(BIN) --plugin $(PLUGINS)/libgstkinemotion.so -q

test-deb: models ## Make the packages for Debian and look at them
	@$(TEST_DEB)

check-links: ## Check that what the documentation links to is there
	@python3 scripts/check-links.py

lint: setup web deny check-links ## Check format, lints, documentation and licences
	@npm --prefix web run --silent check
	@npm --prefix sdk/js run --silent check
	@cargo fmt --all --check
	@cargo clippy --release --locked --workspace --all-targets -- -D warnings
	@$(DOCS)

DOCS := RUSTDOCFLAGS="-D warnings" cargo doc --release --locked --workspace --no-deps

docs: setup web ## Make the pages of the crates, into target/doc
	@$(DOCS)

CHECK_DEPLOY := python3 deploy/check/check.py --cache $(CACHE) --program $(BIN)/kinemotion

check-deploy: setup-tests ## Check everything that describes a deployment; with a built program also against it
	@$(CHECK_DEPLOY)

check-deploy-mutations: setup-tests ## Break the deployment in every way of deploy/check/mutations; each must be noticed
	@$(CHECK_DEPLOY) --mutations --like "$(LIKE)"

DENY_VERSION := 0.20.2
DENY := $(CACHE)/tools/bin/cargo-deny

deny: setup ## Check licences and sources of dependencies
	@if [ "$$($(DENY) --version 2>/dev/null)" != "cargo-deny $(DENY_VERSION)" ]; then \
		echo "installing cargo-deny $(DENY_VERSION)"; \
		cargo install --quiet --locked --root $(CACHE)/tools --version $(DENY_VERSION) cargo-deny; \
	fi
	@$(DENY) --log-level error check bans licenses sources

advisories: deny ## Ask whether dependencies have known vulnerabilities; needs a network
	@$(DENY) --log-level error check advisories
	@npm --prefix web audit --omit dev

accuracy: models ## Measure accuracy over rendered clips into docs/accuracy.md; resumable
	@cargo run --quiet --release --locked -p end-to-end --bin accuracy -- --recordings $(CACHE)/accuracy --output docs/accuracy.md

calibrate: models ## Fit the constants of the contact search to rendered jumps into docs/calibration.md; resumable
	@cargo run --quiet --release --locked -p end-to-end --bin calibrate -- --recordings $(CACHE)/accuracy --output docs/calibration.md

bench-peer: models ## Measure side by side with MediaPipe and the Python tool
	@python3 tests/bench-peer/bench.py --kinemotion $(BIN)/kinemotion --athlete $(BIN)/synthetic-athlete --cache $(CACHE)

bench-live: models ## Measure how long a live measurement takes, from the camera to the screen
	@KINEMOTION_BIN=$(abspath $(BIN)) node tests/browser/bench.mjs

SOAK_MINUTES := 30

load: models ## Measure many sessions at once into docs/performance.md; SCENARIOS="athletes-25 joining" for some
	@tests/services/with-postgres.sh python3 tests/load/load.py --programs $(BIN) --cache $(CACHE) --document docs/performance.md \
		--soak-minutes $(SOAK_MINUTES) $(if $(RESUME),--resume) $(if $(SMALL),--small) $(SCENARIOS)

LOAD_CHECK := python3 tests/load/check.py --programs $(BIN)

load-check: models ## Check that five sessions at once keep what is promised
	@$(LOAD_CHECK)

load-slo: models ## Check what 25 and 100 users are promised, into out/load-slo; SMALL=1 tries the programs
	@python3 tests/load/slo.py --programs $(BIN) --cache $(CACHE) --report $(OUT)/load-slo $(if $(SMALL),--small)

BASE := origin/main

compare: models ## Compare the speed with that of BASE, another revision, which is built for it; into out/compare.md
	@python3 tests/load/compare.py --base "$(BASE)" --head $(BIN) --cache $(CACHE) --report $(OUT)/compare.md

budget: models ## Measure what each stage of a frame takes, against its budget, into docs/performance.md
	@python3 tests/load/budget.py --programs $(BIN) --document docs/performance.md $(if $(SMALL),--small)

flamegraph: models ## Show where the processors' time goes, in out/flamegraph.svg
	@python3 tests/load/flamegraph.py --programs $(BIN) --output $(OUT)/flamegraph.svg

capacity: ## Tell in docs/operations/scaling.md what docs/performance.md says a processor carries
	@python3 tests/load/capacity.py --measurements docs/performance.md --document docs/operations/scaling.md

# AWS Fargate, Linux on x86, us-east-1; docs/operations/cost.md says where they are from.
PRICES := --processor-hour 0.04048 --gigabyte-hour 0.004445 --currency USD

cost: models ## Measure what files cost and write docs/operations/cost.md, with PRICES="--processor-hour 0.05"
	@python3 tests/load/cost.py --programs $(BIN) --measurements docs/performance.md --document docs/operations/cost.md $(PRICES)

KILLS = python3 tests/kills/kills.py --programs $(BIN) --kills $(1) --database sqlite $(2) && \
	tests/services/with-postgres.sh python3 tests/kills/kills.py --programs $(BIN) --kills $(1) --database postgres $(2)

kills: models ## Kill the daemon 400 times while it works and look at what is left, into docs/reliability.md
	@$(call KILLS,200,--document docs/reliability.md)

FUZZ_VERSION := 0.13.2
FUZZ_SECONDS := 30
FUZZ := $(CACHE)/tools/bin/cargo-fuzz

fuzz: setup web ## Look for bytes that break a parser, half a minute for each
	@if [ "$$($(FUZZ) --version 2>/dev/null)" != "cargo-fuzz $(FUZZ_VERSION)" ]; then \
		echo "installing cargo-fuzz $(FUZZ_VERSION)"; \
		cargo install --quiet --locked --root $(CACHE)/tools --version $(FUZZ_VERSION) cargo-fuzz; \
	fi
	@set -e; for seeds in fuzz/seeds/*; do \
		name=$$(basename $$seeds); \
		mkdir -p fuzz/corpus/$$name; \
		$(FUZZ) run --sanitizer none --strip-dead-code=true $$name fuzz/corpus/$$name $$seeds -- -max_total_time=$(FUZZ_SECONDS); \
	done

# IMAGE=cli or gpu is another image than the server; STAND_IN=1 makes the base images here, where no registry of images is reached.
image: ## Build the container image with docker, podman or buildah
	@scripts/image/build.sh $(or $(IMAGE),server)

image-test: ## Build the images of server and command line, start them, and run a session
	@scripts/image/build.sh cli
	@scripts/image/build.sh server
	@python3 tests/image/image.py --engine "$$(. scripts/image/common.sh && engine)" kinemotion:server --cli kinemotion:cli

# RUNNING=1 takes the engine that docker finds and its images instead, WITHOUT=grafana leaves a service out of them.
test-compose: ## Run deploy/compose/dev.yml; needs root, Docker with Compose, buildah and an image (tests/compose)
	@python3 tests/compose/compose.py --programs $(BIN) --cache $(CACHE) $(if $(RUNNING),--running $(addprefix --without=,$(WITHOUT)))

image-check: ## Look whether everything that goes into the image is there for arm64
	@python3 scripts/image/architectures.py

deb: build ## Make the packages for Debian, of the program and of the plugin
	@deploy/debian/build.sh --programs $(BIN) --plugin $(PLUGINS)/libgstkinemotion.so --out $(OUT)/deb

clean: ## Remove build results and the sample, keep models, downloads and what was measured
	@cargo clean
	@[ ! -d $(OUT) ] || find $(OUT) -mindepth 1 -maxdepth 1 ! -name analyses -exec rm -rf {} +
