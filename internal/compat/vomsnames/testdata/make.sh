#!/bin/sh
# SPDX-FileCopyrightText: The x509up authors
# SPDX-License-Identifier: Apache-2.0

# Makes info.golden: what voms-proxy-info2 2.1.0~rc3 (voms-clients of Debian 12) says of the vectors of voms and proxycert, at the
# time of their manifests. Run it in the folder above. Needs faketime.
set -eu
export X509_CERT_DIR=../../../voms/testdata/vectors/certificates X509_VOMS_DIR=../../../voms/testdata/vectors/vomsdir TZ=UTC
say() {
	echo "\$ $*"
	code=0
	faketime -f "$at" voms-proxy-info2 "$@" 2>/dev/null || code=$?
	echo "? $code"
}
at='2026-11-22 23:00:00'
voms=../../../voms/testdata/vectors/proxies
for f in "$voms"/*.pem; do
	case $f in *101-FQANs*) continue ;; esac
	say -file "$f" -all
done
for f in two-VOs targets groups one-hour legacy draft limited; do
	f=$voms/voms-proxy-init2-$f.pem
	for args in '' -timeleft -actimeleft '-actimeleft -timeleft' -vo '--fqan' -acsubject -acissuer '-serial -uri' -targets '-chain' '-chain -all' \
		'-subject -issuer -identity -type -strength -path' '-e' '-exist -valid 1:00' '--exists --valid=999:00' '-exists -hours 1' '-exists -hours 999' '-exists -bits 2048' \
		'-exists -bits 4096' '-acexists test.vo' '-acexists test.vo -acexists other.vo' '-acexists none' '-keyusage' '-p' '-all -path' '-exists -acexists none' \
		'-exists -valid 12' '-exists -valid x:y' '-timeleft -timeleft -exists' '-included-file -timeleft' '-dont-verify-ac -vo' '-vo #x'; do
		# shellcheck disable=SC2086
		say -file "$f" $args
	done
done
at='2026-11-22 12:00:00'
for f in ../../../proxycert/testdata/vectors/good-*.pem ../../../proxycert/testdata/vectors/wrong-*.pem ../../../proxycert/testdata/vectors/corrupt-*.pem; do
	say -file "$f" -all
	say -file "$f" -chain
	say -file="$f" --timeleft -vo
	say --file="$f" -exists
done
for args in '-nonsense' '-t' '-file' '-exists=1' '-all x' '--' '-subject -- x' '-file /no/such/file' '--fil=/no/such/file' '-conf /no/such/file -file /no/such/file'; do
	# shellcheck disable=SC2086
	say $args
done
