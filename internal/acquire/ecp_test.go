// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acquire_test

import (
	"context"
	"crypto/rsa"
	"errors"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/getcert"
	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/fed"
	"github.com/x509up/x509up/internal/gridtls"
	"github.com/x509up/x509up/internal/site"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/contact"
)

// member is the source of a user of a federation.
func member(t testing.TB, f *fed.Federation) *acquire.ECP {
	t.Helper()
	sp, err := url.Parse(f.SPURL)
	if err != nil {
		t.Fatal(err)
	}
	idp := f.Client().Transport.(*http.Transport)
	return &acquire.ECP{
		Client: &getcert.Client{URL: sp, ECP: &ecp.Client{
			SPTransport: f.Client().Transport, IdPTransport: idp,
			Credentials: func(context.Context, ecp.Prompt) (ecp.Credentials, error) {
				return ecp.Credentials{Username: f.Username, Password: f.Password}, nil
			},
		}},
		FindIdP: func(context.Context) (*url.URL, error) { return url.Parse(f.IdPURL) },
		Warm:    idp,
	}
}

func start(t testing.TB, faults ...fed.Fault) *fed.Federation {
	t.Helper()
	f, err := fed.Start(fed.Options{Faults: faults})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// fedRequest goes by the system's clock, as TLS does.
func fedRequest(t testing.TB, s acquire.Source) acquire.Request {
	r := request(t, s)
	r.Now = nil
	return r
}

func TestECP(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, c := range []struct {
		name  string
		mode  bool
		proxy *acquire.Proxy
		rsa   bool // the key of the leaf
		chain int
	}{
		{"certreq", false, nil, false, 1},
		{"certreq, proxy", false, &acquire.Proxy{}, false, 2},
		{"pkcs12", true, nil, true, 1},
		{"pkcs12, proxy", true, &acquire.Proxy{Policy: proxycert.Limited}, false, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := member(t, f)
			s.PKCS12 = c.mode
			r := fedRequest(t, s)
			r.Proxy = c.proxy
			got, err := acquire.Run(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if id := proxycert.OneLine(got.Credential.Identity()); id != "/DC=org/DC=example/C=US/O=Example University/CN=Jane Doe A251" {
				t.Errorf("the identity is %s", id)
			}
			if _, isRSA := got.Credential.Key.(*rsa.PrivateKey); isRSA != c.rsa || len(got.Credential.Chain) != c.chain || got.Warnings != nil {
				t.Errorf("RSA %v, %d certificates, warnings %q", isRSA, len(got.Credential.Chain), got.Warnings)
			}
			if !load(t, r.Target.File).Leaf().Equal(got.Credential.Leaf()) {
				t.Error("the file holds another certificate")
			}
		})
	}
}

func TestECPClamped(t *testing.T) {
	t.Parallel()
	r := fedRequest(t, member(t, start(t)))
	r.Lifetime = 1000 * time.Hour
	got, err := acquire.Run(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	// 277 hours less some milliseconds, which rounding may take for none.
	if len(got.Warnings) != 1 || !strings.HasPrefix(got.Warnings[0], "the certificate is valid for 11 days 1") ||
		!strings.HasSuffix(got.Warnings[0], " h, not for 41 days 16 h as asked") {
		t.Errorf("warnings %q", got.Warnings)
	}
}

func TestIdPNotFound(t *testing.T) {
	t.Parallel()
	f := start(t)
	s := member(t, f)
	cause := errors.New("no such identity provider")
	s.FindIdP = func(context.Context) (*url.URL, error) { return nil, cause }
	if _, err := acquire.Run(t.Context(), fedRequest(t, s)); !errors.Is(err, cause) || len(f.Requests()) > 0 {
		t.Errorf("got %v after %d requests", err, len(f.Requests()))
	}
}

// TestFaults: whatever goes wrong in a federation, in both modes, the old file
// stays byte for byte, and nothing is left beside it. Who logs in by a password
// does not meet the faults of tickets.
func TestFaults(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	for _, info := range fed.Faults() {
		if ofVO(info.Fault) || ofTickets(info.Fault) {
			continue
		}
		t.Run(string(info.Fault), func(t *testing.T) {
			t.Parallel()
			f := start(t, info.Fault)
			for _, pkcs12 := range []bool{false, true} {
				s := member(t, f)
				s.PKCS12 = pkcs12
				r := fedRequest(t, s)
				r.Proxy, r.Reuse = &acquire.Proxy{}, time.Hour
				ctx := t.Context()
				if info.Fault == fed.SlowAnswer {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, 300*time.Millisecond)
					defer cancel()
				}
				put(t, r.Target.File, ca.Issue(t, testca.Leaf{}), 0o600)
				unchanged(t, filepath.Dir(r.Target.File), func() {
					if _, err := acquire.Run(ctx, r); err == nil {
						t.Errorf("pkcs12 %v: no error", pkcs12)
					}
				})
			}
		})
	}
}

// ofVO tells the faults of VOMS servers.
func ofVO(f fed.Fault) bool { return strings.HasPrefix(string(f), "voms-") }

// ofTickets tells the faults of the KDC, and of the IdP where it takes tickets.
func ofTickets(f fed.Fault) bool {
	return strings.HasPrefix(string(f), "kdc-") || strings.HasPrefix(string(f), "krb-")
}

// fedVOMS asks the VOs of a federation.
func fedVOMS(t testing.TB, f *fed.Federation, wants ...acquire.Want) *acquire.VOMS {
	t.Helper()
	dir, err := f.WriteDir(filepath.Join(t.TempDir(), "fed"))
	if err != nil {
		t.Fatal(err)
	}
	s := &site.Site{
		Vomses: config.Places{Near: []string{dir.Vomses}}, VOMSDirs: config.Places{Near: []string{dir.VOMSDir}}, CADirs: config.Places{Near: []string{dir.CertDir}}, Now: time.Now,
	}
	return &acquire.VOMS{
		Wants: wants,
		Find: func(ctx context.Context, key string) ([]contact.Endpoint, error) {
			return s.Book(ctx, key).Find(key)
		},
		Client: contact.Client{TLS: gridtls.LateConfig(s.CAs, time.Now), Timeout: 2 * time.Second},
		Verify: s.Verify,
	}
}

// TestFaultsOfVOs: whatever a VOMS server does, there are attributes that have been checked, or the file stays, and the
// error is that of the VO. The other VO has none of it.
func TestFaultsOfVOs(t *testing.T) {
	t.Parallel()
	harmless := []fed.Fault{fed.VOMSRESTEmpty, fed.VOMSREST404, fed.VOMSLegacyOnly, fed.VOMSDeadFirst, fed.VOMSIPv6Only}
	ca := testca.New(t, testca.Options{})
	for _, info := range fed.Faults() {
		if !ofVO(info.Fault) {
			continue
		}
		t.Run(string(info.Fault), func(t *testing.T) {
			t.Parallel()
			f := start(t, info.Fault)
			first, second := f.VOs[0].Name, f.VOs[1].Name
			r := fedRequest(t, member(t, f))
			r.Proxy = &acquire.Proxy{}
			r.VOMS = fedVOMS(t, f, acquire.Want{Key: first, FQANs: []voms.FQAN{{Group: "/" + first, Role: "production"}}}, acquire.Want{Key: second})
			put(t, r.Target.File, ca.Issue(t, testca.Leaf{}), 0o600)
			if slices.Contains(harmless, info.Fault) {
				result, err := acquire.Run(t.Context(), r)
				if err != nil || len(result.Warnings) > 0 {
					t.Fatal(err, result.Warnings)
				}
				if got := attributes(t, result.Credential); !strings.HasPrefix(got, first+":/"+first+"/Role=production") || !strings.Contains(got, " "+second+":/"+second) {
					t.Errorf("attributes %s", got)
				}
				return
			}
			unchanged(t, filepath.Dir(r.Target.File), func() {
				_, err := acquire.Run(t.Context(), r)
				if e, ok := errors.AsType[*acquire.VOMSError](err); !ok || e.VO != first {
					t.Errorf("got %v", err)
				}
			})
			r.VOMS.KeepFailing = true
			result, err := acquire.Run(t.Context(), r)
			if err != nil || len(result.Warnings) != 1 || !strings.HasPrefix(attributes(t, result.Credential), second+":/"+second) {
				t.Errorf("with the other VO alone: %v %q", err, result.Warnings)
			}
		})
	}
}
