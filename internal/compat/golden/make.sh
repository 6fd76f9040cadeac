#!/bin/sh
# SPDX-FileCopyrightText: The x509up authors
# SPDX-License-Identifier: Apache-2.0
#
# make.sh FILE...: runs the originals on the command lines of golden files ("$ …"), and writes the files anew.
# It needs, from Debian 12, faketime and the tools whose lines they are: globus-proxy-utils 7.3, globus-gsi-cert-utils-progs 10.10,
# nordugrid-arc-client 6.17.0, xrootd-client 5.5.3.
set -eu
umask 077
repository=$(cd "$(dirname "$0")/../../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/f" "$work/home"
cp "$repository"/proxycert/testdata/vectors/*.pem "$repository"/voms/testdata/vectors/proxies/*.pem "$work/f"
chmod 600 "$work"/f/*
cp -R "$repository"/voms/testdata/vectors/certificates "$work/f"
for file; do
	grep '^\$ ' "$file" >"$work/lines"
	: >"$work/new"
	while IFS= read -r line; do
		command=$(printf '%s' "${line#\$ }" | sed "s#@#$work/f/#g")
		code=0
		env -i PATH="$PATH" HOME="$work/home" TZ=UTC setsid faketime -f '2026-11-22 23:00:00' env $command \
			>"$work/out" 2>"$work/err" </dev/null || code=$?
		printf '%s\n' "$line" >>"$work/new"
		sed "s#$work/f/#@#g; s#$work/f#@#g; s/^/| /" "$work/out" >>"$work/new"
		sed "s#$work/f/#@#g; s#$work/f#@#g; s/^/! /" "$work/err" >>"$work/new"
		printf '= %s\n' "$code" >>"$work/new"
	done <"$work/lines"
	cp "$work/new" "$file"
done
