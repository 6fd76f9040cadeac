#!/bin/sh
# SPDX-FileCopyrightText: The x509up authors
# SPDX-License-Identifier: Apache-2.0
#
# Makes throwaway-keys/ anew from the PKCS #12 files of this folder; see README.md. make.sh calls it.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -rf throwaway-keys
mkdir throwaway-keys

legacy='-provider default -provider legacy' # for DES, RC2 and RC4
pass='pass:correct horse'
openssl pkcs12 -in good-openssl3.p12 -passin "$pass" -nodes -nocerts -out "$work/rsa.pem"
openssl pkcs12 -in good-openssl3-ec.p12 -passin "$pass" -nodes -nocerts -out "$work/ec.pem"

out() { echo "throwaway-keys/$1"; }

# Not encrypted.
for key in rsa ec; do
	openssl pkey -in "$work/$key.pem" -out "$(out $key-pkcs8.pem)"
	openssl pkcs8 -topk8 -nocrypt -in "$work/$key.pem" -outform DER -out "$(out $key-pkcs8.der)"
	openssl pkey -in "$work/$key.pem" -traditional -out "$(out $key-traditional.pem)"
done
openssl rsa -in "$work/rsa.pem" -traditional -outform DER -out "$(out rsa-traditional.der)" 2>/dev/null
openssl ec -in "$work/ec.pem" -outform DER -out "$(out ec-traditional.der)" 2>/dev/null
openssl x509 -in rsa.pem -outform DER -out "$(out rsa-certificate.der)"
openssl ecparam -name prime256v1 -genkey -out "$(out other-ec-with-parameters.pem)"
openssl genpkey -algorithm ed25519 -out "$(out other-ed25519.pem)"

# RFC 1423.
for cipher in des des3 aes128 aes192 aes256; do
	openssl rsa $legacy -in "$work/rsa.pem" -traditional -$cipher -passout "$pass" -out "$(out rsa-rfc1423-$cipher.pem)" 2>/dev/null
done
openssl ec -in "$work/ec.pem" -aes256 -passout "$pass" -out "$(out ec-rfc1423-aes256.pem)" 2>/dev/null
openssl rsa $legacy -in "$work/rsa.pem" -traditional -camellia256 -passout "$pass" -out "$(out unsupported-rfc1423-camellia.pem)" 2>/dev/null

# encrypt NAME [OPTION…]
encrypt() {
	name=$1
	shift
	openssl pkcs8 $legacy -topk8 -in "$work/${key:-ec}.pem" -passout "pass:${secret-correct horse}" -out "$(out "$name")" "$@"
}
# PKCS #8, PBES2.
key=rsa encrypt rsa-pbes2-default.pem
for cipher in aes-128-cbc aes-192-cbc aes-256-cbc des3; do
	encrypt ec-pbes2-$cipher.pem -v2 $cipher
done
for prf in SHA1 SHA224 SHA256 SHA384 SHA512 SHA512-224 SHA512-256; do
	encrypt ec-pbes2-prf-$prf.pem -v2 aes-256-cbc -v2prf hmacWith$prf
done
encrypt ec-pbes2-iter.pem -v2 aes-256-cbc -iter 123456
encrypt ec-pbes2.der -outform DER
encrypt ec-scrypt.pem -scrypt
encrypt ec-scrypt-wide.pem -v2 aes-128-cbc -scrypt -scrypt_N 1024 -scrypt_r 1 -scrypt_p 16
secret=Straße-€ encrypt ec-umlaut-pbes2.pem
secret=Straße-€ encrypt ec-umlaut-3des.pem -v1 PBE-SHA1-3DES
# PKCS #8, older.
for algorithm in MD5-DES SHA1-DES SHA1-3DES SHA1-2DES; do
	encrypt ec-pbes1-$algorithm.pem -v1 PBE-$algorithm
done
key=rsa encrypt rsa-pbes1-MD5-DES.pem -v1 PBE-MD5-DES
for algorithm in MD5-RC2-64 SHA1-RC2-64 SHA1-RC2-40 SHA1-RC4-128; do
	encrypt unsupported-pbes1-$algorithm.pem -v1 PBE-$algorithm
done
for cipher in des rc2 camellia-256-cbc; do
	encrypt unsupported-pbes2-$cipher.pem -v2 $cipher
done

# What openssl pkcs12 leaves behind, with attributes around the blocks.
openssl pkcs12 -in good-openssl3-chain.p12 -passin "$pass" -nocerts -passout "$pass" -out "$(out rsa-from-pkcs12.pem)"
openssl pkcs12 -in good-openssl3-chain.p12 -passin "$pass" -passout "$pass" -out "$(out rsa-from-pkcs12-all.pem)"

# What else is kept under such names.
openssl crl2pkcs7 -nocrl -certfile rsa.pem -out "$(out unsupported-pkcs7.pem)"
openssl crl2pkcs7 -nocrl -certfile rsa.pem -outform DER -out "$(out unsupported-pkcs7.der)"
openssl genpkey -algorithm x25519 -out "$(out unsupported-x25519.pem)"
openssl ecparam -name secp256k1 -noout -genkey -out "$(out unsupported-secp256k1.pem)"
openssl dsaparam -out "$work/dsa.pem" 1024 2>/dev/null
openssl genpkey -paramfile "$work/dsa.pem" -out "$(out unsupported-dsa.pem)"
openssl pkey -in "$(out unsupported-dsa.pem)" -traditional -out "$(out unsupported-dsa-traditional.pem)"
openssl genpkey -algorithm RSA-PSS -out "$(out unsupported-rsa-pss.pem)" 2>/dev/null
openssl genpkey -algorithm ed448 -out "$(out unsupported-ed448.pem)"
openssl ecparam -name prime256v1 -param_enc explicit -noout -genkey -out "$(out unsupported-explicit.pem)"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP256r1 -out "$(out unsupported-brainpool.pem)"
openssl req -x509 -new -key "$(out unsupported-brainpool.pem)" -subj /CN=x -days 27000 -out "$(out unsupported-brainpool-certificate.pem)"
for name in brainpool brainpool-plain; do
	[ $name = brainpool ] && set -- || set -- -keypbe NONE
	openssl pkcs12 -export -inkey "$(out unsupported-brainpool.pem)" -in "$(out unsupported-brainpool-certificate.pem)" \
		-passout pass: -out unsupported-$name.p12 "$@"
done
openssl pkcs8 -topk8 -in "$(out unsupported-brainpool.pem)" -passout "$pass" -out "$(out unsupported-brainpool-encrypted.pem)"
openssl req -new -key "$work/ec.pem" -subj /CN=x -out "$(out request.pem)"
