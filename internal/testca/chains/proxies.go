// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package chains

import (
	"crypto"
	"crypto/x509"
	"testing"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
)

// faults are short for a map.
type faults = map[Place][]testca.Fault

func at(place Place, list ...testca.Fault) faults { return faults{place: list} }

// Proxies of most kinds.
var (
	full          = testca.Proxy{}
	limited       = testca.Proxy{Policy: proxycert.Limited}
	independent   = testca.Proxy{Policy: proxycert.Independent}
	restricted    = testca.Proxy{Policy: "1.3.6.1.4.1.99999.7", PolicyText: []byte("be nice")}
	draft         = testca.Proxy{Format: proxycert.FormatDraft}
	draftLimited  = testca.Proxy{Format: proxycert.FormatDraft, Policy: proxycert.Limited}
	legacy        = testca.Proxy{Format: proxycert.FormatLegacy}
	legacyLimited = testca.Proxy{Format: proxycert.FormatLegacy, Policy: proxycert.Limited}
	two           = []testca.Proxy{full, full}
	three         = []testca.Proxy{full, full, full}
)

func rule(r proxycert.Rule) error { return &proxycert.RuleError{Rule: r} }

func chainRule(r trust.Rule) error { return &trust.ChainError{Rule: r} }

// Why OpenSSL takes what we refuse, or refuses what we take.
const (
	noLegacy     = "above a legacy proxy, OpenSSL 3 beneath it asks for keyCertSign where there is a key usage"
	tooOld       = "it knows no proxies from before RFC 3820"
	noPolicies   = "it evaluates no proxy policy; RFC 3820 §4.2 leaves that to the application, and Globus refuses"
	anySerial    = "it does not look; RFC 5280 §4.1.2.2 asks for a positive number"
	anyDigest    = "it takes all that OpenSSL can verify at level 0; MD5 and SHA-1 prove nothing"
	anySize      = "it takes keys of all sizes, and looks only at those that have signed"
	anyExtension = "it does not look; RFC 5280 §4.2 lets none appear twice"
	anyList      = "it reads the serial numbers of a list, and no extensions (RFC 5280 §5.2)"
	noList       = "it needs none"
	byClock      = "it looks at the clock"
	emptyName    = "it takes an empty string; RFC 5280 appendix A.1 asks for one character or more"
	trailing     = "it stops reading in time; RFC 5280 §4.2 has the DER of one value there"
	negative     = "it takes -1 for no limit; RFC 3820 §3.8 allows 0 and more"
	caProxies    = "it lets a CA issue proxies, if its key usage has digitalSignature; RFC 3820 §3.1 does not"
	anyPCI       = "it takes a ProxyCertInfo that is not critical, against RFC 3820 §3.8"
)

func goodProxies() []Case {
	length := func(n int) testca.Proxy { return testca.Proxy{PathLength: &n} }
	forty := make([]testca.Proxy, 40)
	return []Case{
		{Name: "one proxy"},
		{Name: "no proxy", Proxies: []testca.Proxy{}},
		{Name: "three proxies", Proxies: three},
		{Name: "forty proxies", Proxies: forty},
		{Name: "limited at the end", Proxies: []testca.Proxy{full, limited}},
		{Name: "limited all along", Proxies: []testca.Proxy{limited, limited}},
		{Name: "independent below limited", Proxies: []testca.Proxy{limited, independent}},
		// By RFC 3820 §4.2 it has all that the independent one has, which has nothing of the limited one.
		{Name: "full below independent below limited", Proxies: []testca.Proxy{limited, independent, full}},
		// RFC 3820 §4.1 has who relies on a proxy name the languages that he understands. We do not act by a policy, so we take each.
		{
			Name: "a language of its own", Proxies: []testca.Proxy{restricted},
			Globus: "it refuses a policy text that nobody has told it how to read",
		},
		{Name: "any language", Proxies: []testca.Proxy{{Policy: proxycert.AnyLanguage}}},
		{Name: "path length 0 at the end", Proxies: []testca.Proxy{full, length(0)}},
		{Name: "path length used up", Proxies: []testca.Proxy{length(2), full, full}},
		{
			Name: "a longer path below a shorter", Proxies: []testca.Proxy{length(2), length(9)}, Warns: "its path length",
			OpenSSL: "it refuses a path length above what is left; by RFC 3820 §4.1.4 the smaller counts",
		},
		{Name: "legacy", Proxies: []testca.Proxy{legacy, legacyLimited}, Warns: "before RFC 3820", OpenSSL: tooOld, Globus: noLegacy},
		{Name: "draft", Proxies: []testca.Proxy{draft, draftLimited}, Warns: "before RFC 3820", OpenSSL: tooOld},
		{Name: "not a CA, and says so", Faults: at(First, testca.NotCA)},
		{Name: "no key usage", Proxies: two, Faults: at(First, testca.KeyUsage(0))},
		{
			Name: "signs nothing, at the end", Faults: at(First, testca.NoDigitalSignature), Warns: "lacks digitalSignature",
			OpenSSL: "it was asked about a TLS client, who signs; RFC 3820 §3.1 asks only proxies that have others below",
		},
		// RFC 5280 §4.2.1.3 asks it of whoever issues; the validation of §6.1 does not look.
		{Name: "keyCertSign in a proxy", Faults: at(First, testca.KeyUsage(x509.KeyUsageDigitalSignature|x509.KeyUsageCertSign))},
		{Name: "an extension that nobody knows, not critical", Faults: at(First, testca.Extension("1.3.6.1.4.1.99999.1", false, []byte{5, 0}))},
		// RFC 3820 §4.1.3 asks for the present moment alone.
		{Name: "outlives the person", Faults: faults{Person: {testca.Until(Now.AddDate(1, 0, 0))}, First: {testca.Until(Now.AddDate(2, 0, 0))}}},
		{Name: "issuer in other string types", Faults: at(First, testca.IssuerRetyped)},
		{Name: "issuer and subject in other string types", Faults: at(First, testca.IssuerRetyped, testca.Added("/CN=1"))},
		{
			Name: "issuer and subject in other string types, legacy", Proxies: []testca.Proxy{legacy}, Warns: "before RFC 3820",
			Faults: at(First, testca.IssuerRetyped, testca.Added("/CN=proxy")), OpenSSL: tooOld, Globus: noLegacy,
		},
	}
}

func names() []Case {
	return []Case{
		{Name: "another issuer", Faults: at(First, testca.WrongIssuer), Want: chainRule(trust.RuleNoEndEntity), At: First},
		{Name: "another issuer of the second proxy", Proxies: two, Faults: at(Second, testca.WrongIssuer), Want: chainRule(trust.RuleNoEndEntity), At: Second},
		{Name: "another issuer of the person", Faults: at(Person, testca.Issuer("/CN=Somebody")), Want: chainRule(trust.RuleUnknownIssuer), At: Person},
		{Name: "another issuer of the CA", Faults: at(Issuing, testca.Issuer("/CN=Somebody")), Want: chainRule(trust.RuleUnknownIssuer), At: Issuing},
		{Name: "another subject", Faults: at(First, testca.OtherSubject), Want: rule(proxycert.RuleSubject), At: First},
		{Name: "another subject of the second proxy", Proxies: two, Faults: at(Second, testca.OtherSubject), Want: rule(proxycert.RuleSubject), At: Second},
		{Name: "another subject of the first of two", Proxies: two, Faults: at(First, testca.Added("/OU=1")), Want: rule(proxycert.RuleSubject), At: First},
		{Name: "the issuer's subject", Faults: at(First, testca.SameSubject), Want: rule(proxycert.RuleSubject), At: First},
		{Name: "two common names added", Faults: at(First, testca.TwoCommonNames), Want: rule(proxycert.RuleSubject), At: First},
		{Name: "two attributes added in one", Faults: at(First, testca.MultiValued), Want: rule(proxycert.RuleSubject), At: First},
		{Name: "a unit added", Faults: at(First, testca.UnitName), Want: rule(proxycert.RuleSubject), At: First},
		{Name: "a unit behind the common name", Faults: at(First, testca.Added("/CN=1/OU=2")), Want: rule(proxycert.RuleSubject), At: First},
		{
			Name: "an empty common name added", Faults: at(First, testca.Added("/CN=")), Want: rule(proxycert.RuleSubject), At: First,
			OpenSSL: emptyName, Globus: emptyName,
		},
		{
			Name: "the common name in front", Faults: at(First, testca.Subject("/CN=1/DC=org/DC=example/CN=Jane Doe")),
			Want: rule(proxycert.RuleSubject), At: First,
		},
		{Name: "the last of the issuer's names replaced", Faults: at(First, testca.Subject("/DC=org/DC=example/CN=1")), Want: rule(proxycert.RuleSubject), At: First},
		{Name: "a name cut short", Faults: at(First, testca.Subject("/DC=org/DC=example")), Want: rule(proxycert.RuleSubject), At: First},
		{Name: "no name", Faults: at(First, testca.Subject("")), Want: rule(proxycert.RuleSubject), At: First},
		{
			Name: "a person without a name", Faults: at(Person, testca.Subject("")), Want: rule(proxycert.RuleIssuerSubject), At: Person,
		},
	}
}

func signatures() []Case {
	rsa := []testca.Options{{RSA: true}, {RSA: true}}
	person := testca.Leaf{RSA: true}
	weakProxy, weakCert := rule(proxycert.RuleWeakSignature), chainRule(trust.RuleWeakSignature)
	return []Case{
		{Name: "one bit of the proxy's", Faults: at(First, testca.Spoiled), Want: rule(proxycert.RuleSignature), At: First},
		{Name: "one bit of the first proxy's", Proxies: two, Faults: at(First, testca.Spoiled), Want: rule(proxycert.RuleSignature), At: First},
		{Name: "one bit of the second proxy's", Proxies: two, Faults: at(Second, testca.Spoiled), Want: rule(proxycert.RuleSignature), At: Second},
		{Name: "one bit of the person's", Faults: at(Person, testca.Spoiled), Want: chainRule(trust.RuleSignature), At: Person},
		{Name: "one bit of the CA's", Faults: at(Issuing, testca.Spoiled), Want: chainRule(trust.RuleSignature), At: Issuing},
		{Name: "another key signed the proxy", Faults: at(First, testca.WrongSigner), Want: rule(proxycert.RuleSignature), At: First},
		{Name: "another key signed the person", Faults: at(Person, testca.WrongSigner), Want: chainRule(trust.RuleSignature), At: Person},
		{Name: "another key signed the CA", Faults: at(Issuing, testca.WrongSigner), Want: chainRule(trust.RuleSignature), At: Issuing},
		{
			Name: "another key signed a legacy proxy", Proxies: []testca.Proxy{legacy}, Faults: at(First, testca.WrongSigner),
			Want: rule(proxycert.RuleSignature), At: First,
		},
		{Name: "SHA-1 in the proxy", CAs: rsa, Person: person, Faults: at(First, testca.Digest(crypto.SHA1)), Want: weakProxy, At: First, Globus: anyDigest},
		{Name: "SHA-1 in the first proxy", Proxies: two, Faults: at(First, testca.Digest(crypto.SHA1)), Want: weakProxy, At: First, Globus: anyDigest},
		{Name: "SHA-1 in the person", CAs: rsa, Faults: at(Person, testca.Digest(crypto.SHA1)), Want: weakCert, At: Person, Globus: anyDigest},
		{Name: "SHA-1 in the CA", CAs: rsa, Faults: at(Issuing, testca.Digest(crypto.SHA1)), Want: weakCert, At: Issuing, Globus: anyDigest},
		{Name: "MD5 in the proxy", CAs: rsa, Person: person, Faults: at(First, testca.Digest(crypto.MD5)), Want: weakProxy, At: First, Globus: anyDigest},
		{Name: "MD5 in the person", CAs: rsa, Faults: at(Person, testca.Digest(crypto.MD5)), Want: weakCert, At: Person, Globus: anyDigest},
		{Name: "MD5 in the CA", CAs: rsa, Faults: at(Issuing, testca.Digest(crypto.MD5)), Want: weakCert, At: Issuing, Globus: anyDigest},
	}
}

// The content of ProxyCertInfo (RFC 3820 §3.8), in DER.
const (
	inheritAll = "\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x15\x01"
	length0    = "\x02\x01\x00"
)

func infos() []Case {
	unidentified := rule(proxycert.RuleUnidentified)
	bad := func(name, der string) Case {
		return Case{Name: name, Faults: at(First, testca.InfoValue(der)), Want: unidentified, At: First}
	}
	lax := func(c Case, both string) Case { c.OpenSSL, c.Globus = both, both; return c }
	return []Case{
		{Name: "not critical", Faults: at(First, testca.NotCritical), Want: rule(proxycert.RuleNotCritical), At: First, OpenSSL: anyPCI},
		{
			Name: "not critical, in the second proxy", Proxies: two, Faults: at(Second, testca.NotCritical),
			Want: rule(proxycert.RuleNotCritical), At: Second, OpenSSL: anyPCI,
		},
		{Name: "not critical, in the first of two", Proxies: two, Faults: at(First, testca.NotCritical), Want: rule(proxycert.RuleNotCritical), At: First, OpenSSL: anyPCI},
		{Name: "none", Faults: at(First, testca.NoInfo), Want: chainRule(trust.RuleIssuerNotCA), At: First},
		{Name: "twice", Faults: at(First, testca.InfoTwice), Want: &proxycert.BlockError{}, At: First},
		{Name: "of both formats", Faults: at(First, testca.TwoInfos), Want: unidentified, At: First, Globus: "it looks for one and then for the other"},
		bad("no DER", "garbage"),
		bad("nothing", ""),
		bad("empty", "\x30\x00"),
		lax(bad("a byte behind it", "\x30\x0c"+inheritAll+"\x00"), trailing),
		bad("a field behind the policy", "\x30\x0e"+inheritAll+"\x05\x00"),
		bad("no policy", "\x30\x03"+length0),
		bad("no language", "\x30\x02\x30\x00"),
		bad("the order of the draft", "\x30\x11"+inheritAll+"\xa1\x03"+length0),
		bad("a path length that is no number", "\x30\x0f\x04\x01\x00"+inheritAll),
		lax(bad("a negative path length", "\x30\x0f\x02\x01\xff"+inheritAll), negative),
		{Name: "garbage in the first of two", Proxies: two, Faults: at(First, testca.InfoValue("garbage")), Want: unidentified, At: First},
		{
			Name: "garbage in a draft proxy", Proxies: []testca.Proxy{draft}, Faults: at(First, testca.InfoValue("garbage")),
			Want: unidentified, At: First,
		},
		{
			Name: "a text of inherit-all", Faults: at(First, testca.InfoValue("\x30\x0f\x30\x0d\x06\x08\x2b\x06\x01\x05\x05\x07\x15\x01\x04\x01x")),
			Want: rule(proxycert.RulePolicyText), At: First, OpenSSL: noPolicies,
		},
		{
			Name: "a text of independent", Proxies: []testca.Proxy{independent},
			Faults: at(First, testca.InfoValue("\x30\x0f\x30\x0d\x06\x08\x2b\x06\x01\x05\x05\x07\x15\x02\x04\x01x")),
			Want:   rule(proxycert.RulePolicyText), At: First, OpenSSL: noPolicies,
		},
		{Name: "in the person's", Faults: at(Person, testca.Extension("1.3.6.1.5.5.7.1.14", true, []byte("\x30\x0c"+inheritAll))), Want: rule(proxycert.RuleIssuerCA), At: Issuing},
		{Name: "in the CA's", Faults: at(Issuing, testca.Extension("1.3.6.1.5.5.7.1.14", true, []byte("\x30\x0c"+inheritAll))), Want: chainRule(trust.RuleCritical), At: Issuing},
	}
}

func pathLengths() []Case {
	length := func(n byte) testca.Fault { return testca.InfoValue("\x30\x0f\x02\x01" + string(n) + inheritAll) }
	exceeded := &proxycert.PathLengthError{}
	return []Case{
		{Name: "0 in the first of two", Proxies: two, Faults: at(First, length(0)), Want: exceeded, At: First},
		{Name: "0 in the second of three", Proxies: three, Faults: at(Second, length(0)), Want: exceeded, At: Second},
		{Name: "0 in the fifth of six", Proxies: make([]testca.Proxy, 6), Faults: at(5, length(0)), Want: exceeded, At: 5},
		{Name: "1 in the first of three", Proxies: three, Faults: at(First, length(1)), Want: exceeded, At: First},
		{Name: "3 in the first of six", Proxies: make([]testca.Proxy, 6), Faults: at(First, length(3)), Want: exceeded, At: First},
		{
			Name: "1 in the first and 9 in the second of three", Proxies: three, Faults: faults{First: {length(1)}, Second: {length(9)}},
			Want: exceeded, At: First,
		},
		{Name: "9 in the first and 0 in the second of three", Proxies: three, Faults: faults{First: {length(9)}, Second: {length(0)}}, Want: exceeded, At: Second},
		{Name: "0 in a draft proxy", Proxies: []testca.Proxy{draft, draft}, Faults: at(First, testca.InfoValue("\x30\x11"+inheritAll+"\xa1\x03"+length0)), Want: exceeded, At: First},
	}
}

func policies() []Case {
	mixed, wider := rule(proxycert.RuleMixedFormats), rule(proxycert.RuleLimited)
	becomes := func(name string, sibling []testca.Proxy, place Place, p testca.Proxy, want error) Case {
		return Case{Name: name, Proxies: sibling, Faults: at(place, testca.Becomes(p)), Want: want, At: place, OpenSSL: noPolicies}
	}
	mixes := func(name string, sibling []testca.Proxy, p testca.Proxy) Case {
		return Case{Name: name, Proxies: sibling, Faults: at(Second, testca.Becomes(p)), Want: mixed, At: Second}
	}
	old := func(c Case) Case { c.OpenSSL = ""; return c } // OpenSSL refuses the sibling as well
	return []Case{
		becomes("full below limited", []testca.Proxy{limited, limited}, Second, full, wider),
		becomes("full far below limited", []testca.Proxy{full, limited, limited, limited}, 4, full, wider),
		becomes("a language of its own below limited", []testca.Proxy{limited, limited}, Second, restricted, wider),
		becomes("full below limited below independent", []testca.Proxy{independent, limited, limited}, Third, full, wider),
		old(becomes("full below limited, legacy", []testca.Proxy{legacyLimited, legacyLimited}, Second, legacy, wider)),
		old(becomes("full below limited, draft", []testca.Proxy{draftLimited, draftLimited}, Second, draft, wider)),
		mixes("RFC below draft", []testca.Proxy{draft, draft}, full),
		mixes("RFC below legacy", []testca.Proxy{legacy, legacy}, full),
		mixes("draft below legacy", []testca.Proxy{legacy, legacy}, draft),
		mixes("draft below RFC", two, draft),
		mixes("legacy below RFC", two, legacy),
		mixes("legacy below draft", []testca.Proxy{draft, draft}, legacy),
	}
}

func roles() []Case {
	return []Case{
		{Name: "a proxy that is a CA", Faults: at(First, testca.CAFlag), Want: rule(proxycert.RuleCA), At: First},
		{Name: "a proxy above that is a CA", Proxies: two, Faults: at(First, testca.CAFlag), Want: rule(proxycert.RuleCA), At: First},
		{
			Name: "a person who is a CA", Faults: at(Person, testca.CAFlag), Want: rule(proxycert.RuleIssuerCA), At: Person,
			OpenSSL: caProxies, Globus: caProxies,
		},
		{
			Name: "a CA with a proxy", Want: rule(proxycert.RuleIssuerCA), At: Issuing,
			Change: func(t testing.TB, c *Chain) { c.put(First, testca.Issue(t, c.CAs[1].Credential(), full)) },
		},
		{Name: "a person who may not sign", Faults: at(Person, testca.NoDigitalSignature), Want: rule(proxycert.RuleIssuerKeyUsage), At: Person},
		{Name: "a person who may sign CRLs alone", Faults: at(Person, testca.KeyUsage(x509.KeyUsageCRLSign)), Want: rule(proxycert.RuleIssuerKeyUsage), At: Person},
		{Name: "a proxy that may not sign, and does", Proxies: two, Faults: at(First, testca.NoDigitalSignature), Want: rule(proxycert.RuleIssuerKeyUsage), At: First},
		{
			Name: "a second proxy that may not sign, and does", Proxies: three, Faults: at(Second, testca.NoDigitalSignature),
			Want: rule(proxycert.RuleIssuerKeyUsage), At: Second,
		},
		{Name: "subject alternative name", Faults: at(First, testca.SubjectAltName), Want: rule(proxycert.RuleAltName), At: First},
		{Name: "issuer alternative name", Faults: at(First, testca.IssuerAltName), Want: rule(proxycert.RuleAltName), At: First},
		{Name: "subject alternative name above", Proxies: two, Faults: at(First, testca.SubjectAltName), Want: rule(proxycert.RuleAltName), At: First},
		{Name: "issuer alternative name above", Proxies: two, Faults: at(First, testca.IssuerAltName), Want: rule(proxycert.RuleAltName), At: First},
	}
}
