// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import "slices"

// vomsInitLines are those of voms-proxy-init (C++ 2.1), the most used first.
func vomsInitLines() compatTable {
	return compatTable{Tool: "voms-proxy-init", Usually: []string{"init extensions", "init memory"},
		Lines: slices.Concat(vomsInitAsked(), vomsInitManual(), vomsInitFaults())}
}

// vomsInitAsked are what people and scripts write.
func vomsInitAsked() []compatLine {
	const passphrase = compatPassphrase + "\n"
	return []compatLine{
		{Line: "voms-proxy-init -voms test.vo", Seen: 34},
		{Line: "voms-proxy-init -rfc -voms test.vo -valid 192:00", Seen: 25},
		{Line: "voms-proxy-init -voms test.vo -valid 168:00", Seen: 23},
		{Line: "voms-proxy-init -rfc -voms test.vo", Seen: 8, Has: "expired"},
		{Line: "voms-proxy-init --voms test.vo --valid 24:00 --out x509; ls", Seen: 6},
		{Line: "voms-proxy-init -voms test.vo -cert ~/.globus/usercert.pem -key ~/.globus/userkey.pem", Seen: 5},
		{Line: "voms-proxy-init -noregen -rfc -valid 10:30 -voms test.vo:/test.vo/Role=VO-Admin", Seen: 8, Has: "keyid"},
		{Line: "voms-proxy-init -noregen -rfc -voms test.vo:/test.vo/Role=VO-Admin", Seen: 8, Has: "keyid", Differs: []string{"init shorter"}},
		{Line: "voms-proxy-init -noregen -voms test.vo:/test.vo/group", Seen: 8, Has: "keyid", Differs: []string{"init shorter"}},
		{Line: "voms-proxy-init -cert ~/.globus/usercert.pem -key ~/.globus/userkey.pem -out robot -valid 96:00 -voms test.vo -rfc -timeout 5"},
		{Line: "voms-proxy-info -e || voms-proxy-init -voms test.vo -rfc -valid 192:00"},
		{Line: "voms-proxy-info -e || voms-proxy-init -voms test.vo -rfc -valid 192:00", Has: "voms"},
		{Line: "voms-proxy-init -voms test.vo >/dev/null 2>&1 && voms-proxy-info -vo -fqan"},
		{Line: "voms-proxy-init -voms test.vo -valid 12:00 -out ~/p; X509_USER_PROXY=~/p voms-proxy-info -path -timeleft"},
		{Line: "voms-proxy-init -voms=test.vo -r"},
		{Line: `voms-proxy-init --voms "test.vo:/test.vo/Role=production"`},
		{Line: "voms-proxy-init -voms test.vo -voms other.vo"},
		{Line: "voms-proxy-init -voms test.vo:/test.vo/group/sub/Role=x -voms test.vo:/test.vo/Role=VO-Admin"},
		{Line: "voms-proxy-init -voms test.vo -valid 168:0"},
		{Line: "voms-proxy-init -voms test.vo -valid 9999:00", Differs: []string{"init shorter"}},
		{Line: "voms-proxy-init -valid 9999:00", Differs: []string{"init shorter"}},
		{Line: "voms-proxy-init -voms test.vo -valid 0:10"},
		{Line: "voms-proxy-init -voms test.vo --hours=140", Seen: 6},
		{Line: "voms-proxy-init --cert ~/.globus/usercert.pem --key ~/.globus/userkey.pem -hours 24 -q", Seen: 6},
		{Line: "voms-proxy-init -voms test.vo -pwstdin", Seen: 8, User: "encrypted", Stdin: passphrase},
		{Line: "echo sesame | voms-proxy-init -voms test.vo", Seen: 6, User: "encrypted"},
		{Line: "echo sesame | voms-proxy-init -pwstdin -quiet", User: "traditional"},
		{Line: "voms-proxy-init -voms test.vo -vomses /srv/vomses", Seen: 5, Env: []string{"VOMS_USERCONF=/dev/null"}},
		{Line: "voms-proxy-init -voms test.vo -vomslife 1:00", Seen: 2},
		{Line: "voms-proxy-init -voms test.vo -bits 1024", Seen: 2, Differs: []string{"init bits"}},
		{Line: "voms-proxy-init -voms test.vo -dont-verify-ac -quiet", Seen: 2},
		{Line: "voms-proxy-init -cert " + compatProxy + " -key " + compatProxy +
			" -out q -voms test.vo:/test.vo/Role=production -valid 10:54 -vomses /srv/vomses -r -timeout 12", Has: "keyid"},
	}
}

// vomsInitManual is what the manual has besides.
func vomsInitManual() []compatLine {
	return []compatLine{
		{Line: "voms-proxy-init"},
		{Line: "voms-proxy-init -rfc"},
		{Line: "voms-proxy-init -old", Differs: []string{"init kinds"}},
		{Line: "voms-proxy-init -limited"},
		{Line: "voms-proxy-init -proxyver 3", Differs: []string{"init kinds"}},
		{Line: "voms-proxy-init -proxyver 4 -path-length 2"},
		{Line: "voms-proxy-init -proxyver 5"},
		{Line: "voms-proxy-init -verify"},
		{Line: "voms-proxy-init -voms test.vo -order /test.vo/group"},
		{Line: "voms-proxy-init -voms test.vo -target ce.example.org -target se.example.org"},
		{Line: "voms-proxy-init -voms test.vo:all"},
		{Line: "voms-proxy-init -voms test.vo -separate acs", Differs: []string{"init later"}},
		{Line: "VO=test.vo voms-proxy-init", Differs: []string{"init VO"}},
		{Line: "touch .rnd; voms-proxy-init 2>&1 >/dev/null | wc -c", Differs: []string{"init dots"}},
		{Line: "(echo none; cat /srv/vomses/test.vo) >vomses; voms-proxy-init -voms test.vo -vomses vomses", Env: []string{"VOMS_USERCONF="}, Differs: []string{"init vomses"}},
		{Line: "unset X509_CERT_DIR; voms-proxy-init", Differs: []string{"init no CAs"}},
		{Line: "voms-proxy-init -noregen", Has: "keyid", Differs: []string{"init shorter"}},
		{Line: "voms-proxy-init -cert " + compatProxy + " -key " + compatProxy + " -out q -valid 1:00", Has: "rfc", Differs: []string{"init of a proxy"}},
		{Line: "voms-proxy-init -debug", Differs: []string{"init debug"}},
		{Line: "voms-proxy-init -noregen"},
		{Line: "voms-proxy-init -conf conf"},
		{Line: "echo '-valid=3:00 -rfc' >conf; voms-proxy-init -conf conf"},
		{Line: "voms-proxy-init -valid 1:00 -valid 2:00"},
		{Line: "voms-proxy-init -version | head -1"},
		{Line: "voms-proxy-init -help >/dev/null"},
		{Line: "voms-proxy-init -vo test.vo"}, // of -voms, -vomslife, -vomses
		{Line: "voms-proxy-init -unknown"},
		{Line: "voms-proxy-init stray"},
	}
}

// vomsInitFaults are what can be wrong.
func vomsInitFaults() []compatLine {
	const passphrase = compatPassphrase + "\n"
	return []compatLine{
		{Line: "voms-proxy-init -voms nobody.vo", Has: "rfc"},
		{Line: "voms-proxy-init -voms test.vo:/test.vo/Role=none"},
		{Line: "voms-proxy-init -voms test.vo:/other.vo", Differs: []string{"init other VO"}},
		{Line: "voms-proxy-init -voms test.vo", User: "stranger"},
		{Line: "voms-proxy-init -voms test.vo", User: "suspended", Has: "rfc"},
		{Line: "voms-proxy-init -voms test.vo", User: "plain"},
		{Line: "voms-proxy-init -voms test.vo", User: "short", Differs: []string{"init shorter"}},
		{Line: "voms-proxy-init", User: "short", Differs: []string{"init shorter"}},
		{Line: "voms-proxy-init -valid 5:00", User: "short"},
		{Line: "voms-proxy-init", User: "expired", Differs: []string{"init expired"}},
		{Line: "voms-proxy-init -voms test.vo", User: "expired", Differs: []string{"init expired"}},
		{Line: "voms-proxy-init", User: "ec"},
		{Line: "voms-proxy-init", User: "none"},
		{Line: "voms-proxy-init", User: "lax"},
		{Line: "voms-proxy-init", User: "mismatch"},
		{Line: "voms-proxy-init", User: "garbage"},
		{Line: "voms-proxy-init -pwstdin", User: "p12", Stdin: passphrase},
		{Line: "voms-proxy-init -pwstdin", User: "encrypted", Stdin: "wrong\n"},
		{Line: "voms-proxy-init -pwstdin", User: "encrypted"},
		{Line: "voms-proxy-init", User: "encrypted"},
		{Line: "voms-proxy-init -valid x"},
		{Line: "voms-proxy-init -valid 1:60"},
		{Line: "voms-proxy-init -bits 1000"},
		{Line: "voms-proxy-init -out /srv/f/folder"},
		{Line: "voms-proxy-init -out /none/p"},
		{Line: "voms-proxy-init -cert /none/cert.pem -key /none/key.pem"},
		{Line: "voms-proxy-init", Has: "readonly", Differs: []string{"init in the way"}},
		{Line: "chmod 500 .; voms-proxy-init -out p"},
	}
}

// vomsListLines are those of voms-proxy-list, which is voms-proxy-init -list.
func vomsListLines() compatTable {
	return compatTable{Tool: "voms-proxy-list", Usually: []string{"init memory"}, Lines: []compatLine{
		{Line: "voms-proxy-list -voms test.vo"},
		{Line: "voms-proxy-list -voms test.vo | sort", User: "plain"},
		{Line: "voms-proxy-list"},
		{Line: "voms-proxy-init -list -voms other.vo"},
	}}
}

// vomsJavaLines are those of the Java clients (3.3) where they are not like those in C++. Debian's server has no REST, which is all that
// they speak of themselves.
func vomsJavaLines() compatTable {
	return compatTable{Tool: "voms-proxy-init", Java: true, Usually: []string{"init extensions", "init memory", "java begins"}, Lines: []compatLine{
		{Line: "voms-proxy-info -all", Has: "voms"},
		{Line: "voms-proxy-info -all", Has: "limited"},
		{Line: "voms-proxy-info", Has: "legacy"},
		{Line: "voms-proxy-info -identity", Has: "below"},
		{Line: "voms-proxy-info -serial", Has: "voms"},
		{Line: "voms-proxy-info --exists", Has: "expired"},
		{Line: "voms-proxy-info 2>&1"},
		{Line: "voms-proxy-info -acexists other.vo 2>&1", Has: "voms"},
		{Line: "voms-proxy-init --enable_legacy_protocol --vomses /srv/vomses --voms test.vo"},
		{Line: "voms-proxy-init --enable_legacy_protocol --vomses /srv/vomses --voms test.vo:/test.vo/Role=VO-Admin -valid 24:00 -rfc"},
		{Line: "voms-proxy-init -limited -path_length 1 -hours 5"},
		{Line: "voms-proxy-init -pwstdin", User: "encrypted", Stdin: compatPassphrase + "\n"},
		{Line: "voms-proxy-init --enable_legacy_protocol --vomses /srv/vomses --voms test.vo", User: "stranger"},
		{Line: "voms-proxy-init --vomses /srv/vomses --voms nobody.vo"},
		{Line: "voms-proxy-init", User: "none"},
		{Line: "voms-proxy-destroy", Has: "voms"},
		{Line: "voms-proxy-destroy -dry", Has: "voms"},
		{Line: "voms-proxy-destroy"},
	}}
}
