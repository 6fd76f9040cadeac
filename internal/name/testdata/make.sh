#!/bin/sh
# SPDX-FileCopyrightText: The x509up authors
# SPDX-License-Identifier: Apache-2.0

# Makes names.txt: names as OpenSSL encodes them, with the hashes that OpenSSL gives them. Needs openssl and perl.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
openssl ecparam -name prime256v1 -genkey -noout -out "$work/key.pem"

# name LABEL STRING_MASK CONFIG-LINES…: one line "LABEL HASH OLDHASH DER-OF-SUBJECT".
name() {
	label=$1 mask=$2
	shift 2
	{
		printf '[req]\nprompt = no\nutf8 = yes\nstring_mask = %s\ndistinguished_name = dn\n[dn]\n' "$mask"
		printf '%s\n' "$@"
	} >"$work/cnf"
	line "$label" -config "$work/cnf"
}

line() {
	label=$1
	shift
	openssl req -x509 -new -key "$work/key.pem" -days 1 -out "$work/cert.pem" "$@"
	hashes=$(openssl x509 -in "$work/cert.pem" -noout -subject_hash -subject_hash_old | tr '\n' ' ')
	der=$(openssl x509 -in "$work/cert.pem" -outform DER | perl -e '
		use bytes; undef $/; my $d = <STDIN>; my $p = 0;
		sub head { my $o = shift; my $l = ord substr $d, $o + 1, 1; return (2, $l) if $l < 128;
			my $n = $l & 127; my $v = 0; $v = $v * 256 + ord substr $d, $o + 2 + $_, 1 for 0 .. $n - 1; return (2 + $n, $v) }
		my ($h) = head(0); $p = $h; ($h) = head($p); $p += $h;
		my $skip = 0xa0 == ord substr($d, $p, 1) ? 5 : 4;   # version if there is one, serial, algorithm, issuer, validity
		for (1 .. $skip) { my ($h, $l) = head($p); $p += $h + $l }
		my ($hl, $l) = head($p); print unpack "H*", substr $d, $p, $hl + $l')
	printf '%s %s%s\n' "$label" "$hashes" "$der"
}

{
	echo "# made by make.sh with $(openssl version | cut -d' ' -f1-2)"
	name printable pkix 'C = IT' 'O = INFN' 'CN = INFN Certification Authority'
	name utf8only utf8only 'C = IT' 'O = INFN' 'CN = INFN Certification Authority'
	name nombstr nombstr 'C = IT' 'O = INFN' 'CN = infn  certification   AUTHORITY'
	name blanks utf8only 'C = IT' 'O = INFN' 'CN = "\ \ INFN	Certification Authority\ "'
	name components default 'DC = org' '2.DC = example' 'UID = jane' 'emailAddress = Jane@Example.ORG'
	name latin nombstr 'O = Universität Münster' 'CN = João Ångström'
	name utf8 utf8only 'O = Universität Münster' 'CN = João Ångström'
	name bmp 'MASK:2048' 'O = Universität Münster' 'CN = João Ångström'
	name uppercase nombstr 'O = Universität Münster' 'CN = JOÃO Ångström'
	name multivalued utf8only 'O = Example' 'CN = Jane Doe' '+UID = JANE' '+serialNumber = 12'
	name smallsecond utf8only 'O = Example' 'CN = B' '+CN = a'
	name smallfirst utf8only 'O = Example' 'CN = A' '+CN = b'
	name unknown utf8only '1.2.3.4 = Some Text' 'CN = x'
	line empty -subj /
} >names.txt
