# bindery: every task of the project. `make` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CACHE   := $(CURDIR)/.cache
BIN     := $(CACHE)/bin
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)
export CGO_ENABLED := 1

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: tools
tools: ## say what is missing on this machine and how to get it
	@tools/need.sh go make cc

.PHONY: build
build: tools ## build bin/bindery
	go build -trimpath -ldflags "$(LDFLAGS)" -o bin/bindery ./cmd/bindery

.PHONY: demo
demo: build ## the main job on real data: upload, crawl, ask, and a role that may only read its own (KEEP=1 leaves the server running)
	cd examples/flights/demo && go build -o $(CACHE)/bin/demo .
	$(CACHE)/bin/demo -bindery bin/bindery -examples examples $(if $(KEEP),-keep)

.PHONY: test
test: tools ## all tests (PostgreSQL ones run when BINDERY_TEST_POSTGRES is set, else they are counted as skipped)
	tools/test.sh

.PHONY: race
race: tools ## the tests under the race detector
	go test -race ./...

$(BIN)/golangci-lint: tools/pinned/go.mod
	@mkdir -p $(BIN)
	cd tools/pinned && go build -o $(BIN)/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(BIN)/benchstat: tools/pinned/go.mod
	@mkdir -p $(BIN)
	cd tools/pinned && go build -o $(BIN)/benchstat golang.org/x/perf/cmd/benchstat

.PHONY: check
check: tools $(BIN)/golangci-lint gen-check ## linters, generated code, documents, the coverage of internal/policy
	$(BIN)/golangci-lint run --allow-parallel-runners ./...
	go run ./tools/docs
	tools/cover.sh policy

.PHONY: gen
gen: tools ## generate internal/api and docs/operations from models/
	go run ./tools/gen

.PHONY: gen-check
gen-check: tools ## fail when generated files differ, or authorization rows from the published data
	go run ./tools/gen -check
	go run ./tools/iamdata

.PHONY: models
models: ## fetch the pinned API models and write their facts to models/ (needs pip and npm)
	@tools/need.sh pip
	@tools/need.sh npm
	go run ./tools/models

.PHONY: models-newer
models-newer: ## report newer versions of the pinned API models
	go run ./tools/models -newer

.PHONY: vectors
vectors: tools ## published vectors: signatures and protocols
	go test -count=1 -v -run 'Vector|Protocol' ./internal/sigv4/... ./internal/wire/...

.PHONY: fuzz
fuzz: tools ## every fuzz target, FUZZTIME each (default 10s)
	tools/fuzz.sh

.PHONY: bench
bench: build $(BIN)/benchstat ## benchmarks, summarised by benchstat
	tools/bench.sh

.PHONY: load
load: build ## bindery as its clients see it, beside a bare server, moto_server and PostgreSQL (ONLY=GetTable for some cases)
	tools/load.sh $(if $(ONLY),-only "$(ONLY)")

.PHONY: cover
cover: tools ## statement coverage; internal/policy must have all of it
	tools/cover.sh

.PHONY: linear
linear: build ## recorded histories of UpdateTable under kill -9, checked for linearizability (ROUNDS=200 for the full count)
	go run ./test/linear -bindery bin/bindery -rounds $(or $(ROUNDS),5)

.PHONY: clients
clients: build ## the suites of real clients: AWS CLI, boto3, aws-sdk-go-v2
	test/clients/run.sh

.PHONY: suites
suites: build ## the suites of other projects, unchanged: PyIceberg, iceberg-go, moto; writes docs/compatibility.md
	test/suites/run.sh

.PHONY: java
java: build ## the sequences of StarRocks' catalogs: AWS SDK for Java, Iceberg's GlueCatalog, Hadoop's S3A
	test/java/run.sh

.PHONY: ci
ci: ## what continuous integration runs: check, test, clients, suites, with a count of what ran
	tools/ci.sh
