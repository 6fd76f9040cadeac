# SPDX-FileCopyrightText: The x509up authors
# SPDX-License-Identifier: Apache-2.0

# make build    bin/x509up and bin/x509up-fed
# make demo     a proxy through the whole ECP exchange, and one with attributes of a VO, against a federation in a box
# make test     everything that needs no other software, with race detector, lint and a short fuzz
# make interop  against real peers, which it installs with apt
# make lint     vet, staticcheck, formatting, spelling of the rules

GO          ?= go
VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME    ?= 400ms
LDFLAGS     := -s -w -X main.version=$(VERSION)

export CGO_ENABLED = 0

.PHONY: build demo test interop lint race fuzz clean

build:
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/x509up ./cmd/x509up-fed

demo: build
	sh scripts/demo.sh bin

test: lint race fuzz

# The race detector needs cgo and a C compiler, the one place that does.
race:
	@command -v cc >/dev/null || { echo "the race detector needs a C compiler: apt install gcc libc6-dev" >&2; exit 1; }
	CGO_ENABLED=1 $(GO) test -race -timeout 5m $(GOTESTFLAGS) ./...

fuzz:
	FUZZTIME=$(FUZZTIME) sh scripts/fuzz.sh

lint:
	sh scripts/lint.sh $(STATICCHECK)

interop: build
	sh interop/install.sh
	$(GO) test -tags interop -count=1 -timeout 15m $(GOTESTFLAGS) ./interop/...

clean:
	rm -rf bin dist
