#!/bin/sh
# SPDX-FileCopyrightText: The x509up authors
# SPDX-License-Identifier: Apache-2.0
#
# Makes all files of this folder anew, with OpenSSL, keytool and pk12util; see README.md.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

subj=/DC=org/DC=example
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 27000 \
	-subj "$subj/CN=Test CA" -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
for kind in rsa ec; do
	case $kind in
	rsa) set -- -newkey rsa:2048 ;;
	ec) set -- -newkey ec -pkeyopt ec_paramgen_curve:P-256 ;;
	esac
	openssl req "$@" -noenc -subj "$subj/CN=Jane Doe" -keyout "$work/$kind.key" -out "$work/$kind.csr" 2>/dev/null
	openssl x509 -req -in "$work/$kind.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial \
		-days 27000 -out "$work/$kind.pem" 2>/dev/null
done

# export NAME KIND [OPTION…]
export_p12() {
	name=$1 kind=$2
	shift 2
	openssl pkcs12 -export -inkey "$work/$kind.key" -in "$work/$kind.pem" -passout "pass:${pass-correct horse}" \
		-out "$name" "$@"
}
export_p12 good-openssl3.p12 rsa
export_p12 good-openssl3-ec.p12 ec
export_p12 good-openssl3-chain.p12 rsa -certfile "$work/ca.pem"
export_p12 good-legacy-rc2-3des.p12 rsa -legacy
export_p12 good-legacy-3des.p12 rsa -legacy -certpbe PBE-SHA1-3DES
export_p12 good-legacy-rc2-128.p12 rsa -legacy -certpbe PBE-SHA1-RC2-128
export_p12 good-aes128-sha512mac.p12 rsa -certpbe AES-128-CBC -keypbe AES-128-CBC -macalg sha512
export_p12 good-plain-certificates.p12 rsa -certpbe NONE
export_p12 good-plain-key.p12 rsa -keypbe NONE
pass='' export_p12 good-empty-passphrase.p12 rsa
pass='' export_p12 good-empty-passphrase-legacy.p12 rsa -legacy
pass='Straße-€' export_p12 good-umlaut.p12 rsa
export_p12 good-sha384mac.p12 rsa -macalg sha384
export_p12 good-sha224mac.p12 rsa -macalg sha224
export_p12 good-no-mac.p12 rsa -nomac
openssl pkcs12 -export -nokeys -in "$work/rsa.pem" -passout 'pass:correct horse' -out wrong-no-key.p12

keytool -importkeystore -srckeystore good-openssl3.p12 -srcstoretype PKCS12 -srcstorepass 'correct horse' \
	-destkeystore good-keytool.p12 -deststoretype PKCS12 -deststorepass 'correct horse' -noprompt 2>/dev/null
keytool -importkeystore -srckeystore good-keytool.p12 -srcstoretype PKCS12 -srcstorepass 'correct horse' -srcalias 1 \
	-destkeystore wrong-two-keys.p12 -deststoretype PKCS12 -deststorepass 'correct horse' -destalias one -noprompt 2>/dev/null
keytool -importkeystore -srckeystore good-openssl3-ec.p12 -srcstoretype PKCS12 -srcstorepass 'correct horse' -srcalias 1 \
	-destkeystore wrong-two-keys.p12 -deststoretype PKCS12 -deststorepass 'correct horse' -destalias two -noprompt 2>/dev/null

# NSS, as Firefox writes it: in BER, with octets in pieces.
mkdir "$work/nss"
certutil -N -d "sql:$work/nss" --empty-password
pk12util -i good-openssl3-chain.p12 -d "sql:$work/nss" -W 'correct horse' -K '' >/dev/null 2>&1
pk12util -o good-nss.p12 -n 'Jane Doe - org' -d "sql:$work/nss" -W 'correct horse' -K '' >/dev/null
pk12util -o good-nss-legacy.p12 -n 'Jane Doe - org' -d "sql:$work/nss" -W 'correct horse' -K '' -M SHA-1 \
	-c 'PKCS #12 V2 PBE With SHA-1 And 3KEY Triple DES-CBC' -C 'PKCS #12 V2 PBE With SHA-1 And 40 Bit RC2 CBC' >/dev/null

cp "$work/rsa.pem" rsa.pem
cp "$work/ec.pem" ec.pem
cp "$work/ca.pem" ca.pem
sh ./keys.sh
