// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

// gridInitLines are those of grid-proxy-init (Globus 7.3).
func gridInitLines() compatTable {
	return compatTable{Tool: "grid-proxy-init", Usually: []string{"grid extensions"}, Lines: []compatLine{
		{Line: "grid-proxy-init", Seen: 10},
		{Line: "grid-proxy-init -rfc", Seen: 10},
		{Line: "grid-proxy-init -valid 24:00", Seen: 10},
		{Line: "grid-proxy-init -hours 100", Seen: 10},
		{Line: "grid-proxy-init -debug -verify", Seen: 10},
		{Line: "grid-proxy-init -cert ~/.globus/usercert.pem -key ~/.globus/userkey.pem -out p -q", Seen: 10},
		{Line: "echo sesame | grid-proxy-init -pwstdin", Seen: 10, User: "encrypted"},
		{Line: "echo sesame | grid-proxy-init -q -pwstdin", User: "traditional"},
		{Line: "echo sesame | grid-proxy-init -pwstdin", User: "p12"},
		{Line: "grid-proxy-init -limited"},
		{Line: "grid-proxy-init -independent"},
		{Line: "grid-proxy-init -limited -independent"},
		{Line: "grid-proxy-init -old", Differs: []string{"grid kinds"}},
		{Line: "grid-proxy-init -draft", Differs: []string{"grid kinds"}},
		{Line: "grid-proxy-init -bits 1024", Differs: []string{"grid bits"}},
		{Line: "grid-proxy-init -bits 2048 -valid 0:10"},
		{Line: "grid-proxy-init -bits 3072"},
		{Line: "grid-proxy-init -path-length 2"},
		{Line: "grid-proxy-init -path-length 0", Differs: []string{"grid path"}},
		{Line: "grid-proxy-init -valid 0:0"},
		{Line: "grid-proxy-init -valid x"},
		{Line: "grid-proxy-init -valid 1:61"},
		{Line: "grid-proxy-init -valid 1:00 -valid 2:00"},
		{Line: "grid-proxy-init --rfc"},
		{Line: "grid-proxy-init -valid=1:00"},
		{Line: "grid-proxy-init -unknown 2>&1"},
		{Line: "grid-proxy-init -version 2>&1 | wc -l"},
		{Line: "grid-proxy-init -help 2>&1", Differs: []string{"grid help"}},
		{Line: "grid-proxy-init -cert " + compatProxy + " -key " + compatProxy + " -out q", Has: "rfc"},
		{Line: "grid-proxy-init -cert " + compatProxy + " -key " + compatProxy + " -out q", Has: "limited"},
		{Line: "grid-proxy-init -policy /srv/f/garbage -pl 1.3.6.1.4.1.3536.1.1.1.8", Differs: []string{"grid policy"}},
		{Line: "grid-proxy-init -policy /srv/f/garbage"},
		{Line: "grid-proxy-init -pl 1.3.6.1.4.1.3536.1.1.1.8", Differs: []string{"grid language"}},
		{Line: "grid-proxy-init -pl word -policy /srv/f/garbage", Differs: []string{"grid word"}},
		{Line: "grid-proxy-init -cert /srv/f/eec", User: "none", Differs: []string{"grid one file"}},
		{Line: "grid-proxy-init -cert " + compatProxy + " -key ~/.globus/userkey.pem -out q", Has: "rfc", Differs: []string{"grid other key"}},
		{Line: "HOME=/tmp grid-proxy-init", Differs: []string{"grid home"}},
		{Line: "grid-proxy-init", User: "short"},
		{Line: "grid-proxy-init", User: "expired", Differs: []string{"grid expired"}},
		{Line: "grid-proxy-init", User: "none"},
		{Line: "grid-proxy-init", User: "lax"},
		{Line: "grid-proxy-init", User: "mismatch", Differs: []string{"grid mismatch"}},
		{Line: "grid-proxy-init", User: "garbage"},
		{Line: "grid-proxy-init", User: "ec"},
		{Line: "echo wrong | grid-proxy-init -pwstdin 2>&1", User: "encrypted", Differs: []string{"grid why"}},
		{Line: "grid-proxy-init -out /none/p"},
		{Line: "mkdir d; grid-proxy-init -out d", Differs: []string{"grid first"}},
		{Line: "grid-proxy-init", Has: "readonly", Differs: []string{"grid in the way"}},
	}}
}

// gridInfoLines are those of grid-proxy-info (Globus 7.3).
func gridInfoLines() compatTable {
	return compatTable{Tool: "grid-proxy-info", Lines: []compatLine{
		{Line: "grid-proxy-info", Seen: 10, Has: "rfc"},
		{Line: "grid-proxy-info", Has: "long"},
		{Line: "grid-proxy-info", Has: "minutes"},
		{Line: "grid-proxy-info -exists", Seen: 10, Has: "rfc"},
		{Line: "grid-proxy-info -exists -valid 11:00", Seen: 10, Has: "rfc"},
		{Line: "grid-proxy-info -exists -valid 12:00", Seen: 10, Has: "rfc"},
		{Line: "grid-proxy-info -e -hours 1", Seen: 10, Has: "minutes"},
		{Line: "grid-proxy-info -exists"},
		{Line: "grid-proxy-info -timeleft", Seen: 10, Has: "rfc"},
		{Line: "grid-proxy-info -timeleft", Has: "expired"},
		{Line: "grid-proxy-info -timeleft", Has: "shortuser"},
		{Line: "grid-proxy-info -file /srv/f/rfc -identity", Seen: 10},
		{Line: "grid-proxy-info -subject -issuer -type -path -strength", Has: "below"},
		{Line: "grid-proxy-info -identity -rfc2253", Has: "rfc"},
		{Line: "grid-proxy-info -all -rfc2253", Has: "rfc"},
		{Line: "grid-proxy-info -text", Has: "rfc", Differs: []string{"grid info text"}},
		{Line: "grid-proxy-info -type", Has: "limited"},
		{Line: "grid-proxy-info -type", Has: "independent"},
		{Line: "grid-proxy-info -type", Has: "restricted"},
		{Line: "grid-proxy-info -type", Has: "draft"},
		{Line: "grid-proxy-info -type", Has: "draftlimited"},
		{Line: "grid-proxy-info -all", Has: "legacy"},
		{Line: "grid-proxy-info -all", Has: "legacylimited"},
		{Line: "grid-proxy-info -all", Has: "eec"},
		{Line: "grid-proxy-info -all", Has: "voms"},
		{Line: "grid-proxy-info -all", Has: "ec", Differs: []string{"grid info EC"}},
		{Line: "grid-proxy-info -all", Has: "ca"},
		{Line: "grid-proxy-info -subject", Has: "sec1", Differs: []string{"grid info SEC 1"}},
		{Line: "grid-proxy-info", Has: "expired"},
		{Line: "grid-proxy-info -exists", Has: "expired"},
		{Line: "grid-proxy-info -exists", Has: "future"},
		{Line: "grid-proxy-info -exists -bits 4096", Has: "rfc"},
		{Line: "grid-proxy-info -valid 1:00 -exists", Has: "rfc"},
		{Line: "grid-proxy-info --timeleft", Has: "rfc"},
		{Line: "grid-proxy-info -unknown", Has: "rfc"},
		{Line: "grid-proxy-info 2>&1"},
		{Line: "grid-proxy-info", Has: "lax"},
		{Line: "grid-proxy-info", Has: "garbage"},
		{Line: "grid-proxy-info", Has: "empty"},
		{Line: "grid-proxy-info", Has: "certonly"},
		{Line: "grid-proxy-info", Has: "diracx", Differs: []string{"grid info blocks"}},
	}}
}

// gridDestroyLines are those of grid-proxy-destroy (Globus 7.3).
func gridDestroyLines() compatTable {
	return compatTable{Tool: "grid-proxy-destroy", Lines: []compatLine{
		{Line: "grid-proxy-destroy", Has: "rfc"},
		{Line: "grid-proxy-destroy 2>&1 | head -2"},
		{Line: "cp /srv/f/rfc a; cp /srv/f/voms b; grid-proxy-destroy a b; ls", Has: "rfc"},
		{Line: "cp /srv/f/rfc a; grid-proxy-destroy -default a; ls", Has: "rfc"},
		{Line: "grid-proxy-destroy none"},
		{Line: "grid-proxy-destroy -dryrun 2>&1", Has: "rfc"},
		{Line: "cp /srv/f/rfc /tmp/x509up_p12.fileAb.1; grid-proxy-destroy -all", Has: "rfc"},
		{Line: "grid-proxy-destroy", Has: "lax"},
		{Line: "grid-proxy-destroy --all", Has: "rfc"},
		{Line: "cp /srv/f/rfc p; grid-proxy-destroy -all", Env: []string{"X509_USER_PROXY=/home/jane/p"}, Differs: []string{"grid all"}},
		{Line: "ln -s x509up_u1000 /tmp/other; grid-proxy-destroy /tmp/other", Has: "rfc", Differs: []string{"grid link"}},
	}}
}

// gridCertLines are those of grid-cert-info (Globus 10.10), which asks openssl.
func gridCertLines() compatTable {
	return compatTable{Tool: "grid-cert-info", Lines: []compatLine{
		{Line: "grid-cert-info", Differs: []string{"cert text"}},
		{Line: "grid-cert-info -subject", Differs: []string{"cert letters"}},
		{Line: "grid-cert-info -issuer -enddate"},
		{Line: "grid-cert-info -startdate -sd -ed"},
		{Line: "grid-cert-info -issuerhash"},
		{Line: "grid-cert-info -s -rfc2253"},
		{Line: "grid-cert-info -file /srv/f/user-plain-cert.pem -subject"},
		{Line: "grid-cert-info -f " + compatProxy + " -subject", Has: "legacy", Differs: []string{"cert letters"}},
		{Line: "grid-cert-info --subject -f " + compatProxy, Has: "below", Differs: []string{"cert letters"}},
		{Line: "grid-cert-info -subject", Env: []string{"X509_USER_CERT=/srv/f/user-stranger-cert.pem"}},
		{Line: "grid-cert-info -file /none"},
		{Line: "grid-cert-info -file /srv/f/garbage"},
		{Line: "grid-cert-info -unknown"},
		{Line: "grid-cert-info", User: "none"},
	}}
}
