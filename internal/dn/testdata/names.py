#!/usr/bin/env python3
"""Prints names as hexadecimal DER, and what openssl says they are: one line each, tab between the three.

    ./names.py > names.txt
"""
import subprocess
import tempfile


def tlv(tag, content):
    n = len(content)
    size = bytes([n]) if n < 128 else bytes([0x81, n]) if n < 256 else bytes([0x82, n >> 8, n & 255])
    return bytes([tag]) + size + content


def oid(dotted):
    first, second, *rest = map(int, dotted.split("."))
    out = b""
    for arc in [40 * first + second, *rest]:
        part = [arc & 127]
        while arc := arc >> 7:
            part.insert(0, 128 | arc & 127)
        out += bytes(part)
    return tlv(6, out)


UTF8, NUMERIC, PRINTABLE, T61, IA5, UNIVERSAL, BMP = 12, 18, 19, 20, 22, 28, 30
CN, OU, O, C, DC, UID = "2.5.4.3", "2.5.4.11", "2.5.4.10", "2.5.4.6", "0.9.2342.19200300.100.1.25", "0.9.2342.19200300.100.1.1"
MAIL, UNKNOWN = "1.2.840.113549.1.9.1", "1.3.6.1.4.1.99999.5"


def name(*rdns):
    """rdns: lists of (type, tag, value); those of one list are one relative distinguished name."""
    return tlv(0x30, b"".join(tlv(0x31, b"".join(tlv(0x30, oid(t) + tlv(tag, v)) for t, tag, v in rdn)) for rdn in rdns))


def cn(value, tag=UTF8):
    return name([(DC, IA5, b"org")], [(CN, tag, value)])


NAMES = [
    name(),
    cn(b"Jane Doe", PRINTABLE),
    cn("Jörg Müller €𝄞".encode()),
    cn(b""),
    cn(b" "), cn(b"  "), cn(b" leading"), cn(b"trailing "), cn(b"in  side"),
    cn(b"#hash"), cn(b"ha#sh"), cn(b"# "), cn(b" #"),
    cn(b"host/www.example.org"), cn(b"a+b=c"), cn(b"a,b;c<d>e\"f\\g"), cn(b"\\"), cn(b"/"), cn(b"+"), cn(b"="),
    cn(b"tab\there\nnewline\x00nul\x7fdel"),
    cn(bytes(range(128))),
    cn(bytes(range(128, 256)), T61), cn(b"T61 plain", T61), cn(b"12 34", NUMERIC), cn(b"IA5 \xe9", IA5),
    cn("Žluť".encode("utf-16-be"), BMP), cn("BMP".encode("utf-16-be"), BMP),
    cn("Žluť".encode("utf-32-be"), UNIVERSAL), cn("𝄞a".encode("utf-32-be"), UNIVERSAL),
    name([(C, PRINTABLE, b"IT"), (CN, UTF8, b"a"), (OU, UTF8, b"b+c")], [(CN, UTF8, b"d")]),
    name([(CN, UTF8, b"a"), (UID, UTF8, b"b")], [(CN, UTF8, b"c"), (MAIL, IA5, b"d@example.org")]),
    name([(UNKNOWN, UTF8, b"x+y")], [(UNKNOWN, PRINTABLE, b"plain")], [(CN, UTF8, b"c")]),
    name([("2.25.329800735698586629295641978511506172918", UTF8, b"large arc")]),
    name([(DC, IA5, b"ch")], [(DC, IA5, b"cern")], [(OU, UTF8, b"Users")], [(CN, UTF8, b"jdoe")], [(CN, PRINTABLE, b"limited proxy")]),
    name([(O, UTF8, b"x" * 300)], [(CN, UTF8, b"y")]),
]


def types():
    """All types of attribute that openssl has a short name for, in the arcs that names use."""
    found = []
    for line in subprocess.run(["openssl", "list", "-objects"], capture_output=True, text=True, check=True).stdout.splitlines():
        dotted = line.split()[-1]
        arc, _, last = dotted.rpartition(".")
        if (arc in ("2.5.4", "0.9.2342.19200300.100.1", "1.3.6.1.4.1.311.60.2.1") and last.isdigit()
                or arc == "1.2.840.113549.1.9" and int(last) <= 8
                or dotted in ("1.2.643.3.131.1.1", "1.2.643.100.1", "1.2.643.100.3", "1.2.643.100.5")):
            found.append(dotted)
    return found


def openssl(der, form):
    """What openssl says of a certificate with this subject and little else."""
    algorithm = tlv(0x30, oid("1.2.840.113549.1.1.11") + b"\x05\x00")
    date = tlv(0x17, b"260101000000Z")
    key = tlv(0x30, tlv(0x30, oid("1.2.840.113549.1.1.1") + b"\x05\x00") + tlv(3, b"\x00" + tlv(0x30, b"\x02\x01\x05\x02\x01\x03")))
    tbs = tlv(0x30, b"\x02\x01\x01" + algorithm + cn(b"i") + tlv(0x30, date + date) + der + key)
    with tempfile.NamedTemporaryFile() as f:
        f.write(tlv(0x30, tbs + algorithm + tlv(3, b"\x00\x00")))
        f.flush()
        out = subprocess.run(["openssl", "x509", "-in", f.name, "-inform", "DER", "-noout", "-subject", "-nameopt", form],
                             capture_output=True, check=True).stdout
    return out.decode().removeprefix("subject=").removesuffix("\n")


for der in NAMES + [name([(t, UTF8, b"v")]) for t in types()]:
    print(der.hex(), openssl(der, "compat"), openssl(der, "RFC2253"), sep="\t")
