#!/bin/sh
# SPDX-FileCopyrightText: The x509up authors
# SPDX-License-Identifier: Apache-2.0

# Formatting, vet for every system we build for, staticcheck, and the rules that
# a grep can hold. Usage: lint.sh STATICCHECK-MODULE@VERSION
set -eu
fail=0

unformatted=$(gofmt -l $(git ls-files '*.go'))
if [ -n "$unformatted" ]; then
	echo "not gofmt-ed:" && echo "$unformatted"
	fail=1
fi

for os in linux darwin windows; do
	GOOS=$os go vet ./... || fail=1
done
go vet -tags interop ./interop/... || fail=1
go run "$1" ./... || fail=1
go run "$1" -tags interop ./interop/... || fail=1
# go mod tidy -diff would need the network for the test dependencies of others.
go mod verify >/dev/null || fail=1

unlicensed=$(git ls-files '*.go' '*.sh' | xargs grep -L 'SPDX-License-Identifier: Apache-2.0' || true)
if [ -n "$unlicensed" ]; then
	echo "no SPDX line:" && echo "$unlicensed"
	fail=1
fi
if git grep -nE 't\.Skip|TODO|FIXME|XXX' -- '*.go'; then
	echo "left open, or skipped"
	fail=1
fi
exit $fail
