// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package arcnames_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/compat/arcnames"
	"github.com/x509up/x509up/internal/compat/golden"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// arcExcept are the command lines on which arcproxy is not followed.
func arcExcept() map[string]string {
	const (
		notCA  = "neither a proxy of the draft nor an end-entity certificate is a CA"
		curve  = "the digest of a signature with ECDSA is known"
		items  = " -i subject -i identity -i issuer -i ca -i path -i type -i validityStart -i validityEnd -i validityPeriod -i validityLeft -i proxyPolicy -i keybits -i signingAlgorithm"
		vitems = " --infoitem=vomsVO --infoitem=vomsSubject --infoitem=vomsIssuer --infoitem=vomsACvalidityStart --infoitem=vomsACvalidityEnd --infoitem=vomsACvalidityPeriod --infoitem=vomsACvalidityLeft --infoitem=validityEnd --infoitem=validityLeft"
		whole  = "X509_CERT_DIR=@certificates arcproxy -P @"
	)
	except := map[string]string{
		"arcproxy -P@voms-proxy-init2-one-FQAN.pem -isubject":                            "a value may be in the same argument as its letter",
		whole + "voms-api-java-3.3.5.pem -I":                                             "its attributes are read",
		"X509_CERT_DIR=@certificates arcproxy --proxy=@voms-api-java-3.3.5.pem" + vitems: "its attributes are read",
	}
	for _, line := range []string{whole + "voms-proxy-fake-holder-by-issuer.pem -I", "X509_CERT_DIR=@certificates arcproxy --proxy=@voms-proxy-fake-holder-by-issuer.pem" + vitems} {
		except[line] = "the holder may be named by its issuer (RFC 5755 §4.2.2)"
	}
	for file, reason := range map[string]string{
		"good-grid-draft": notCA, "good-grid-draft-independent": notCA, "good-grid-draft-limited": notCA, "good-grid-draft-of-draft": notCA,
		"good-grid-draft-pathlen0-dropped": notCA, "good-grid-draft-pathlen3": notCA, "good-grid-draft-restricted": notCA, "good-voms2-draft": notCA,
		"good-openssl-eec-ec": notCA, "good-openssl-eec-rsa": notCA, "good-arcproxy-rfc-ec": curve, "weak-xrd-rfc-ec-pathlen0": curve,
	} {
		except[whole+file+".pem -I"] = reason
		except["arcproxy -P @"+file+".pem"+items] = reason
	}
	return except
}

// TestOriginals: what scripts read is byte for byte what the originals print, on what all tools in use have made.
func TestOriginals(t *testing.T) {
	t.Parallel()
	folder := golden.Vectors(t)
	golden.Check(t, arcnames.Tools(), "testdata/arcinfo.txt", folder, false, arcExcept())
	golden.Check(t, arcnames.Tools(), "testdata/arcusage.txt", folder, true, map[string]string{
		"arcproxy -O":   "it is said why there is no credential",
		"arcproxy -t x": "it is said which option is wrong, whatever the locale",
	})
}

const subject = golden.Subject

// home is a folder with user certificates and their keys.
func home(t *testing.T) string {
	t.Helper()
	h := golden.NewHome(t)
	h.Write(t, "pass", []byte("secret\n"))
	h.Write(t, "wrong", []byte("other\n"))
	h.WritePair(t, "arc/.arc/usercert.pem", "arc/.arc/userkey.pem", h.Eve)
	h.WritePair(t, "arc/.globus/usercert.pem", "arc/.globus/userkey.pem", h.Jane)
	return h.Dir
}

// run runs a line in which @ stands for a folder.
func run(t *testing.T, dir, stdin, line string) golden.Result {
	t.Helper()
	return golden.RunIn(t, arcnames.Tools(), dir, stdin, line)
}

// TestArcInit: what arcproxy prints, and what is in the file then.
func TestArcInit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, line, stdin string
		who               string // empty: Jane
		left              time.Duration
		bits              int
		policy, keyBlock  string
	}{
		{name: "plain", line: "arcproxy -P @new -C @cert.pem -K @key.pem"},
		{name: "variables", line: "X509_USER_CERT=@cert.pem X509_USER_KEY=@key.pem X509_USER_PROXY=@new arcproxy"},
		{name: "home", line: "HOME=@ arcproxy --proxy=@new"},
		{name: "home of ARC", line: "HOME=@arc arcproxy --proxy=@new", who: "/DC=org/DC=example/CN=Eve"},
		{name: "words of pilots", line: "arcproxy -P @new -C @cert.pem -K @key.pem -c validityPeriod=96h -c vomsACvalidityPeriod=96h", left: 96 * time.Hour},
		{name: "seconds", line: "arcproxy -P @new -C @cert.pem -K @key.pem -c validityPeriod=3600", left: time.Hour},
		{name: "days", line: "arcproxy -P @new -C @cert.pem -K @key.pem -c validityPeriod=2D", left: 48 * time.Hour},
		{name: "an end", line: "arcproxy -P @new -C @cert.pem -K @key.pem -c validityEnd=2026-11-23T00:30:00Z", left: 90 * time.Minute},
		{name: "a beginning before now", line: "arcproxy -P @new -C @cert.pem -K @key.pem -c validityStart=20261122220000Z -c validityPeriod=2h", left: time.Hour},
		{name: "bits", line: "arcproxy -P @new -C @cert.pem -K @key.pem -c keybits=3072", bits: 3072},
		{name: "few bits", line: "arcproxy -P @new -C @cert.pem -K @key.pem -c keybits=1024"},
		{name: "bits of the certificate", line: "arcproxy -P @new -C @ec.pem -K @ec.key -c keybits=inherit", who: "/DC=org/DC=example/CN=Eve", bits: 256, keyBlock: "PRIVATE KEY"},
		{name: "a policy", line: "arcproxy -P @new -C @cert.pem -K @key.pem -c proxyPolicy=abc", policy: "abc"},
		{name: "a policy of a file", line: "arcproxy -P @new -C @cert.pem -K @key.pem -c proxyPolicyFile=@policy", policy: "read only"},
		{name: "no VO, whatever", line: "arcproxy -P @new -C @cert.pem -K @key.pem --voms="},
		{name: "a digest", line: "arcproxy -P @new -C @cert.pem -K @key.pem -c signingAlgorithm=sha2"},
		{name: "a passphrase on stdin", line: "arcproxy -P @new -C @cert.pem -K @encrypted.pem -p key=stdin", stdin: "secret\n"},
		{name: "a passphrase in a file", line: "arcproxy -P @new -C @cert.pem -K @encrypted.pem -p all=file:@pass"},
		{name: "a passphrase", line: `arcproxy -P @new -C @cert.pem -K @encrypted.pem -p key="secret"`},
		{name: "protocols", line: "arcproxy -H -P @new -C @cert.pem -K @key.pem"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := home(t)
			who, left, bits, keyBlock := or(c.who, subject), or(c.left, 12*time.Hour), or(c.bits, 2048), or(c.keyBlock, "RSA PRIVATE KEY")
			r := run(t, dir, c.stdin, c.line)
			want := "Your identity: " + who + "\nProxy generation succeeded\nYour proxy is valid until: " + golden.Now.Add(left).Format(time.DateTime) + "\n"
			if r.Out != want || r.Code != 0 {
				t.Fatalf("%+v", r)
			}
			got := golden.Stored(t, filepath.Join(dir, "new"), keyBlock)
			if got.TimeLeft(golden.Now) != left || proxycert.Strength(got.Leaf().PublicKey) != bits {
				t.Errorf("it is valid for %s, with %d bits", got.TimeLeft(golden.Now), proxycert.Strength(got.Leaf().PublicKey))
			}
			info, _, err := proxycert.InfoOf(got.Leaf())
			if err != nil || string(info.PolicyText) != c.policy || (info.Policy == proxycert.AnyLanguage) != (c.policy != "") || info.PathLength != nil {
				t.Errorf("it is %+v, %v", info, err)
			}
		})
	}
}

func or[T comparable](given, otherwise T) T {
	var zero T
	if given == zero {
		return otherwise
	}
	return given
}

// TestArcFails: the first line of each error is that of the original, the exit code is 1, and nothing is stored.
func TestArcFails(t *testing.T) {
	t.Parallel()
	const files = " -P @new -C @cert.pem -K @key.pem"
	const whose = "Your identity: " + subject + "\n"
	const none = "ERROR: Failed to find certificate and/or private key or files have improper permissions or ownership.\n"
	for _, c := range []struct{ line, out, err string }{
		{"-P @new", "", none},
		{"-P @new -C @none -K @key.pem", "", none},
		{"-P @new -C @cert.pem -K @lax.key", "", none},
		{"-P @new -C @over.pem -K @key.pem", whose, "Proxy generation failed: Certificate has expired.\n"},
		{"-P @new -C @cert.pem -K @ec.key", whose, "ERROR: Failed to verify the signed certificate\nERROR: Failed to sign proxy\n"},
		{"-P @new -C @cert.pem -K @encrypted.pem -p key=file:@wrong", "", "ERROR: Can not read PEM private key: probably bad password\nProxy generation failed: No valid private key found.\n"},
		{"-P @new -C @cert.pem -K @encrypted.pem -p key=stdin", "", "Proxy generation failed: No valid private key found.\n"},
		{"-P @new -C @key.pem -K @key.pem", "", "Proxy generation failed: No valid certificate found.\n"},
		{files + " -c validityStart=2026-11-23T10:00:00Z", "", "ERROR: A proxy that begins later is not there yet"},
		{files + " -c validityStart=2026-11-22T10:00:00Z -c validityEnd=2026-11-23T10:00:00Z -c validityPeriod=1h", "", "The start, end and period can't be set simultaneously\n"},
		{files + " -c validityEnd=2026-11-22T10:00:00Z", "", "The end time that you set: 2026-11-22 10:00:00 is before start time: 2026-11-22 23:00:00.\n"},
		{files + " -c validityStart=2026-11-22T10:00:00Z -c validityPeriod=1h", "", "The end time that you set: 2026-11-22 11:00:00 is before current time: 2026-11-22 23:00:00\n"},
		{files + " -c signingAlgorithm=sha1", "", "ERROR: Signatures with sha1 are not made any more"},
		{files + " -c signingAlgorithm=sha512", "", "ERROR: Signing algorithm sha512 is known, but not there yet"},
		{files + " -c signingAlgorithm=foo", "", "ERROR: Unknown signing algorithm specified: foo\n"},
		{files + " -c myproxyvalidityPeriod=1h", "", "ERROR: The constraint 'myproxyvalidityPeriod' is known, but not there yet"},
		{files + " -c keybits=8192", "", "ERROR: Keys of more than 4096 bits are not there yet\n"},
		{files + " -c proxyPolicyFile=@none", "", "ERROR: "},
		{files + " -p key=other:x", "", "ERROR: Cannot parse password source type other."},
		{files + " -O", "The old GSI proxies are not supported anymore. Please do not use -O/--old option.\n", ""},
		{files + " -H -B", "", "ERROR: RESTful and old VOMS communication protocols can't be requested simultaneously.\n"},
		{files + " -S no.such.vo -V @policy", "", "Proxy generation failed: Failed to retrieve VOMS information.\n"},
		{files + " -G", "", "-G is known, but not there yet"},
		{files + " -L host", "", "-L is known, but not there yet"},
		{files + " -M GET", "", "-M is known, but not there yet"},
		{files + " -F", "", "-F is known, but not there yet"},
		{files + " -z @policy", "", "-z is known, but not there yet"},
	} {
		t.Run(c.line, func(t *testing.T) {
			t.Parallel()
			dir := home(t)
			r := run(t, dir, "", "arcproxy "+c.line)
			if r.Out != c.out || r.Code != 1 || !strings.Contains("\n"+r.Err, "\n"+c.err) {
				t.Errorf("%+v", r)
			}
			if _, err := os.Stat(filepath.Join(dir, "new")); err == nil {
				t.Error("there is a proxy")
			}
		})
	}
}

// TestArcUnknownConstraint: it is passed over, as it is by the original, with a word.
func TestArcUnknownConstraint(t *testing.T) {
	t.Parallel()
	dir := home(t)
	if r := run(t, dir, "", "arcproxy -P @new -C @cert.pem -K @key.pem -c foo=bar"); r.Code != 0 || r.Err != "WARNING: The constraint 'foo' is not known\n" {
		t.Errorf("%+v", r)
	}
}

// TestArcRemove: a proxy is removed once, and what is none is left.
func TestArcRemove(t *testing.T) {
	t.Parallel()
	dir := home(t)
	run(t, dir, "", "arcproxy -P @new -C @cert.pem -K @key.pem")
	for i, want := range []golden.Result{{}, {Err: "ERROR: Cannot remove proxy file at @new, because it's not there\n", Code: 1}} {
		if r := run(t, dir, "", "arcproxy -P @new -r"); r != want {
			t.Errorf("%d: %+v", i, r)
		}
	}
	if r := run(t, dir, "", "arcproxy -P @policy -r"); r.Code != 1 || !strings.HasPrefix(r.Err, "ERROR: Cannot remove proxy file at @policy\n") {
		t.Errorf("%+v", r)
	}
}

// TestArcTimes: what is over and what has not begun is said.
func TestArcTimes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := testca.New(t, testca.Options{})
	for name, c := range map[string]struct {
		leaf       testca.Leaf
		left, item string
	}{
		"over":  {testca.Leaf{NotAfter: golden.Now.Add(-time.Minute)}, "Proxy expired", "0"},
		"early": {testca.Leaf{NotAfter: golden.Now.Add(2 * time.Hour), Bad: []testca.Fault{testca.From(golden.Now.Add(time.Hour))}}, "Proxy not valid yet", "7200"},
		"soon":  {testca.Leaf{NotAfter: golden.Now.Add(time.Hour + time.Minute + time.Second)}, "1 hour 1 minute 1 second", "3661"},
		"later": {testca.Leaf{NotAfter: golden.Now.Add(50*time.Hour + 2*time.Second)}, "50 hours 2 seconds", "180002"},
	} {
		data, err := ca.Issue(t, c.leaf).Marshal(proxycert.PKCS1)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		if r := run(t, dir, "", "arcproxy -I -P @"+name); !strings.Contains(r.Out, "\nTime left for proxy: "+c.left+"\n") || r.Code != 0 {
			t.Errorf("%s: %+v", name, r)
		}
		if r := run(t, dir, "", "arcproxy -i validityLeft -P @"+name); r.Out != c.item+"\n" || r.Code != 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestArcHelp: help goes to stdout, and who only looks leaves nothing half done.
func TestArcHelp(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"arcproxy -h", "arcproxy --help"} {
		if r := run(t, t.TempDir(), "", line); r.Code != 0 || !strings.HasPrefix(r.Out, "Usage:\n  arcproxy [OPTION…]\n") || r.Err != "" {
			t.Errorf("%+v", r)
		}
	}
	reads := arcnames.Tools()[0].Reads
	for line, want := range map[string]bool{"-I": true, "-i subject": true, "-I -r": false, "": false, "-P x": false, "--foo -I": false} {
		if reads(strings.Fields(line)) != want {
			t.Errorf("%s: %v", line, !want)
		}
	}
}
