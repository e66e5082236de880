# The commands of the project. `make help` lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help

GO ?= go
# The same flags wherever Go builds, also in tests that build a program: what one
# has compiled serves the next. The commit is not stamped into the binary: a
# checkout that git does not trust would fail the build.
export GOFLAGS ?= -trimpath -buildvcs=false
# A browser that npm packages would fetch is not wanted: Debian's is used.
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1

# The version that .golangci.yml was written for; built once per machine from
# the Go proxy, outside the tree.
LINT_VERSION := 2.15.0
LINT_DIR := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/spillway/golangci-lint-$(LINT_VERSION)

# All packages of ours: npm packages may bring Go files along.
PACKAGES := ./bench/... ./engine/... ./graph/... ./ledger/... ./migrations/... ./server/... ./web

# HOURS lets `make proof` go on for so long.
HOURS ?= 0

# Further flags of `make bench`, such as -growth 10000000, -only deep or -against FILE.
BENCH ?=

# What the portal is built from.
WEB_SOURCES = $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -path web/browser -prune -o -path web/clients -prune -o -path web/screenshots -prune -o -type f -not -name '*.go' -not -name '*.test.*' -print)

.PHONY: help run test proof build bench profile lint clean installed-run installed-test binary

help: ## list these commands
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

run: installed-run binary ## install what is missing, build, and run the embedded default on http://127.0.0.1:8080
	@exec bin/spillway dev

# What make lint looks at, and what a debugger reads, is left out here.
GO_TEST = $(GO) test -vet=off -ldflags=-w -count=1

test: installed-test binary ## install what is missing, then pass every test: Go with the race detector, portal, clients, browser
	bin/spillway stores -- $(GO_TEST) -race -timeout 15m $(PACKAGES)
	bin/spillway stores -- $(GO_TEST) -tags failpoints ./engine -run TestFailpoints
	cd web && npm test
	cd web && npm run test:clients
	cd web && npm run test:browser

proof: installed-test binary ## the long proofs: model, simulation, failpoints, cluster, fuzzing, seeded bugs, faults; HOURS=8 goes on for so long
	@HOURS=$(HOURS) .ci/proof

build: binary ## bin/spillway, one binary with portal and migrations inside

bench: installed-test binary ## measure on throwaway stores: a table with its bars, bench/latest.json and the README's section
	$(GO) build -o bin/bench ./bench
	bin/spillway stores -- bin/bench -readme README.md $(BENCH)

# The server as it is, with a few lines laid over it that write a profile.
profile: installed-test binary ## CPU profiles of the engine and of the server: bench/profile-*.pprof
	$(GO) build -o bin/bench ./bench
	@printf '{"Replace":{"%s/server/profile.go":"%s/bench/testdata/profile.go.txt"}}' '$(CURDIR)' '$(CURDIR)' > bin/overlay.json
	$(GO) build -overlay bin/overlay.json -o bin/spillway-profiled ./server
	bin/spillway stores -- bin/bench -program bin/spillway-profiled -profile bench

lint: $(LINT_DIR)/golangci-lint web/dist/index.html ## check style and the import map
	$< run $(PACKAGES)
	$(GO) vet -tags failpoints,proof ./bench ./engine ./ledger ./server/faults

clean: ## remove what was built; the data of `make run` stay in .spillway
	rm -rf bin web/dist web/node_modules

installed-run installed-test:
	@.ci/install $(@:installed-%=%)

# Go knows by itself what is up to date.
binary: web/dist/index.html
	$(GO) build -o bin/spillway ./server

web/node_modules/.installed: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	@touch $@

web/dist/index.html: web/node_modules/.installed $(WEB_SOURCES)
	cd web && npm run build
	@touch $@

$(LINT_DIR)/golangci-lint:
	GOBIN=$(LINT_DIR) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$(LINT_VERSION)
