#!/bin/sh
# SPDX-FileCopyrightText: The x509up authors
# SPDX-License-Identifier: Apache-2.0

# Makes openssl/: a CA folder and two credentials, as OpenSSL alone makes them. See README.md.
set -eu
cd "$(dirname "$0")"
rm -rf openssl
mkdir -p openssl/people
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=$PWD/openssl
cd "$work"

cat >cnf <<'END'
[req]
distinguished_name = dn
prompt = no
[dn]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[issuing]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[person]
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
crlDistributionPoints = URI:http://ca.example.org/issuing.crl
[ca]
default_ca = it
[it]
database = index.txt
crlnumber = crlnumber
default_md = sha256
[users]
issuingDistributionPoint = critical, @point
[point]
fullname = URI:http://ca.example.org/issuing.crl
onlyuser = TRUE
[whole]
issuingDistributionPoint = critical, @wholepoint
[wholepoint]
fullname = URI:http://ca.example.org/root.crl
END

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
sign() { # NAME SUBJECT ISSUER SECTION
	key "$1"
	openssl req -new -config cnf -key "$1.key" -subj "$2" |
		openssl x509 -req -CA "$3.pem" -CAkey "$3.key" -CAcreateserial -days 36500 -extfile cnf -extensions "$4" -out "$1.pem" 2>/dev/null
}
crl() { # CA SECTION FORMAT FILE
	openssl ca -config cnf -gencrl -cert "$1.pem" -keyfile "$1.key" -crldays 36500 -crlexts "$2" 2>/dev/null |
		openssl crl -outform "$3" -out "$4"
}

openssl req -new -x509 -config cnf -newkey rsa:2048 -nodes -keyout root.key -sha1 -days 36500 -extensions root \
	-subj '/DC=org/DC=example/CN=Root CA' -out root.pem 2>/dev/null
sign issuing '/DC=org/DC=example/CN=Issuing CA' root issuing
sign jane '/DC=org/DC=example/O=People/CN=Jane Doe' issuing person
sign joe '/DC=org/DC=example/O=People/CN=Joe Bloggs' issuing person

touch index.txt
echo 01 >crlnumber
cp root.pem "$out/$(openssl x509 -in root.pem -noout -subject_hash).0"
cp issuing.pem "$out/$(openssl x509 -in issuing.pem -noout -subject_hash_old).0"
crl root whole DER "$out/$(openssl x509 -in root.pem -noout -subject_hash).r0"
openssl ca -config cnf -cert issuing.pem -keyfile issuing.key -revoke joe.pem -crl_reason keyCompromise 2>/dev/null
crl issuing users PEM "$out/$(openssl x509 -in issuing.pem -noout -subject_hash_old).r0"
cat >"$out/$(openssl x509 -in issuing.pem -noout -subject_hash).signing_policy" <<'END'
access_id_CA   X509    '/DC=org/DC=example/CN=Issuing CA'
pos_rights     globus  CA:sign
cond_subjects  globus  '"/DC=org/DC=example/O=People/*"'
END
cat >"$out/$(openssl x509 -in root.pem -noout -subject_hash).signing_policy" <<'END'
access_id_CA   X509    '/DC=org/DC=example/CN=Root CA'
pos_rights     globus  CA:sign
cond_subjects  globus  '"/DC=org/DC=example/CN=Issuing CA"'
END
cp jane.pem joe.pem "$out/people/"
openssl verify -CAfile root.pem -untrusted issuing.pem jane.pem joe.pem
