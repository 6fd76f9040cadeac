#!/bin/sh
# SPDX-FileCopyrightText: The x509up authors
# SPDX-License-Identifier: Apache-2.0

# Runs every fuzz target for $FUZZTIME (go test -fuzz takes one at a time).
set -eu
found=0
for dir in $(git ls-files '*_test.go' | xargs grep -l '^func Fuzz' | xargs -n1 dirname | sort -u); do
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$dir"/*_test.go | sort -u); do
		echo "fuzz ./$dir $target ${FUZZTIME:=5s}"
		go test "./$dir" -run '^$' -fuzz "^$target\$" -fuzztime "$FUZZTIME" >"${TMPDIR:-/tmp}/fuzz.$$" 2>&1 || {
			cat "${TMPDIR:-/tmp}/fuzz.$$"
			# Where the time is over while an input is being made smaller, go test calls that a failure. One of the
			# target comes with the input that made it fail.
			grep -q '^    context deadline exceeded$' "${TMPDIR:-/tmp}/fuzz.$$" && ! grep -q 'Failing input' "${TMPDIR:-/tmp}/fuzz.$$" || {
				rm -f "${TMPDIR:-/tmp}/fuzz.$$"
				exit 1
			}
		}
		rm -f "${TMPDIR:-/tmp}/fuzz.$$"
		found=$((found + 1))
	done
done
# A renamed folder must not turn this into a check of nothing.
test "$found" -gt 0
echo "$found fuzz targets ran"
