#!/bin/sh
# SPDX-FileCopyrightText: The x509up authors
# SPDX-License-Identifier: Apache-2.0

# Makes info2.golden and info3.golden: what voms-proxy-info2 2.1.0~rc3 and voms-proxy-info3 3.3.2 (voms-clients and
# voms-clients-java of Debian 12) say of the vectors of voms and proxycert, at the time of their manifests. Run it in the folder
# above. Needs faketime.
set -eu
export X509_CERT_DIR=../../../voms/testdata/vectors/certificates X509_VOMS_DIR=../../../voms/testdata/vectors/vomsdir TZ=UTC
export X509_USER_PROXY=/no/such/file
say() {
	echo "\$ $*"
	code=0
	faketime -f "$at" "$program" "$@" 2>/dev/null >testdata/out || code=$?
	sed "s|$PWD|HERE|" testdata/out
	rm testdata/out
	echo "? $code"
}
program=voms-proxy-info2
exec >testdata/info2.golden
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
for args in '-nonsense' '-t' '-file' '-exists=1' '-all x' '-subject -- x' '-file /no/such/file' '--fil=/no/such/file' '-conf /no/such/file -file /no/such/file'; do
	# shellcheck disable=SC2086
	say $args
done

program=voms-proxy-info3
exec >testdata/info3.golden
at='2026-11-22 23:00:00'
for f in "$voms"/voms-proxy-*.pem; do
	case $f in *101-FQANs* | *critical*) continue ;; esac
	say -file "$f" -all
done
f=$voms/voms-proxy-init2-two-VOs.pem
for args in '' '-vo -fqan -serial -uri -acsubject -acissuer -actimeleft -timeleft' '-identity' '-subject -issuer -type -strength -path -keyusage' \
	'-e' '-exists' '--exists -valid 1:00' '-valid 999:00' '-hours 1' '-hours 999' '-valid x' '-valid 1:99' '-bits 2048' '-bits 1024' '-acexists test.vo' \
	'-acexists none' '-p' '-k' '-timeleft -exists -all' 'x -subject' '-type -type' '-file /no/such/file' '-valid' '-e -p -bits=2048'; do
	# shellcheck disable=SC2086
	say -file "$f" $args
done
at='2026-11-22 12:00:00'
for f in good-grid-old good-grid-old-limited good-grid-draft good-grid-draft-limited good-grid-rfc good-grid-rfc-limited good-grid-rfc-independent \
	good-grid-rfc-of-rfc good-openssl-eec-rsa good-arcproxy-rfc corrupt-truncated; do
	f=../../../proxycert/testdata/vectors/$f.pem
	say -file "$f"
	say -file "$f" -vo
	say -file "$f" -acexists test.vo
	say -file "$f" -identity -timeleft
done
say -file /no/such/file -exists
