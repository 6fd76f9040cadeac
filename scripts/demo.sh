#!/bin/sh
# SPDX-FileCopyrightText: The x509up authors
# SPDX-License-Identifier: Apache-2.0

# Gets a proxy through the whole ECP exchange, and one with attributes of a VO, against a federation in a box.
# Usage: demo.sh BIN-DIRECTORY
set -eu
bin=$1
dir=$(mktemp -d)
fed=
cleanup() {
	if [ -n "$fed" ]; then
		kill "$fed" 2>/dev/null && wait "$fed" || true
	fi
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

mkfifo "$dir/started"
"$bin/x509up-fed" --dir "$dir/fed" --log "$dir/log" >"$dir/started" &
fed=$!
read -r answer <"$dir/started"
test "$answer" = ready
. "$dir/fed/env.sh"

run() {
	echo
	echo "\$ $*"
	PATH="$bin:$PATH" "$@"
}
echo "A federation runs on this machine: an identity provider at $ECP_IDP"
echo "and an online CA behind a service provider at $X509UP_SERVICE_PROVIDER"
run x509up get-cert --proxy -v
run x509up info
run x509up verify
run x509up get-cert --proxy --reuse=6
echo
echo "Its user is a member of two VOs, whose VOMS servers run here, too: $X509_VOMSES"
run x509up get-cert --proxy --voms vo.example.org:/vo.example.org/Role=production
run x509up info
run x509up verify
run x509up destroy
echo
echo "logins that the identity provider saw: $(grep -c '"login":true' "$dir/log")"
