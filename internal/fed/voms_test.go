// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package fed_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/fed"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/contact"
)

// userCert gets a certificate from the online CA.
func userCert(t *testing.T, f *fed.Federation, u fed.User) tls.Certificate {
	t.Helper()
	c := f.Client()
	envelope := ask(t, c, f.SPURL)
	got := do(t, c, toIdP(t, f, envelope, u.Username, u.Password))
	if r := deliver(t, f, c, toACS(envelope, got.body)); r.status != 302 {
		t.Fatalf("the SP refused: %d %s", r.status, r.body)
	}
	key, request := csr(t)
	cert := certificate(t, form(t, f, c, url.Values{"submit": {"certreq"}, "certreq": {request}}).body)
	if got := proxycert.OneLine(cert.RawSubject); got != u.Subject {
		t.Errorf("the certificate is of %q, want %q", got, u.Subject)
	}
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
}

// askVOMS asks the servers of one of the VOs.
func askVOMS(t *testing.T, f *fed.Federation, vo fed.VO, who tls.Certificate, r contact.Request) (*contact.Answer, error) {
	t.Helper()
	endpoints, findings := contact.ParseVomses([]byte(vo.Vomses), "vomses")
	if len(findings) > 0 || len(endpoints) == 0 {
		t.Fatalf("vomses: %d lines, and %v", len(endpoints), findings)
	}
	roots := x509.NewCertPool()
	roots.AddCert(f.HostCA)
	c := &contact.Client{TLS: &tls.Config{Certificates: []tls.Certificate{who}, RootCAs: roots}, Timeout: 3 * time.Second}
	return c.Ask(t.Context(), endpoints, r)
}

// verifyAC verifies an attribute certificate with the folders that WriteDir writes.
func verifyAC(t *testing.T, f *fed.Federation, der []byte, holder *x509.Certificate) (*voms.AC, error) {
	t.Helper()
	ac, err := voms.ParseAC(der)
	if err != nil {
		t.Fatal(err)
	}
	d, err := f.WriteDir(filepath.Join(t.TempDir(), "fed"))
	if err != nil {
		t.Fatal(err)
	}
	cas := &trust.Dir{Path: d.CertDir}
	_, err = ac.Verify(voms.Options{
		Now: time.Now(), Holder: holder, Dirs: []voms.Dir{{Path: d.VOMSDir}},
		CheckIssuer: func(chain []*x509.Certificate) error {
			_, err := cas.Verify(&proxycert.Credential{Chain: chain}, trust.Options{Now: time.Now()})
			return err
		},
	})
	return ac, err
}

// vomsCheck is a check of a fault of the first VO's server. Others of the federation are well: the second VO.
func vomsCheck(check func(t *testing.T, f *fed.Federation, who tls.Certificate)) func(*testing.T, *fed.Federation) {
	return func(t *testing.T, f *fed.Federation) {
		who := userCert(t, f, f.Users[0])
		check(t, f, who)
		answer, err := askVOMS(t, f, f.VOs[1], who, contact.Request{})
		if err != nil {
			t.Fatalf("the second VO: %v", err)
		}
		if _, err := verifyAC(t, f, answer.AC, who.Leaf); err != nil {
			t.Errorf("the second VO: %v", err)
		}
	}
}

// badAC is a fault of the attribute certificate.
func badAC(is func(error) bool) func(*testing.T, *fed.Federation) {
	return vomsCheck(func(t *testing.T, f *fed.Federation, who tls.Certificate) {
		answer, err := askVOMS(t, f, f.VOs[0], who, contact.Request{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := verifyAC(t, f, answer.AC, who.Leaf); !is(err) {
			t.Errorf("verifying it: %v", err)
		}
	})
}

func breaks(rule voms.Rule) func(*testing.T, *fed.Federation) {
	return badAC(func(err error) bool {
		e, ok := errors.AsType[*voms.RuleError](err)
		return ok && e.Rule == rule
	})
}

// is tells whether there is an error of that type.
func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// refuses is a refusal of a role.
func refuses(reason contact.Reason) func(*testing.T, *fed.Federation) {
	return vomsCheck(func(t *testing.T, f *fed.Federation, who tls.Certificate) {
		vo := f.VOs[0]
		_, err := askVOMS(t, f, vo, who, contact.Request{FQANs: []voms.FQAN{{Group: "/" + vo.Name, Role: "production"}}})
		failed, ok := errors.AsType[*contact.FailedError](err)
		if !ok || failed.Refused() == nil || failed.Refused().Reason != reason {
			t.Errorf("got %v, want %q", err, reason)
		}
	})
}

// serves is a fault that a client gets around in that protocol.
func serves(protocol contact.Protocol) func(*testing.T, *fed.Federation) {
	return vomsCheck(func(t *testing.T, f *fed.Federation, who tls.Certificate) {
		answer, err := askVOMS(t, f, f.VOs[0], who, contact.Request{})
		if err != nil {
			t.Fatal(err)
		}
		if answer.Protocol != protocol {
			t.Errorf("the answer came by %v, want %v", answer.Protocol, protocol)
		}
		if _, err := verifyAC(t, f, answer.AC, who.Leaf); err != nil {
			t.Error(err)
		}
	})
}

// fails is a server of which nothing is to be had.
func fails(want func(error) bool) func(*testing.T, *fed.Federation) {
	return vomsCheck(func(t *testing.T, f *fed.Federation, who tls.Certificate) {
		if answer, err := askVOMS(t, f, f.VOs[0], who, contact.Request{}); !want(err) {
			t.Errorf("got %+v, %v", answer, err)
		}
	})
}

func says(text string) func(error) bool {
	return func(err error) bool { return err != nil && strings.Contains(err.Error(), text) }
}

// vomsFaults are the checks of the faults of VOMS servers.
func vomsFaults() map[fed.Fault]func(*testing.T, *fed.Federation) {
	return map[fed.Fault]func(*testing.T, *fed.Federation){
		fed.VOMSWrongHolder:  badAC(is[*voms.HolderError]),
		fed.VOMSExpired:      badAC(func(err error) bool { e, ok := errors.AsType[*voms.ValidityError](err); return ok && e.Expired() }),
		fed.VOMSNotYetValid:  badAC(func(err error) bool { e, ok := errors.AsType[*voms.ValidityError](err); return ok && !e.Expired() }),
		fed.VOMSBadSignature: breaks(voms.RuleSignature),
		fed.VOMSCritical:     breaks(voms.RuleCritical),
		fed.VOMSNoRevAvail:   breaks(voms.RuleRequired),
		fed.VOMSWrongKeyID:   breaks(voms.RuleKeyID),
		fed.VOMSForeignFQANs: breaks(voms.RuleForeignFQAN),
		fed.VOMSLSCMismatch:  badAC(is[*voms.LSCMismatchError]),
		fed.VOMSLSCMissing:   badAC(is[*voms.LSCMissingError]),
		fed.VOMSUnknownUser:  refuses(contact.NotMember),
		fed.VOMSSuspended:    refuses(contact.Suspended),
		fed.VOMSUnsignedAUP:  refuses(contact.AUP),
		fed.VOMSNoAttribute:  refuses(contact.NoAttribute),
		fed.VOMSRESTEmpty:    serves(contact.Legacy),
		fed.VOMSREST404:      serves(contact.Legacy),
		fed.VOMSLegacyOnly:   serves(contact.Legacy),
		fed.VOMSSlow:         fails(is[*contact.TimeoutError]),
		fed.VOMSReset:        fails(says("connection reset by peer")),
		fed.VOMSGarbage:      fails(is[*contact.AnswerError]),
		fed.VOMSHuge:         fails(says("more than 1024 KiB")),
		fed.VOMSDeadFirst: vomsCheck(func(t *testing.T, f *fed.Federation, who tls.Certificate) {
			if n := strings.Count(f.VOs[0].Vomses, "\n"); n != 2 {
				t.Errorf("vomses has %d lines", n)
			}
			serves(contact.REST)(t, f)
		}),
		fed.VOMSIPv6Only: vomsCheck(func(t *testing.T, f *fed.Federation, who tls.Certificate) {
			if !strings.Contains(f.VOs[0].Vomses, `"::1"`) {
				t.Errorf("vomses: %s", f.VOs[0].Vomses)
			}
			serves(contact.REST)(t, f)
		}),
	}
}

// TestIAMFaults has the same faults in the other flavour, as far as it knows them.
func TestIAMFaults(t *testing.T) {
	t.Parallel()
	checks := vomsFaults()
	checks[fed.VOMSREST404] = fails(func(err error) bool { e, ok := errors.AsType[*contact.AnswerError](err); return ok && e.Status == 404 })
	delete(checks, fed.VOMSRESTEmpty) // only voms-server
	delete(checks, fed.VOMSLegacyOnly)
	for fault, check := range checks {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			check(t, start(t, fed.Options{IAM: true, Faults: []fed.Fault{fault}}))
		})
	}
}

// TestMembers asks as every user that can log in, in both VOs.
func TestMembers(t *testing.T) {
	t.Parallel()
	long := func(names ...string) (all []string) {
		for _, n := range names {
			if !strings.Contains(n, "/Role=") {
				n += "/Role=NULL"
			}
			all = append(all, n+"/Capability=NULL")
		}
		return all
	}
	short := func(names ...string) []string { return names }
	for _, iam := range []bool{false, true} {
		f := start(t, fed.Options{IAM: iam})
		spelt := long
		if iam {
			spelt = short
		}
		if len(f.VOs) != 2 {
			t.Fatalf("there are %d VOs", len(f.VOs))
		}
		for _, vo := range f.VOs {
			group := "/" + vo.Name
			role := []voms.FQAN{{Group: group, Role: "production"}}
			for _, c := range []struct {
				name    string
				user    int
				request contact.Request
				want    []string
				refused contact.Reason
			}{
				{"groups", 0, contact.Request{}, spelt(group, group+"/analysis", group+"/analysis/top"), 0},
				{"role", 0, contact.Request{FQANs: role}, spelt(group+"/Role=production", group, group+"/analysis", group+"/analysis/top"), 0},
				{"plain member", 1, contact.Request{}, spelt(group), 0},
				{"role of others", 1, contact.Request{FQANs: role}, nil, contact.NoAttribute},
				{"stranger", 3, contact.Request{}, nil, contact.NotMember},
				{"suspended", 4, contact.Request{}, nil, contact.Suspended},
			} {
				t.Run(map[bool]string{true: "IAM/", false: "voms-server/"}[iam]+vo.Name+"/"+c.name, func(t *testing.T) {
					t.Parallel()
					who := userCert(t, f, f.Users[c.user])
					answer, err := askVOMS(t, f, vo, who, c.request)
					if c.want == nil {
						failed, ok := errors.AsType[*contact.FailedError](err)
						if !ok || failed.Refused() == nil || failed.Refused().Reason != c.refused {
							t.Errorf("got %v, want %q", err, c.refused)
						}
						return
					}
					if err != nil {
						t.Fatal(err)
					}
					ac, err := verifyAC(t, f, answer.AC, who.Leaf)
					if err != nil {
						t.Error(err)
					}
					if diff := cmp.Diff(c.want, ac.FQANs); diff != "" {
						t.Error(diff)
					}
				})
			}
		}
	}
}

// TestVOMSDir reads the folders as clients do.
func TestVOMSDir(t *testing.T) {
	t.Parallel()
	connected := make(chan string, 100)
	f := start(t, fed.Options{Connected: func(server string) { connected <- server }})
	d, err := f.WriteDir(filepath.Join(t.TempDir(), "fed"))
	if err != nil {
		t.Fatal(err)
	}
	book := contact.Load(d.Vomses)
	if len(book.Findings) > 0 || len(book.Endpoints) != 2 {
		t.Fatalf("vomses: %+v", book)
	}
	for _, vo := range f.VOs {
		if _, err := book.Find(vo.Name); err != nil {
			t.Error(err)
		}
		l, err := voms.Dir{Path: d.VOMSDir}.LSC(vo.Name, vo.Host)
		want := [][]string{{"/DC=org/DC=example/O=Example Hosts/CN=localhost", "/DC=org/DC=example/O=Example Grid/CN=Example Host CA"}}
		if err != nil || !cmp.Equal(l.Chains, want) {
			t.Errorf("LSC file: %+v, %v", l, err)
		}
	}
	for _, want := range []string{"X509_VOMSES=" + d.Vomses, "X509_VOMS_DIR=" + d.VOMSDir} {
		if !slices.Contains(d.Environ(), want) {
			t.Errorf("%s is missing: %q", want, d.Environ())
		}
	}
	// What openssl x509 -subject_hash and -subject_hash_old say of the name.
	for _, hash := range []string{"4d7cafae", "0bf8c047"} {
		text, err := os.ReadFile(filepath.Join(d.CertDir, hash+".0"))
		if block := certificate(t, string(text)); err != nil || !block.Equal(f.HostCA) {
			t.Errorf("%s.0: %v", hash, err)
		}
		if _, err := os.Stat(filepath.Join(d.CertDir, hash+".signing_policy")); err != nil {
			t.Error(err)
		}
	}
	who := userCert(t, f, f.Users[0])
	if _, err := askVOMS(t, f, f.VOs[0], who, contact.Request{}); err != nil {
		t.Fatal(err)
	}
	last := f.Requests()[len(f.Requests())-1]
	if last.Server != "voms" || last.VO != "vo.example.org" || last.Status != 200 || last.Asked != "fqans=/vo.example.org&lifetime=43200" {
		t.Errorf("the journal has %+v", last)
	}
	var servers []string
	for len(connected) > 0 {
		servers = append(servers, <-connected)
	}
	if !slices.Contains(servers, "voms") {
		t.Errorf("connections were told of %q", servers)
	}
}
