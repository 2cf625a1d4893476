# The front door; GNU make 3.81 is enough. Needs Go and some Node with npm; the rest is fetched below the checkout.

NODE := js-loader/node_modules/node/bin/node
BUN := js-loader/node_modules/bun/bin/bun.exe
# The oldest Node that Pi supports.
LEAST := .build/node-least/node_modules/node/bin/node
TOOLS := js-loader/node_modules/.package-lock.json
WASM := js-loader/core.wasm
BUNDLE := js-loader/index.js
GO_SOURCES := $(shell find core hostabi providers wasm -name '*.go' -not -name '*_test.go') go.mod go.sum
# Code that is not in the way of a request is not inlined: it would weigh twice as much.
COMPACT := pimultiauth/providers/... pimultiauth/core pimultiauth/core/engine pimultiauth/core/fault pimultiauth/core/flow pimultiauth/core/oauth \
	pimultiauth/core/store pimultiauth/core/view github.com/tidwall/...
GCFLAGS := $(COMPACT:%=-gcflags=%=-l)
BUILD := GOOS=wasip1 GOARCH=wasm go build -modfile .build/lean/go.mod -buildmode=c-shared -trimpath -ldflags='-s -w' $(GCFLAGS)
TS_SOURCES := $(shell find js-loader/src -name '*.ts')
BIN := js-loader/node_modules/.bin
AGENT := $(if $(PI_CODING_AGENT_DIR),$(PI_CODING_AGENT_DIR),$(HOME)/.pi/agent)

# A registry that is slow for a moment is asked again.
export npm_config_fetch_retries := 5

.PHONY: all test test-go test-js test-hosts test-e2e check golden bench size demo run install pack inspect replay accuracy refresh refresh-long \
	crash crash-long chaos soak fuzz windows \
	simulate simulate-long simulate-one mutants pictures clean

all: $(WASM) $(BUNDLE)

$(TOOLS): js-loader/package.json js-loader/package-lock.json
	cd js-loader && npm ci --loglevel=error --no-fund --no-audit
	@touch $(TOOLS)

.build/lean/go.mod: go.mod go.sum tests/lean/main.go
	go run ./tests/lean .build/lean

$(WASM): $(GO_SOURCES) $(wildcard tests/preinit/*.go) .build/lean/go.mod Makefile
	$(BUILD) -o .build/plain.wasm ./wasm
	go run ./tests/preinit .build/plain.wasm $@

# The module that tells how much of its memory is in use.
.build/heap.wasm: $(WASM)
	$(BUILD) -tags heap -o .build/heap-plain.wasm ./wasm
	go run ./tests/preinit .build/heap-plain.wasm $@

$(BUNDLE): $(TS_SOURCES) $(TOOLS)
	cd js-loader && npm run --silent build:bundle

# Everything CI runs.
test: check test-go test-js test-hosts test-e2e refresh crash

test-go: all
	go test -timeout 30m $$(go list ./... | grep -v /tests/e2e)

test-js: all
	cd js-loader && npm run --silent test:js

# The loader on the other hosts Pi runs on: the oldest Node, and Bun where its package is there.
test-hosts: all $(LEAST)
	cd js-loader && ../$(LEAST) --test --test-reporter=dot test/*.test.ts
	@if $(BUN) --version >/dev/null 2>&1; then cd js-loader && ../$(BUN) test --timeout 300000 ./test; else echo 'bun is not installed: not run there'; fi

# Not with --prefix: npm would look for the machine's own settings below it.
$(LEAST):
	@mkdir -p .build/node-least
	@echo '{}' >.build/node-least/package.json
	cd .build/node-least && npm install --no-save --no-fund --no-audit --loglevel=error node@22.19.0

test-e2e: all $(LEAST) js-loader/README.md
	go test -count=1 -timeout 60m ./tests/e2e

# What happens to our files when processes die, wait, are suspended and disks fail: counts are asserted, times printed beside others'.
# The long form has the counts of the bar; make crash-long COUNT=10 does a tenth of them, and ONLY='R3|R5' some of the tests.
crash: all
	@mkdir -p .build
	@CRASH=smoke COUNT='$(COUNT)' go test -count=1 -run '$(ONLY)' -timeout 30m -v ./tests/crash >.build/crash.txt 2>&1; s=$$?; grep -E '^  [RS][0-9]+:|--- FAIL|FAIL|SKIP|^ok' .build/crash.txt; exit $$s

crash-long: all
	@mkdir -p .build
	@CRASH=long COUNT='$(COUNT)' go test -count=1 -run '$(ONLY)' -timeout 8h -v ./tests/crash >.build/crash.txt 2>&1; s=$$?; grep -E '^  [RS][0-9]+:|--- FAIL|FAIL|SKIP|^ok' .build/crash.txt; exit $$s

# Refresh tokens are redeemed once on the whole machine: many real processes, kills, signals and locks against a token server that
# revokes. The long form takes about half an hour; RUN=TestARefresherThatIsKilled, say, leaves it at that test.
refresh: all
	@mkdir -p .build
	@REFRESH=smoke go test -count=1 -timeout 30m -v ./tests/refresh >.build/refresh.txt 2>&1; s=$$?; grep -E '^  [OS][0-9]+:|FAIL|SKIP|^ok' .build/refresh.txt; exit $$s

refresh-long: all
	@mkdir -p .build
	@REFRESH=long go test -run '$(or $(RUN),.)' -count=1 -timeout 4h -v ./tests/refresh >.build/refresh.txt 2>&1; s=$$?; grep -E '^  [OS][0-9]+:|FAIL|SKIP|^ok' .build/refresh.txt; exit $$s

# Real Pis of both versions while something breaks every few seconds: make chaos MINUTES=30 PIS=16 SEED=7 EVERY=5
chaos: all
	@mkdir -p .build
	@CHAOS=1 MINUTES='$(MINUTES)' PIS='$(PIS)' SEED='$(SEED)' EVERY='$(EVERY)' go test -count=1 -timeout 8h -v ./tests/chaos >.build/chaos.txt 2>&1; s=$$?; \
		grep -E '^  C[0-9]:|^    |--- FAIL|FAIL|^ok' .build/chaos.txt; exit $$s

# The loader under the Windows build of Node in wine, where that is there: make windows ONLY='files platform'
windows: all
	@go run ./tests/windows $(ONLY)

# A million decisions and a month of them: what may grow and what may not.
soak: all .build/heap.wasm
	@$(NODE) --expose-gc js-loader/test/soak.ts .build/heap.wasm $(DECISIONS)

# Every fuzz target of the tree, one after another, with what earlier runs kept: make fuzz TIME=60s
fuzz:
	@go run ./tests/fuzz $(if $(TIME),-time $(TIME)) $(if $(ONLY),-only '$(ONLY)')

# Format, vet, lint, types, arrows, twins; ends with the tree as it was.
check: $(TOOLS) $(WASM) $(BUNDLE) js-loader/README.md
	@mkdir -p .build && git status --porcelain >.build/before 2>/dev/null || true
	@test -z "$$(gofmt -l core hostabi providers wasm tests)" || { gofmt -l core hostabi providers wasm tests; echo 'gofmt would change these'; exit 1; }
	go vet ./...
	go generate ./core ./providers
	go test ./tests -run 'Arrows|Linked|Beside|Border|Twins|Packed'
	$(BIN)/tsc -p js-loader
	cd js-loader && node_modules/.bin/biome check --error-on-warnings .
	@git status --porcelain >.build/after 2>/dev/null || true
	@cmp -s .build/before .build/after || { git status --short; echo 'the tree has changed: commit what go generate wrote'; exit 1; }

# The answers of the recorded conversations and the screens drawn from them, written anew.
golden: all
	go test ./tests -run TestConversations -update
	cd js-loader && UPDATE_SCREENS=1 "$(CURDIR)/$(NODE)" --test test/screens.test.ts >/dev/null

# What the module weighs, by package and, where asked, by function: make size FUNCTIONS=40
size: $(WASM)
	@go run ./tests/size $(if $(FUNCTIONS),-functions $(FUNCTIONS)) -- $(GCFLAGS)

demo: all
	@go run ./tests/demo

# Your own Pi configuration, with this extension loaded from the checkout.
run: all
	$(NODE) js-loader/node_modules/@earendil-works/pi-coding-agent/dist/cli.js -e "$(CURDIR)/$(BUNDLE)"

# Into Pi's folder of extensions; what another extension of the name had there is kept aside.
install: all js-loader/README.md
	@go run ./tests/place "$(AGENT)"

# The package carries the project's own papers.
js-loader/README.md: README.md LICENSE CHANGELOG.md SECURITY.md $(wildcard docs/*.svg)
	@mkdir -p js-loader/docs
	cp docs/*.svg js-loader/docs/
	cp README.md LICENSE CHANGELOG.md SECURITY.md js-loader/

pack: all js-loader/README.md
	@mkdir -p .build
	cd js-loader && npm pack --silent --pack-destination ../.build

# A line of JSON in, a line out: make -s inspect <in.jsonl >out.jsonl
inspect: $(WASM)
	@go run ./tests/inspect

# How many samples of failures, usage, pastes, overrides and identities are read as they should be. DIR=… reads samples of another place.
accuracy:
	@go run ./tests/accuracy $(DIR)

# How well the modes choose, beside the peer's and the optimum: make simulate SEEDS=1..4 FLEETS=weekly,fifty MODE=ours
simulate:
	@go run ./tests/simulate compare -seeds '$(SEEDS)' -fleets '$(FLEETS)' -mode '$(MODE)'

# The invariants over many seeds; what was interrupted goes on: make simulate-long SEEDS=1..100000
simulate-long:
	@go run ./tests/simulate long -seeds '$(SEEDS)'

simulate-one:
	@go run ./tests/simulate one -seeds '$(SEEDS)' -bug '$(BUG)'

# Planted bugs, and at which seed what caught each.
mutants:
	@go run ./tests/simulate mutants -seeds '$(SEEDS)' -bug '$(BUG)'

# The decisions of a log made again, in native Go and in the module: make replay FILE=~/.pi/agent/multi-auth-decisions.jsonl
replay: $(WASM)
	@go run ./tests/replay $(FILE)

# The pictures of README, made anew from the real screens: make pictures ONLY=manager
pictures: all
	@go run ./tests/pictures -only '$(ONLY)'

bench: all
	@$(NODE) js-loader/test/bench.ts
	@go run ./tests/bench

clean:
	rm -rf .build $(WASM) $(BUNDLE) js-loader/main.cjs js-loader/README.md js-loader/LICENSE js-loader/CHANGELOG.md js-loader/SECURITY.md js-loader/docs
