# Two commands do everything: `make run` and `make test`.

GO ?= go
BIN := bin/roundel

.PHONY: run build test check fmt vet lint interop bench torture conformance clean

run: build ## build, start on the embedded database, print where to go
	@$(BIN) serve

build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w" -o $(BIN) ./cmd/roundel

test: ## install what is needed where that is allowed, then run everything
	@bash .ci/test

check: fmt vet lint ## the quick loop: SQLite only, with the race detector
	$(GO) test -race ./...

fmt:
	@files=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$files" ]; then echo "run gofmt -w on:"; echo "$$files"; exit 1; fi

vet:
	$(GO) vet ./...

lint: bin/staticcheck
	bin/staticcheck ./...

bin/staticcheck: tools/go.mod
	$(GO) build -C tools -o $(CURDIR)/$@ honnef.co/go/tools/cmd/staticcheck

bench: build ## measure beside peers, write docs/benchmarks.md
	@bash bench/run

conformance: ## W3C's test suites, from checkouts in the folder SUITES
	@SUITES="$(SUITES)" bash conformance/run

torture: ## the long runs: crash loops, fuzzing
	@bash .ci/torture

clean:
	rm -rf bin
