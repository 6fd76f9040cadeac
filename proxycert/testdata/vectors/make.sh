#!/bin/sh
# SPDX-FileCopyrightText: The x509up authors
# SPDX-License-Identifier: Apache-2.0
#
# Makes the vectors. See README.md.
set -eu
umask 077
out=${1:?folder}
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export X509_CERT_DIR="$work/ca" HOME="$work" RANDFILE="$work/rnd"
mkdir "$X509_CERT_DIR"

# xrdgsiproxy (XRootD), below the end-entity certificates in the folder. It ignores X509_USER_PROXY and X509_CERT_DIR, asks
# whether to make folders that it misses, and takes a key only from a file of its own user that nobody else may read.
hours=180000
xrd() { # NAME RSA|EC OPTION...
    name=$1 kind=$2
    shift 2
    xrdgsiproxy init -cert "$work/$kind.pem" -key "$work/$kind.key" -certdir "$X509_CERT_DIR" -bits 2048 -valid $hours:00 \
        -f "$out/weak-xrd-$name.pem" "$@" </dev/null >/dev/null
}
xrds() {
    for kind in RSA EC; do
        in=$out/good-openssl-eec-$(echo $kind | tr A-Z a-z).pem
        openssl x509 -in "$in" -out "$work/$kind.pem"
        rm -f "$work/$kind.key"
        openssl pkey -in "$in" -out "$work/$kind.key"
        chmod 400 "$work/$kind.key"
    done
    for flag in -hash -subject_hash_old; do
        cp "$out/ca.pem" "$X509_CERT_DIR/$(openssl x509 -in "$out/ca.pem" -noout $flag).0"
    done
    xrd rfc-pathlen0 RSA
    xrd rfc-pathlen3 RSA -path-length 3
    xrd rfc-ec-pathlen0 EC
}
if [ "${2:-}" = xrd ]; then
    xrds
    exit
fi

# A CA and two users. They end before 2050, because grid-proxy-init misreads the dates that X.509 writes from then on.
days=8000
cat > "$work/ca.cnf" <<END
[req]
prompt = no
distinguished_name = dn
x509_extensions = ca
[dn]
0.DC = org
1.DC = example
CN = Vector CA
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[user]
keyUsage = critical,digitalSignature,keyEncipherment
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
END
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/ca.key" -out "$work/ca.pem" -days $days -config "$work/ca.cnf" 2>/dev/null
for flag in -hash -subject_hash_old; do
    ln -sf "$work/ca.pem" "$X509_CERT_DIR/$(openssl x509 -in "$work/ca.pem" -noout $flag).0"
done
for hash in $(cd "$X509_CERT_DIR" && ls | sed 's/\.0//'); do
    printf "access_id_CA X509 '/DC=org/DC=example/CN=Vector CA'\npos_rights globus CA:sign\ncond_subjects globus '\"/DC=org/*\"'\n" \
        > "$X509_CERT_DIR/$hash.signing_policy"
done
user() { # NAME KEY-OPTIONS
    name=$1; shift
    openssl req -new -newkey "$@" -nodes -keyout "$work/$name.key" -out "$work/$name.csr" \
        -utf8 -subj "/DC=org/DC=example/O=Universität/CN=Jane Doe $name" 2>/dev/null
    openssl x509 -req -in "$work/$name.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -sha256 -days $days \
        -extfile "$work/ca.cnf" -extensions user -out "$work/$name.pem" 2>/dev/null
}
user RSA rsa:2048
user EC ec -pkeyopt ec_paramgen_curve:P-256
c=$work/RSA.pem k=$work/RSA.key
cp "$work/ca.pem" "$out/ca.pem"
cat "$c" "$k" > "$out/good-openssl-eec-rsa.pem"
cat "$work/EC.pem" "$work/EC.key" > "$out/good-openssl-eec-ec.pem"

# grid-proxy-init (GCT): -valid 0:0 is as long as the issuer.
gpi() { grid-proxy-init -q -valid 0:0 "$@"; }
for format in rfc draft old; do
    gpi -cert "$c" -key "$k" -$format -out "$out/good-grid-$format.pem"
    gpi -cert "$c" -key "$k" -$format -limited -out "$out/good-grid-$format-limited.pem"
    p=$out/good-grid-$format.pem
    gpi -cert "$p" -key "$p" -out "$out/good-grid-$format-of-$format.pem"
done
for format in rfc draft; do
    gpi -cert "$c" -key "$k" -$format -independent -out "$out/good-grid-$format-independent.pem"
    gpi -cert "$c" -key "$k" -$format -path-length 3 -out "$out/good-grid-$format-pathlen3.pem"
    echo "be nice" > "$work/policy"
    gpi -cert "$c" -key "$k" -$format -pl 1.3.6.1.4.1.99999.7 -policy "$work/policy" -out "$out/good-grid-$format-restricted.pem"
done
# Asked for path length 0, grid-proxy-init writes none.
for format in rfc draft; do
    gpi -cert "$c" -key "$k" -$format -path-length 0 -out "$out/good-grid-$format-pathlen0-dropped.pem"
done
gpi -cert "$c" -key "$k" -rfc -bits 4096 -out "$out/good-grid-rfc-4096.pem"

# voms-proxy-init, C++ (2) and Java (3), and arcproxy.
voms-proxy-init2 -q -cert "$c" -key "$k" -hours $hours -rfc -out "$out/good-voms2-rfc.pem" >/dev/null
voms-proxy-init2 -q -cert "$c" -key "$k" -hours $hours -rfc -limited -out "$out/good-voms2-rfc-limited.pem" >/dev/null
voms-proxy-init2 -q -cert "$c" -key "$k" -hours $hours -rfc -path-length 2 -out "$out/good-voms2-rfc-pathlen2.pem" >/dev/null
voms-proxy-init2 -q -cert "$c" -key "$k" -hours $hours -old -out "$out/good-voms2-old.pem" >/dev/null
voms-proxy-init2 -q -cert "$c" -key "$k" -hours $hours -proxyver 3 -out "$out/good-voms2-draft.pem" >/dev/null
chmod 400 "$k" "$work/EC.key"
voms-proxy-init3 -q -cert "$c" -key "$k" -hours $hours -rfc -out "$out/good-voms3-rfc.pem" >/dev/null
voms-proxy-init3 -q -cert "$c" -key "$k" -hours $hours -rfc -limited -out "$out/good-voms3-rfc-limited.pem" >/dev/null
voms-proxy-init3 -q -cert "$c" -key "$k" -hours $hours -old -out "$out/good-voms3-old.pem" >/dev/null
arcproxy -C "$c" -K "$k" -T "$X509_CERT_DIR" -P "$out/good-arcproxy-rfc.pem" -c validityPeriod=${hours}H >/dev/null
arcproxy -C "$work/EC.pem" -K "$work/EC.key" -T "$X509_CERT_DIR" -P "$out/good-arcproxy-rfc-ec.pem" -c validityPeriod=${hours}H >/dev/null
# openssl: a proxy as RFC 3820 has it, and some as it must not be.
# proxy NAME ISSUER-FILE SUBJECT-END EXTENSION...: issuer file and result are certificate, key, chain.
proxy() {
    name=$1 issuer=$2 end=$3
    shift 3
    subject=$(openssl x509 -in "$issuer" -noout -subject -nameopt oneline,-space_eq,sep_multiline,utf8,-esc_msb | sed -n 's/^ *\([A-Za-z]*=\)/\/\1/p' | tr -d '\n')
    printf '%s\n' '[x]' "$@" > "$work/x.cnf"
    openssl req -new -newkey rsa:2048 -nodes -keyout "$work/x.key" -out "$work/x.csr" -utf8 -multivalue-rdn -subj "$subject$end" 2>/dev/null
    openssl pkey -in "$issuer" -out "$work/issuer.key"
    openssl x509 -req -in "$work/x.csr" -CA "$issuer" -CAkey "$work/issuer.key" -set_serial 77 -sha256 -days 7500 \
        -extfile "$work/x.cnf" -extensions x -out "$work/x.pem" 2>/dev/null
    cat "$work/x.pem" "$work/x.key" > "$out/$name.pem"
    openssl crl2pkcs7 -nocrl -certfile "$issuer" | openssl pkcs7 -print_certs | sed -n '/BEGIN/,/END/p' >> "$out/$name.pem"
}
eec=$out/good-openssl-eec-rsa.pem
ku=keyUsage=critical,digitalSignature,keyEncipherment
all=proxyCertInfo=critical,language:id-ppl-inheritAll
limited=proxyCertInfo=critical,language:1.3.6.1.4.1.3536.1.1.1.9
proxy good-openssl-rfc "$eec" /CN=77 $ku $all
proxy good-openssl-rfc-limited "$eec" /CN=77 $ku $limited
proxy good-openssl-rfc-pathlen0 "$eec" /CN=77 $ku $all,pathlen:0
proxy good-openssl-rfc-of-rfc "$out/good-openssl-rfc.pem" /CN=78 $ku $all,pathlen:5
proxy wrong-path-length "$out/good-openssl-rfc-pathlen0.pem" /CN=78 $ku $all
proxy wrong-limited-then-full "$out/good-openssl-rfc-limited.pem" /CN=78 $ku $all
proxy wrong-rfc-below-legacy "$out/good-grid-old.pem" /CN=78 $ku $all
proxy wrong-not-critical "$eec" /CN=77 $ku proxyCertInfo=language:id-ppl-inheritAll
proxy wrong-san "$eec" /CN=77 $ku $all subjectAltName=DNS:www.example.org
proxy wrong-ca "$eec" /CN=77 $ku $all basicConstraints=critical,CA:TRUE
proxy wrong-two-names "$eec" /CN=77/CN=78 $ku $all
proxy wrong-multi-valued "$eec" /CN=77+OU=78 $ku $all
proxy wrong-unit "$eec" /OU=77 $ku $all
proxy wrong-name "$eec" "" $ku $all
proxy wrong-unknown-critical "$eec" /CN=77 $ku $all 1.3.6.1.4.1.99999.1=critical,DER:0500
proxy wrong-no-signing-issuer "$eec" /CN=77 keyUsage=critical,keyEncipherment $all
proxy wrong-no-signing "$out/wrong-no-signing-issuer.pem" /CN=78 $ku $all
mv "$out/wrong-no-signing-issuer.pem" "$out/good-openssl-rfc-no-signing.pem"

# Files that are not what they should be.
good=$out/good-grid-rfc.pem
openssl x509 -in "$good" -outform DER -out "$out/corrupt-der.pem"
head -c 1500 "$good" > "$out/corrupt-truncated.pem"
sed '3s/^..../!!!!/' "$good" > "$out/corrupt-base64.pem"
awk '/BEGIN CERT/ { n++ } n == 2 && /^MII/ { sub(/^MII./, "MIIA") } { print }' "$good" > "$out/corrupt-second-certificate.pem"
sed '/BEGIN CERT/,/END CERT/d' "$good" > "$out/corrupt-key-alone.pem"
cat "$c" "$work/EC.key" > "$out/wrong-key.pem"
{ cat "$c"; openssl pkcs8 -topk8 -in "$k" -passout pass:vector; } > "$out/wrong-encrypted-pkcs8.pem"
{ cat "$c"; openssl rsa -in "$k" -traditional -aes128 -passout pass:vector 2>/dev/null; } > "$out/wrong-encrypted-rfc1423.pem"

# Last, for it writes the key files anew.
xrds
