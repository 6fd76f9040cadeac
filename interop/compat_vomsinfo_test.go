// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import "slices"

// vomsInfoLines are those of voms-proxy-info (C++ 2.1), the most used first.
func vomsInfoLines() compatTable {
	return compatTable{Tool: "voms-proxy-info", Lines: slices.Concat(vomsInfoAsked(), vomsInfoManual(), vomsInfoFiles())}
}

// vomsInfoAsked are what scripts ask.
func vomsInfoAsked() []compatLine {
	return []compatLine{
		{Line: "voms-proxy-info -exists", Seen: 38, Has: "voms"},
		{Line: "voms-proxy-info -exists", Seen: 38},
		{Line: "voms-proxy-info -exists", Has: "minutes"},
		{Line: "voms-proxy-info --exist", Seen: 38, Has: "rfc"},
		{Line: "voms-proxy-info -e", Seen: 38, Has: "rfc"},
		{Line: "voms-proxy-info -e || echo none", Seen: 38},
		{Line: "if ! voms-proxy-info --exists --valid 12:00; then echo again; fi", Seen: 10, Has: "voms"},
		{Line: "if ! voms-proxy-info --exists --valid 11:00; then echo again; fi", Seen: 10, Has: "voms"},
		{Line: "voms-proxy-info -exists -valid 100:00", Seen: 10, Has: "long"},
		{Line: "voms-proxy-info -exists -hours 1 && voms-proxy-info -path", Seen: 4, Has: "voms"},
		{Line: "voms-proxy-info -exists -hours 1", Seen: 4, Has: "minutes"},
		{Line: "while ! voms-proxy-info -exist; do echo again; exit 3; done"},
		{Line: "voms-proxy-info -all", Seen: 23, Has: "voms"},
		{Line: "voms-proxy-info -all", Seen: 23, Has: "vomsrole"},
		{Line: "voms-proxy-info -all", Seen: 23, Has: "rfc"},
		{Line: "voms-proxy-info --all", Seen: 23, Has: "voms2"},
		{Line: "voms-proxy-info -all", Seen: 23},
		{Line: "voms-proxy-info -all -file /srv/f/voms", Seen: 21},
		{Line: "voms-proxy-info -timeleft", Seen: 21, Has: "voms"},
		{Line: "voms-proxy-info --timeleft -file /srv/f/long", Seen: 21},
		{Line: "voms-proxy-info -timeleft 2>/dev/null || echo 0", Seen: 21},
		{Line: "voms-proxy-info -timeleft", Has: "expired"},
		{Line: "voms-proxy-info -timeleft", Has: "shortuser"},
		{Line: "voms-proxy-info -file /srv/f/rfc", Seen: 21},
		{Line: "voms-proxy-info -path", Seen: 17, Has: "voms"},
		{Line: "voms-proxy-info -p", Seen: 17, Has: "voms"},
		{Line: "voms-proxy-info --path", Seen: 17},
		{Line: "voms-proxy-info -path", Env: []string{"X509_USER_PROXY=/srv/f/voms"}, Seen: 17},
		{Line: "voms-proxy-info", Seen: 9, Has: "voms"},
		{Line: "voms-proxy-info", Seen: 9, Has: "rfc"},
		{Line: "voms-proxy-info", Seen: 9},
		{Line: "voms-proxy-info >/dev/null 2>&1; echo $?", Seen: 9, Has: "expired"},
		{Line: "voms-proxy-info | grep path | cut -b 13-", Seen: 8, Has: "voms"},
		{Line: "voms-proxy-info | grep timeleft | awk '{print $3}'", Seen: 5, Has: "voms"},
		{Line: "voms-proxy-info | grep timeleft", Seen: 5, Has: "expired"},
		{Line: "voms-proxy-info 2>&1 | grep -c 'Proxy not found'", Seen: 2, Differs: []string{"info words"}},
		{Line: "voms-proxy-info 2>&1", Differs: []string{"info words"}},
		{Line: "voms-proxy-info -identity", Seen: 2, Has: "voms"},
		{Line: "voms-proxy-info -identity", Has: "below"},
		{Line: "voms-proxy-info -actimeleft", Seen: 2, Has: "voms"},
		{Line: "voms-proxy-info -actimeleft", Seen: 2, Has: "rfc"},
		{Line: "voms-proxy-info -actimeleft -timeleft", Seen: 2, Has: "vomsshort"},
		{Line: "voms-proxy-info -timeleft -actimeleft", Has: "vomsshort"},
		{Line: "voms-proxy-info -actimeleft", Has: "voms2"},
		{Line: "voms-proxy-info -issuer", Seen: 1, Has: "voms"},
		{Line: "voms-proxy-info -vo", Seen: 1, Has: "voms2"},
		{Line: "voms-proxy-info -fqan", Seen: 1, Has: "vomsrole"},
		{Line: "voms-proxy-info --fqan", Has: "voms2"},
		{Line: "voms-proxy-info -subject", Seen: 1, Has: "voms"},
		{Line: "voms-proxy-info -fqan | head -1", Seen: 1, Has: "vomsrole"},
	}
}

// vomsInfoManual is what the manual has besides.
func vomsInfoManual() []compatLine {
	return []compatLine{
		{Line: "voms-proxy-info -type", Has: "voms"},
		{Line: "voms-proxy-info -strength", Has: "voms"},
		{Line: "voms-proxy-info -keyusage", Has: "voms"},
		{Line: "voms-proxy-info -acsubject", Has: "voms"},
		{Line: "voms-proxy-info -acissuer", Has: "voms"},
		{Line: "voms-proxy-info -serial", Has: "voms"},
		{Line: "voms-proxy-info -uri", Has: "voms"},
		{Line: "voms-proxy-info -targets", Has: "vomstargets", Differs: []string{"info targets"}},
		{Line: "voms-proxy-info -included-file", Has: "voms"},
		{Line: "voms-proxy-info -vo", Has: "rfc"},
		{Line: "voms-proxy-info -text", Has: "rfc", Differs: []string{"info text"}},
		{Line: "voms-proxy-info -chain", Has: "below"},
		{Line: "voms-proxy-info -chain", Has: "voms"},
		{Line: "voms-proxy-info -acexists test.vo", Has: "voms"},
		{Line: "voms-proxy-info -acexists other.vo", Has: "voms"},
		{Line: "voms-proxy-info -acexists test.vo -acexists other.vo", Has: "voms2"},
		{Line: "voms-proxy-info -exists -acexists test.vo", Has: "vomsexpired"},
		{Line: "voms-proxy-info -exists -bits 2048", Has: "voms"},
		{Line: "voms-proxy-info -exists -bits 4096", Has: "voms"},
		{Line: "voms-proxy-info -exists -valid 1", Has: "voms"},
		{Line: "voms-proxy-info -exists -valid=1:00", Has: "voms"},
		{Line: "voms-proxy-info -all -dont-verify-ac", Has: "vomsexpired"},
		{Line: "voms-proxy-info -path -subject -timeleft -vo", Has: "voms"},
		{Line: "voms-proxy-info -version | head -1", Has: "voms"},
		{Line: "voms-proxy-info -help 2>&1", Has: "voms", Differs: []string{"help"}},
		{Line: "voms-proxy-info --unknown", Has: "voms"},
		{Line: "voms-proxy-info -path", Has: "voms", Env: []string{"X509_CERT_DIR=/none"}, Differs: []string{"info no CAs"}},
		{Line: "voms-proxy-info -t", Has: "voms"}, // of -text, -type, -timeleft, -targets
		{Line: "voms-proxy-info stray", Has: "voms"},
		{Line: "voms-proxy-info -file", Has: "voms"},
	}
}

// vomsInfoFiles are what a file can be.
func vomsInfoFiles() []compatLine {
	return []compatLine{
		{Line: "voms-proxy-info -all", Has: "limited"},
		{Line: "voms-proxy-info -all", Has: "independent"},
		{Line: "voms-proxy-info -all", Has: "draft"},
		{Line: "voms-proxy-info -all", Has: "draftlimited"},
		{Line: "voms-proxy-info -all", Has: "legacy"},
		{Line: "voms-proxy-info -all", Has: "legacylimited"},
		{Line: "voms-proxy-info -all", Has: "pathlen"},
		{Line: "voms-proxy-info -all", Has: "below"},
		{Line: "voms-proxy-info -all", Has: "ec", Differs: []string{"info EC"}},
		{Line: "voms-proxy-info -all", Has: "eec"},
		{Line: "voms-proxy-info -all", Has: "vomsbelow"},
		{Line: "voms-proxy-info -all", Has: "vomstargets", Differs: []string{"info targets"}},
		{Line: "voms-proxy-info -all", Has: "vomsqualified"},
		{Line: "voms-proxy-info -all", Has: "vomsexpired"},
		{Line: "voms-proxy-info -all", Has: "vomsother"},
		{Line: "voms-proxy-info -all", Has: "vomsnolsc"},
		{Line: "voms-proxy-info -all", Has: "diracx"},
		{Line: "voms-proxy-info -all", Has: "expired"},
		{Line: "voms-proxy-info -exists", Has: "expired"},
		{Line: "voms-proxy-info -exists", Has: "future"},
		{Line: "voms-proxy-info -exists", Has: "userended", Differs: []string{"info user ended"}},
		{Line: "voms-proxy-info -exists", Has: "vomsexpired"},
		{Line: "voms-proxy-info", Has: "readonly"},
		{Line: "voms-proxy-info", Has: "lax"},
		{Line: "voms-proxy-info", Has: "garbage"},
		{Line: "voms-proxy-info", Has: "cut", Differs: []string{"info damaged"}},
		{Line: "voms-proxy-info", Has: "empty"},
		{Line: "voms-proxy-info", Has: "certonly"},
		{Line: "voms-proxy-info", Has: "keyonly"},
		{Line: "voms-proxy-info -file /srv/f/folder"},
		{Line: "voms-proxy-info -exists -file /srv/f/none"},
	}
}

// vomsDestroyLines are those of voms-proxy-destroy (C++ 2.1).
func vomsDestroyLines() compatTable {
	return compatTable{Tool: "voms-proxy-destroy", Lines: []compatLine{
		{Line: "voms-proxy-destroy", Has: "voms"},
		{Line: "voms-proxy-destroy"},
		{Line: "voms-proxy-destroy 2>&1"},
		{Line: "voms-proxy-destroy -file p; ls -A", Has: "rfc"},
		{Line: "cp /srv/f/rfc p; voms-proxy-destroy --file=p"},
		{Line: "voms-proxy-destroy -dry 2>&1", Has: "voms"},
		{Line: "voms-proxy-destroy -q", Has: "readonly"},
		{Line: "voms-proxy-destroy", Has: "garbage", Differs: []string{"destroy other"}},
		{Line: "voms-proxy-destroy", Has: "lax"},
		{Line: "voms-proxy-destroy -file /srv/f/folder"},
		{Line: "voms-proxy-destroy", Has: "rfc", Env: []string{"X509_CERT_DIR=/none"}, Differs: []string{"destroy no CAs"}},
		{Line: "ln -s x509up_u1000 /tmp/other; voms-proxy-destroy -file /tmp/other", Has: "rfc", Differs: []string{"destroy link"}},
	}}
}
