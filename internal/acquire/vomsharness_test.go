// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acquire_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/gridtls"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/aa"
	"github.com/x509up/x509up/voms/contact"
)

// vo is a VO with one server, which gives what it is asked for and the group of the VO.
type vo struct {
	t         testing.TB
	name      string
	authority *proxycert.Credential
	endpoint  contact.Endpoint

	// What it does.
	refusal string                                                 // the XML that it sends in the place of an attribute certificate
	warning string                                                 // what it says beside
	change  func(*aa.Template)                                     // a last word
	wait    chan struct{}                                          // it answers once that is closed
	seen    func(chain []*x509.Certificate, query url.Values) bool // may be nil; false: it does not answer

	mu    sync.Mutex
	asked []string // the queries
}

// grid is a user, a CA folder and the VOs below it.
type grid struct {
	t    testing.TB
	user *source
	dir  *trust.Dir
	vos  map[string]*vo
}

func newGrid(t testing.TB, names ...string) *grid {
	t.Helper()
	g := &grid{t: t, user: newSource(t), vos: map[string]*vo{}}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "ca.pem"), g.user.ca.PEM(), 0o644); err != nil {
		t.Fatal(err)
	}
	g.dir = &trust.Dir{Path: folder}
	for _, name := range names {
		g.add(name)
	}
	return g
}

func (g *grid) add(name string) *vo {
	v := &vo{t: g.t, name: name, authority: g.user.ca.Issue(g.t, testca.Leaf{
		Subject: "/DC=org/DC=example/CN=voms." + name, Hosts: []string{"127.0.0.1"},
	})}
	server := httptest.NewUnstartedServer(v)
	server.TLS = &tls.Config{
		Certificates: []tls.Certificate{gridtls.Certificate(v.authority)}, Time: clock, ClientAuth: tls.RequireAnyClientCert,
		NextProtos: []string{"http/1.1"},
	}
	server.StartTLS()
	g.t.Cleanup(server.Close)
	address, err := url.Parse(server.URL)
	if err != nil {
		g.t.Fatal(err)
	}
	port, err := strconv.Atoi(address.Port())
	if err != nil {
		g.t.Fatal(err)
	}
	v.endpoint = contact.Endpoint{Alias: name, Host: "127.0.0.1", Port: port, VO: name}
	g.vos[name] = v
	return v
}

// voms asks for these VOs, as --voms has them.
func (g *grid) voms(wants ...string) *acquire.VOMS {
	v := &acquire.VOMS{
		Find: func(_ context.Context, key string) ([]contact.Endpoint, error) {
			for _, vo := range g.vos {
				if key == vo.endpoint.Alias {
					return []contact.Endpoint{vo.endpoint}, nil
				}
			}
			return nil, &contact.UnknownVOError{VO: key}
		},
		Client: contact.Client{TLS: gridtls.Config(g.dir, clock)},
		Verify: func(_ context.Context, ac *voms.AC, holder *x509.Certificate) (*voms.Report, error) {
			return ac.Verify(voms.Options{Now: now, Holder: holder, CheckIssuer: func(chain []*x509.Certificate) error {
				_, err := g.dir.Verify(&proxycert.Credential{Chain: chain}, trust.Options{Now: now})
				return err
			}})
		},
	}
	for _, text := range wants {
		key, rest, _ := strings.Cut(text, ":")
		want := acquire.Want{Key: key}
		for f := range strings.SplitSeq(rest, ",") {
			switch f {
			case "":
			case "all":
				want.All = true
			case "/Role=production":
				want.FQANs = append(want.FQANs, voms.FQAN{Role: "production"})
			default:
				want.FQANs = append(want.FQANs, fqan(g.t, f))
			}
		}
		v.Wants = append(v.Wants, want)
	}
	return v
}

func fqan(t testing.TB, text string) voms.FQAN {
	t.Helper()
	f, err := voms.ParseFQAN(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// request is one for a proxy with attributes of these VOs.
func (g *grid) request(wants ...string) acquire.Request {
	r := request(g.t, g.user)
	r.Proxy = &acquire.Proxy{}
	if len(wants) > 0 {
		r.VOMS = g.voms(wants...)
	}
	return r
}

func (v *vo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := url.Values{}
	for part := range strings.SplitSeq(r.URL.RawQuery, "&") {
		name, value, _ := strings.Cut(part, "=")
		query[name] = strings.Split(value, ",")
	}
	v.mu.Lock()
	v.asked = append(v.asked, r.URL.RawQuery)
	v.mu.Unlock()
	if v.wait != nil {
		<-v.wait
	}
	if v.seen != nil && !v.seen(r.TLS.PeerCertificates, query) {
		panic(http.ErrAbortHandler)
	}
	if v.refusal != "" {
		fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><voms>%s</voms>`, v.refusal)
		return
	}
	ac := v.create(r.TLS.PeerCertificates, query)
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><voms><ac>%s</ac>`, base64.StdEncoding.EncodeToString(ac))
	if v.warning != "" {
		fmt.Fprintf(w, `<warning>%s</warning>`, v.warning)
	}
	fmt.Fprint(w, `</voms>`)
}

// create makes what is asked for.
func (v *vo) create(chain []*x509.Certificate, query url.Values) []byte {
	seconds, err := strconv.Atoi(query.Get("lifetime"))
	if err != nil {
		v.t.Errorf("lifetime: %v", err)
	}
	names := slices.DeleteFunc(slices.Clone(query["fqans"]), func(s string) bool { return s == "all" })
	if own := "/" + v.name; !slices.Contains(names, own) {
		names = append(names, own)
	}
	template := aa.Template{
		Holder: (&proxycert.Credential{Chain: chain}).EndEntity(), VO: v.name, Host: "voms." + v.name, Port: 15000,
		FQANs: names, Targets: query["targets"], NotBefore: now, NotAfter: now.Add(time.Duration(seconds) * time.Second),
	}
	if v.change != nil {
		v.change(&template)
	}
	ac, err := aa.Create(nil, template, v.authority.Leaf(), v.authority.Key)
	if err != nil {
		v.t.Errorf("making an attribute certificate: %v", err)
	}
	return ac
}

// questions are the queries that came so far.
func (v *vo) questions() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.asked)
}

// attributes are the FQANs in a stored proxy, with the VO of each attribute certificate before them.
func attributes(t testing.TB, c *proxycert.Credential) string {
	t.Helper()
	acs, _, err := voms.FromChain(c.Chain)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, ac := range acs {
		texts = append(texts, ac.VO+":"+strings.Join(ac.FQANs, ","))
	}
	return strings.Join(texts, " ")
}
