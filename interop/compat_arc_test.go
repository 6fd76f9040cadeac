// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

// arcLines are those of arcproxy (NorduGrid 6.17). It asks VOMS servers in REST unless it is told otherwise.
func arcLines() compatTable {
	const items = "arcproxy -i validityEnd -i validityLeft -i vomsACvalidityEnd -i vomsACvalidityLeft"
	return compatTable{Tool: "arcproxy", Usually: []string{"arc folder", "arc extensions", "arc memory"}, Lines: []compatLine{
		{Line: items, Seen: 10, Has: "voms"}, // pilots expect exactly four lines
		{Line: items, Seen: 10, Has: "rfc"},
		{Line: "arcproxy -I", Seen: 10, Has: "voms"},
		{Line: "arcproxy -I", Seen: 10, Has: "rfc"},
		{Line: "arcproxy -I", Seen: 10},
		{Line: "arcproxy -i subject", Seen: 10, Has: "voms"},
		{Line: "arcproxy -i identity -i vomsVO", Seen: 10, Has: "voms"},
		{Line: "arcproxy -i vomsFQAN -i type -i path -i keybits -i signingAlgorithm -i issuer -i ca", Has: "vomsrole"},
		{Line: "arcproxy -I -P /srv/f/limited"},
		{Line: "arcproxy -I -P/srv/f/limited", Differs: []string{"arc letter"}},
		{Line: "arcproxy -I", Has: "expired"},
		{Line: "arcproxy -I", Has: "garbage"},
		{Line: "arcproxy -I", Has: "draft", Differs: []string{"arc kind"}},
		{Line: "arcproxy -I", Has: "eec", Differs: []string{"arc kind"}},
		{Line: "arcproxy -i signingAlgorithm", Has: "ofec", Differs: []string{"arc digest"}},
		{Line: "arcproxy -I", Has: "vomsissuer", Differs: []string{"arc holder"}},
		{Line: "arcproxy -i none", Has: "rfc"},
		{Line: "arcproxy -h", Differs: []string{"arc help"}},
		{Line: "arcproxy --version | cut -d' ' -f1"},
		{Line: "arcproxy --unknown"},

		{Line: "arcproxy"},
		{Line: "arcproxy -P p -C ~/.globus/usercert.pem -K ~/.globus/userkey.pem -c validityPeriod=96h", Seen: 10},
		{Line: "arcproxy --oldcom -S test.vo -c validityPeriod=96h -c vomsACvalidityPeriod=20h", Seen: 10},
		{Line: "arcproxy --oldcom -S test.vo -c vomsACvalidityPeriod=96h", Differs: []string{"arc shortened"}},
		{Line: "arcproxy --oldcom --voms=test.vo:/test.vo/Role=VO-Admin"},
		{Line: "arcproxy -S test.vo", Differs: []string{"arc protocol"}}, // the server of Debian has no REST
		{Line: "arcproxy --constraint=validityPeriod=3600 --constraint keybits=3072"},
		{Line: "arcproxy -c keybits=1024", Differs: []string{"arc bits"}},
		{Line: "arcproxy -c nonsense=1 2>&1", Differs: []string{"arc constraint"}},
		{Line: "arcproxy", User: "ec"},
		{Line: "arcproxy -c keybits=inherit", User: "ec", Differs: []string{"arc inherit"}},
		{Line: "arcproxy -p key=stdin", User: "encrypted", Stdin: compatPassphrase + "\n"},
		{Line: "arcproxy -p key=stdin", User: "p12", Stdin: compatPassphrase + "\n", Differs: []string{"arc PKCS 12"}},
		{Line: "touch conf; arcproxy -z conf", Differs: []string{"arc later"}},
		{Line: "arcproxy", Has: "readonly", Differs: []string{"arc in the way"}},
		{Line: "arcproxy -r", Has: "voms"},
		{Line: "arcproxy -r"},
		{Line: "arcproxy -S nobody.vo", Differs: []string{"arc unknown VO"}},
		{Line: "unset X509_VOMSES VOMS_USERCONF; arcproxy -S test.vo", Differs: []string{"arc no vomses"}},
		{Line: "arcproxy --oldcom -S test.vo", User: "stranger", Differs: []string{"arc refused"}},
		{Line: "arcproxy", User: "none"},
		{Line: "arcproxy", User: "expired"},
	}}
}

// xrdLines are those of xrdgsiproxy (XRootD 5.5), which says everything on stderr.
func xrdLines() compatTable {
	const init = "xrdgsiproxy init -certdir /srv/certificates"
	return compatTable{Tool: "xrdgsiproxy", Usually: []string{"xrd extensions", "xrd digest", "xrd letters"}, Lines: []compatLine{
		{Line: init + " 2>&1", Seen: 10},
		{Line: init + " -valid 24:00 -cert ~/.globus/usercert.pem -key ~/.globus/userkey.pem 2>&1", Seen: 10},
		{Line: init + " -valid 9999:00 -bits 2048 -out p 2>&1", Differs: []string{"xrd end"}},
		{Line: init + " -path-length 2 -f p"},
		{Line: init + " -path-length -1 -f p", Differs: []string{"xrd path"}},
		{Line: init + " -valid x", Differs: []string{"xrd numbers"}},
		{Line: "xrdgsiproxy info 2>&1", Seen: 10, Has: "voms"},
		{Line: "xrdgsiproxy info -file /srv/f/rfc 2>&1", Seen: 10},
		{Line: "xrdgsiproxy info -extensions 2>&1", Has: "rfc", Differs: []string{"xrd texts"}},
		{Line: "xrdgsiproxy 2>&1", Has: "pathlen"},
		{Line: "xrdgsiproxy info 2>&1", Has: "legacylimited", Differs: []string{"xrd limited"}},
		{Line: "xrdgsiproxy info 2>&1"},
		{Line: "xrdgsiproxy info 2>&1", Has: "expired"},
		{Line: "xrdgsiproxy info -e", Has: "rfc"},
		{Line: "xrdgsiproxy info -e -valid 1:00", Has: "rfc"},
		{Line: "xrdgsiproxy info -e"},
		{Line: "xrdgsiproxy destroy", Has: "rfc"},
		{Line: "xrdgsiproxy destroy"},
		{Line: init, Has: "readonly", Differs: []string{"xrd in the way"}},
		{Line: init, User: "none"},
		{Line: init, User: "lax"},
		{Line: init, User: "garbage", Differs: []string{"xrd code"}},
		{Line: init, User: "mismatch", Differs: []string{"xrd mismatch"}},
	}}
}
