// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acquire_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/gridtls"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/aa"
	"github.com/x509up/x509up/voms/contact"
)

const (
	notMember = "<error><code>NoSuchUser</code><message>cms: User unknown to this VO.</message></error>"
	noRole    = "<error><code>1007</code><message>User is not authorized to request attribute</message></error>"
)

// TestAttributes: what is asked of whom, and what is in the proxy that is stored.
func TestAttributes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		wants  []string
		change func(*acquire.Request)
		asked  map[string]string // the query of each VO, without its lifetime
		want   string            // the attributes
	}{
		{"a VO", []string{"cms"}, nil, map[string]string{"cms": "fqans=/cms"}, "cms:/cms"},
		{"a role", []string{"cms:/cms/Role=production"}, nil, map[string]string{"cms": "fqans=/cms/Role=production"}, "cms:/cms/Role=production,/cms"},
		{"several of one", []string{"cms:/cms/it,/cms/Role=production"}, nil, map[string]string{"cms": "fqans=/cms/it,/cms/Role=production"},
			"cms:/cms/it,/cms/Role=production,/cms"},
		{"two VOs", []string{"dteam", "cms"}, nil, map[string]string{"cms": "fqans=/cms", "dteam": "fqans=/dteam"}, "dteam:/dteam cms:/cms"},
		{"two VOs the other way", []string{"cms", "dteam"}, nil, map[string]string{"cms": "fqans=/cms", "dteam": "fqans=/dteam"}, "cms:/cms dteam:/dteam"},
		{"a role in the VO's own group", []string{"cms:/Role=production"}, nil, map[string]string{"cms": "fqans=/cms/Role=production"}, "cms:/cms/Role=production,/cms"},
		{"everything", []string{"cms:all"}, nil, map[string]string{"cms": "fqans=all"}, "cms:/cms"},
		{"targets", []string{"cms"}, func(r *acquire.Request) { r.VOMS.Targets = []string{"se1", "se2"} },
			map[string]string{"cms": "fqans=/cms&targets=se1,se2"}, "cms:/cms"},
		{"the VO's own group, and a role", []string{"cms"}, func(r *acquire.Request) { r.VOMS.Wants[0].FQANs = []voms.FQAN{{}, {Role: "production"}} },
			map[string]string{"cms": "fqans=/cms,/cms/Role=production"}, "cms:/cms,/cms/Role=production"},
		{"an order", []string{"cms:/cms/Role=a,/cms/Role=b", "dteam"}, func(r *acquire.Request) { r.VOMS.Order = []voms.FQAN{fqan(t, "/cms/Role=b")} },
			map[string]string{"cms": "fqans=/cms/Role=b,/cms/Role=a&order=/cms:b", "dteam": "fqans=/dteam"}, "cms:/cms/Role=b,/cms/Role=a,/cms dteam:/dteam"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newGrid(t, "cms", "dteam")
			r := g.request(tt.wants...)
			if tt.change != nil {
				tt.change(&r)
			}
			result, err := acquire.Run(t.Context(), r)
			if err != nil || len(result.Warnings) > 0 {
				t.Fatal(err, result.Warnings)
			}
			stored := load(t, r.Target.File)
			if got := attributes(t, stored); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if err := stored.Check(now); err != nil {
				t.Error(err)
			}
			asked := map[string]string{}
			for name, vo := range g.vos {
				for _, query := range vo.questions() {
					asked[name] += strings.Replace(query, "&lifetime=43200", "", 1)
				}
			}
			if diff := cmp.Diff(tt.asked, asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAttributesOfTheUser: servers see the user's certificate, with --noregen the proxy, and never the new key.
func TestAttributesOfTheUser(t *testing.T) {
	t.Parallel()
	g := newGrid(t, "cms")
	var chains []int
	g.vos["cms"].seen = func(chain []*x509.Certificate, _ url.Values) bool {
		chains = append(chains, len(chain))
		return true
	}
	r := g.request("cms")
	if _, err := acquire.Run(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	proxy := load(t, r.Target.File)
	r.Source = stored{proxy}
	if _, err := acquire.Run(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	below := load(t, r.Target.File)
	if diff := cmp.Diff([]int{1, 2}, chains); diff != "" || len(below.Chain) != 3 {
		t.Errorf("certificates that the server saw (-want +got):\n%s\nchain of %d", diff, len(below.Chain))
	}
	acs, where, err := voms.FromChain(below.Chain)
	if err != nil || where != 0 || len(acs) != 1 {
		t.Fatalf("%d attribute certificates in certificate %d: %v", len(acs), where, err)
	}
	if _, err := acs[0].Verify(voms.Options{Now: now, Holder: proxy.EndEntity()}); err != nil {
		t.Error(err)
	}
}

// TestAllAtOnce: VOs do not wait for each other.
func TestAllAtOnce(t *testing.T) {
	t.Parallel()
	g := newGrid(t, "cms", "dteam", "atlas")
	both := make(chan struct{}, 3)
	g.vos["cms"].wait = make(chan struct{})
	for _, name := range []string{"dteam", "atlas"} {
		g.vos[name].seen = func([]*x509.Certificate, url.Values) bool { both <- struct{}{}; return true }
	}
	go func() { // the first VO answers when the others have
		<-both
		<-both
		close(g.vos["cms"].wait)
	}()
	r := g.request("cms", "dteam", "atlas")
	if _, err := acquire.Run(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if got, want := attributes(t, load(t, r.Target.File)), "cms:/cms dteam:/dteam atlas:/atlas"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestLifetimes: attributes are asked for as long as the proxy lives, but for a day at most, unless something else is said.
func TestLifetimes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                  string
		proxy, source, chosen time.Duration
		byDefault             bool
		most                  time.Duration // that the server gives
		want, warning         string
	}{
		{"as the proxy", 24 * time.Hour, 0, 0, false, 0, "lifetime=86400", ""},
		{"as the certificate lets the proxy", 24 * time.Hour, 10 * time.Hour, 0, true, 0, "lifetime=36000", ""},
		{"less than the proxy", 277 * time.Hour, 0, 0, true, 0, "lifetime=86400", ""},
		{"less than the proxy that was chosen", 48 * time.Hour, 0, 0, false, 0, "lifetime=86400", ""},
		{"chosen", 24 * time.Hour, 0, time.Hour, false, 0, "lifetime=3600", ""},
		{"more than a day chosen", 277 * time.Hour, 0, 48 * time.Hour, true, 0, "lifetime=172800", ""},
		{"shortened", 24 * time.Hour, 0, 24 * time.Hour, false, 12 * time.Hour, "lifetime=86400", `the attributes of the VO "cms" are valid for 12 h, not for 24 h as asked`},
		{"shortened by some minutes", 24 * time.Hour, 0, 24 * time.Hour, false, 24*time.Hour - 5*time.Minute, "lifetime=86400", ""},
		{"shortened where only the proxy's was chosen", 24 * time.Hour, 0, 0, false, 12 * time.Hour, "lifetime=86400", ""},
		{"shortened where nobody chose", 24 * time.Hour, 0, 0, true, 12 * time.Hour, "lifetime=86400", ""},
		{"shortened where only the proxy's was not chosen", 24 * time.Hour, 0, 20 * time.Hour, true, 12 * time.Hour, "lifetime=72000",
			`the attributes of the VO "cms" are valid for 12 h, not for 20 h as asked`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newGrid(t, "cms")
			g.user.most = tt.source
			cms := g.vos["cms"]
			if tt.most > 0 {
				cms.warning = "127.0.0.1:15000: The validity of this VOMS AC in your proxy is shortened to 43200 seconds!"
				cms.change = func(a *aa.Template) { a.NotAfter = now.Add(tt.most) }
			}
			r := g.request("cms")
			r.Lifetime, r.DefaultLifetime, r.VOMS.Lifetime = tt.proxy, tt.byDefault, tt.chosen
			result, err := acquire.Run(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(result.Warnings, "\n"); got != tt.warning {
				t.Errorf("warnings %q, want %q", got, tt.warning)
			}
			if asked := cms.questions(); len(asked) != 1 || !strings.HasSuffix(asked[0], tt.want) {
				t.Errorf("asked %q, want %q", asked, tt.want)
			}
		})
	}
}

// TestWarningsOfServers: what they say is passed on, and what they do not say is found.
func TestWarningsOfServers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, want string
		ask        string
		change     func(*vo)
	}{
		{"said", `the server ADDRESS of the VO "cms" says: only a subset of them can be issued`, "cms",
			func(v *vo) { v.warning = "only a subset of them can be issued" }},
		{"the primary attribute, needlessly", "", "cms", func(v *vo) { v.warning = "FQAN: /cms is not the first selected!\n" }},
		{"another primary attribute", `the VO "cms" gave something else than was asked for: its primary attribute is /cms/it, and /cms/Role=a is wanted`,
			"cms:/cms/Role=a", func(v *vo) { v.change = func(a *aa.Template) { a.FQANs = []string{"/cms/it", "/cms/Role=a"} } }},
		{"not all", `the VO "cms" gave something else than was asked for: /cms/Role=a is not among its attributes`,
			"cms:/cms/it,/cms/Role=a", func(v *vo) { v.change = func(a *aa.Template) { a.FQANs = []string{"/cms/it"} } }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newGrid(t, "cms")
			tt.change(g.vos["cms"])
			result, err := acquire.Run(t.Context(), g.request(tt.ask))
			if err != nil {
				t.Fatal(err)
			}
			want := strings.ReplaceAll(tt.want, "ADDRESS", g.vos["cms"].endpoint.Address())
			if got := strings.Join(result.Warnings, "\n"); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// TestNoAttributes: whatever a VO does, the file stays, and the error is that of the VO.
func TestNoAttributes(t *testing.T) {
	t.Parallel()
	is := func(errs ...any) func(error) bool {
		return func(err error) bool {
			for _, target := range errs {
				if !errors.As(err, target) {
					return false
				}
			}
			return true
		}
	}
	tests := []struct {
		name   string
		ask    []string
		change func(*grid, *acquire.Request)
		want   string // in the error
		is     func(error) bool
		before bool // the source is not even asked
	}{
		{"not a member", []string{"cms"}, func(g *grid, _ *acquire.Request) { g.vos["cms"].refusal = notMember },
			`acquire: getting attributes of the VO "cms": CMS: the certificate is not one of a member of the VO (“cms: User unknown to this VO.”)`,
			is(new(*acquire.VOMSError), new(*contact.RefusedError)), false},
		{"one of two", []string{"dteam", "cms"}, func(g *grid, _ *acquire.Request) { g.vos["cms"].refusal = notMember },
			`acquire: getting attributes of the VO "cms": `, is(new(*acquire.VOMSError)), false},
		{"both of two", []string{"dteam", "cms"}, func(g *grid, r *acquire.Request) {
			g.vos["cms"].refusal, g.vos["dteam"].refusal, r.VOMS.KeepFailing = notMember, noRole, true
		}, `acquire: getting attributes of the VO "dteam": DTEAM: a group or role that was asked for is not the user's, or does not exist ` +
			`(“User is not authorized to request attribute”); getting attributes of the VO "cms": CMS: the certificate`,
			is(new(acquire.VOMSErrors), new(*acquire.VOMSError), new(*contact.RefusedError)), false},
		{"unknown", []string{"cms", "lhcb"}, nil, `acquire: getting attributes of the VO "lhcb": no vomses file names a server of it`,
			is(new(*acquire.VOMSError), new(*contact.UnknownVOError)), true},
		{"a group of another VO", []string{"cms:/dteam/Role=a"}, nil, `making the request: /dteam/Role=a is no attribute of the VO "cms"`,
			is(new(*acquire.VOMSError), new(*contact.RequestError)), true},
		{"of another VO", []string{"cms"}, func(g *grid, _ *acquire.Request) {
			g.vos["cms"].change = func(a *aa.Template) { a.VO = "atlas" }
		}, `getting attributes of the VO "cms": CMS: it sent attributes of the VO "atlas"`, is(new(*acquire.ForeignError)), false},
		{"of another VO, unchecked", []string{"cms"}, func(g *grid, r *acquire.Request) {
			r.VOMS.Verify, g.vos["cms"].change = nil, func(a *aa.Template) { a.VO = "atlas" }
		}, `CMS: it sent attributes of the VO "atlas"`, is(new(*acquire.ForeignError)), false},
		{"expired", []string{"cms"}, func(g *grid, _ *acquire.Request) {
			g.vos["cms"].change = func(a *aa.Template) { a.NotBefore, a.NotAfter = now.Add(-2*time.Hour), now.Add(-time.Hour) }
		}, "it expired at 2030-01-01T11:00:00Z", is(new(*acquire.VOMSError), new(*voms.ValidityError)), false},
		{"of another holder", []string{"cms"}, func(g *grid, _ *acquire.Request) {
			other := g.user.ca.Issue(t, testca.Leaf{})
			g.vos["cms"].change = func(a *aa.Template) { a.Holder = other.Leaf() }
		}, "it was given to another certificate", is(new(*voms.HolderError)), false},
		{"no attribute certificate", []string{"cms"}, func(g *grid, r *acquire.Request) {
			r.VOMS.Verify, g.vos["cms"].refusal = nil, "<ac>MAMCAQU=</ac>"
		}, "voms: parsing an attribute certificate", is(new(*acquire.VOMSError), new(*voms.ParseError)), false},
		{"a server that nobody vouches for", []string{"cms"}, func(g *grid, r *acquire.Request) {
			r.VOMS.Client.TLS = gridtls.Config(&trust.Dir{Path: t.TempDir()}, clock)
		}, "the certificate of 127.0.0.1 will not do", is(new(*gridtls.ServerError), new(*trust.ChainError)), false},
		{"a dead server", []string{"cms"}, func(g *grid, _ *acquire.Request) { g.vos["cms"].endpoint.Port = 1 }, "connection refused", nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newGrid(t, "cms", "dteam")
			r := g.request(tt.ask...)
			put(t, r.Target.File, g.user.ca.Issue(t, testca.Leaf{}), 0o600)
			if tt.change != nil {
				tt.change(g, &r)
			}
			var err error
			unchanged(t, strings.TrimSuffix(r.Target.File, "/x509up"), func() { _, err = acquire.Run(t.Context(), r) })
			want := strings.NewReplacer("CMS", g.vos["cms"].endpoint.Address(), "DTEAM", g.vos["dteam"].endpoint.Address()).Replace(tt.want)
			if err == nil || !strings.Contains(err.Error(), want) || tt.is != nil && !tt.is(err) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			if got := g.user.obtained.Load() == 0; got != tt.before {
				t.Errorf("the source was spared: %v, want %v", got, tt.before)
			}
		})
	}
}

// TestNextServer: where the attributes that one server of a VO gives will not do, the next one's may.
func TestNextServer(t *testing.T) {
	t.Parallel()
	g := newGrid(t, "cms", "replica")
	bad, good := g.vos["cms"], g.vos["replica"]
	good.name, good.endpoint.VO = "cms", "cms"
	bad.change = func(a *aa.Template) { a.NotBefore, a.NotAfter = now.Add(-2*time.Hour), now.Add(-time.Hour) }
	r := g.request("cms")
	r.VOMS.Find = func(context.Context, string) ([]contact.Endpoint, error) {
		return []contact.Endpoint{bad.endpoint, good.endpoint}, nil
	}
	r.VOMS.Client.Spoken = func(contact.Endpoint) contact.Protocol { return contact.REST } // so that the order is kept
	if _, err := acquire.Run(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if got := attributes(t, load(t, r.Target.File)); got != "cms:/cms" || len(bad.questions()) != 1 || len(good.questions()) != 1 {
		t.Errorf("got %s after %d and %d questions", got, len(bad.questions()), len(good.questions()))
	}
	good.change = bad.change
	_, err := acquire.Run(t.Context(), r)
	if failed, ok := errors.AsType[*contact.FailedError](err); !ok || len(failed.Failures) != 2 {
		t.Errorf("got %v", err)
	}
}

// TestUnchecked: who wants it so gets what does not pass.
func TestUnchecked(t *testing.T) {
	t.Parallel()
	g := newGrid(t, "cms")
	other := g.user.ca.Issue(t, testca.Leaf{})
	g.vos["cms"].change = func(a *aa.Template) { a.Holder = other.Leaf() }
	r := g.request("cms")
	r.VOMS.Verify = nil
	if _, err := acquire.Run(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if got := attributes(t, load(t, r.Target.File)); got != "cms:/cms" {
		t.Errorf("got %s", got)
	}
}

// TestUnlisted: a VO whose servers have no list, as IAM's, is asked what it gives to all.
func TestUnlisted(t *testing.T) {
	t.Parallel()
	g := newGrid(t, "cms", "dteam")
	g.vos["cms"].change = func(a *aa.Template) { a.FQANs = []string{"/cms", "/cms/it"} }
	listings, warnings, err := acquire.List(t.Context(), g.request("cms"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]acquire.Listing{{VO: "cms", FQANs: []string{"/cms", "/cms/it"}}}, listings); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if want := []string{`the VO "cms" has no list: it gives these to who names none, and may have others`}; !slices.Equal(warnings, want) {
		t.Errorf("warnings %q", warnings)
	}
	// The refusal is for the question that it was asked in earnest.
	g.vos["dteam"].refusal = notMember
	if _, _, err := acquire.List(t.Context(), g.request("dteam")); err == nil {
		t.Error("a VO that gives nothing has a list")
	}
}

// TestListOfNobody: where the time is over there is none for another question.
func TestListOfNobody(t *testing.T) {
	t.Parallel()
	g := newGrid(t, "cms")
	r := g.request("cms")
	var dialed atomic.Int32
	r.VOMS.Client.Timeout = 10 * time.Millisecond
	r.VOMS.Client.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		dialed.Add(1)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	_, _, err := acquire.List(t.Context(), r)
	if !errors.Is(err, context.DeadlineExceeded) || dialed.Load() != 1 {
		t.Errorf("got %v after %d connections", err, dialed.Load())
	}
}

// TestKeepFailing: what one VO refuses is a warning if another gives.
func TestKeepFailing(t *testing.T) {
	t.Parallel()
	for _, ask := range [][]string{{"cms", "dteam"}, {"lhcb", "dteam"}} {
		g := newGrid(t, "cms", "dteam")
		g.vos["cms"].refusal = notMember
		r := g.request(ask...)
		r.VOMS.KeepFailing = true
		result, err := acquire.Run(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if got := attributes(t, load(t, r.Target.File)); got != "dteam:/dteam" {
			t.Errorf("%v: got %s", ask, got)
		}
		if len(result.Warnings) != 1 || !strings.HasPrefix(result.Warnings[0], fmt.Sprintf("getting attributes of the VO %q: ", ask[0])) {
			t.Errorf("%v: warnings %q", ask, result.Warnings)
		}
	}
}

// TestHidden: a proxy below one with attributes hides those.
func TestHidden(t *testing.T) {
	t.Parallel()
	g := newGrid(t, "cms", "dteam")
	r := g.request("cms")
	if _, err := acquire.Run(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	r.Source, r.VOMS = stored{load(t, r.Target.File)}, g.voms("dteam")
	result, err := acquire.Run(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`the proxy had attributes of the VO "cms", which the new one has not: ask for both`}
	if diff := cmp.Diff(want, result.Warnings); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestInterruptedQuestion: who loses patience while a VO thinks gets his cause, and no file.
func TestInterruptedQuestion(t *testing.T) {
	t.Parallel()
	g := newGrid(t, "cms")
	cms := g.vos["cms"]
	cms.wait = make(chan struct{})
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	r := g.request("cms")
	r.VOMS.Client.Notify = func(text string) {
		if text == "asking "+cms.endpoint.Address()+" (cms)" {
			cancel(cause)
		}
	}
	_, err := acquire.Run(ctx, r)
	close(cms.wait)
	if !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	if files := snapshot(t, strings.TrimSuffix(r.Target.File, "/x509up")); len(files) > 0 {
		t.Errorf("files: %v", files)
	}
}

// TestMemoryOfServers: the functions of the client are called by one goroutine at a time; the race detector watches.
func TestMemoryOfServers(t *testing.T) {
	t.Parallel()
	g := newGrid(t, "cms", "dteam", "atlas")
	r := g.request("cms", "dteam", "atlas")
	memory, told := map[string]contact.Protocol{}, 0
	r.VOMS.Client.Spoken = func(e contact.Endpoint) contact.Protocol { return memory[e.Address()] }
	r.VOMS.Client.Learned = func(e contact.Endpoint, p contact.Protocol) { memory[e.Address()] = p }
	r.VOMS.Client.Notify = func(string) { told++ }
	if _, err := acquire.Run(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if len(memory) != 3 || told != 3 || memory[g.vos["cms"].endpoint.Address()] != contact.REST {
		t.Errorf("remembers %v, was told %d times", memory, told)
	}
}

// TestProxyOfAttributes: the attributes of the proxy that is stored are byte for byte the server's.
func TestAttributesAreNotChanged(t *testing.T) {
	t.Parallel()
	g := newGrid(t, "cms")
	var sent []byte
	r := g.request("cms")
	verify := r.VOMS.Verify
	r.VOMS.Verify = func(ctx context.Context, ac *voms.AC, holder *x509.Certificate) (*voms.Report, error) {
		sent = ac.Raw
		return verify(ctx, ac, holder)
	}
	result, err := acquire.Run(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	acs, _, err := voms.FromChain(result.Credential.Chain)
	if err != nil || len(acs) != 1 || !cmp.Equal(acs[0].Raw, sent) || proxycert.TypeOf(result.Credential.Leaf()).Format != proxycert.FormatRFC {
		t.Errorf("%d attribute certificates, %v", len(acs), err)
	}
}

// TestAnswered: what became of each VO is told in the order in which they were named, and who is told can end the run.
func TestAnswered(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, refusal, want string
		stop                bool
	}{
		{"all answer", "", "dteam cms", false},
		{"one refuses", noRole, "dteam cms:refused", false},
		{"enough", "", "dteam", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := newGrid(t, "cms", "dteam")
			g.vos["cms"].refusal = c.refusal
			r := g.request("dteam", "cms")
			var told []string
			enough := errors.New("enough")
			r.VOMS.Answered = func(want acquire.Want, answer *contact.Answer, err error) error {
				text := want.Key
				if err != nil || answer.Endpoint.VO != want.Key {
					text += ":refused"
				}
				told = append(told, text)
				if c.stop {
					return enough
				}
				return nil
			}
			_, err := acquire.Run(t.Context(), r)
			if got := strings.Join(told, " "); got != c.want || errors.Is(err, enough) != c.stop || (err != nil) != (c.stop || c.refusal != "") {
				t.Errorf("told %q, %v", got, err)
			}
		})
	}
}
