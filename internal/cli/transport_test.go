// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/fed"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// pair is a credential as package tls has it.
func pair(c *proxycert.Credential) tls.Certificate {
	p := tls.Certificate{PrivateKey: c.Key}
	for _, cert := range c.Chain {
		p.Certificate = append(p.Certificate, cert.Raw)
	}
	return p
}

// newServer is a web server with a certificate for a name, and its CA.
func newServer(t *testing.T, name string, config *tls.Config, handler http.HandlerFunc) (*httptest.Server, string) {
	t.Helper()
	ca := testca.New(t, testca.Options{})
	s := httptest.NewUnstartedServer(handler)
	config.Certificates = []tls.Certificate{pair(ca.Issue(t, testca.Leaf{Hosts: []string{name}}))}
	s.TLS = config
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, string(ca.PEM())
}

// TestTLSVersions: TLS 1.2 is the least that is spoken.
func TestTLSVersions(t *testing.T) {
	t.Parallel()
	for version, want := range map[uint16]int{tls.VersionTLS10: 35, tls.VersionTLS11: 35, tls.VersionTLS12: 0, tls.VersionTLS13: 0} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			t.Parallel()
			h := newHome(t, nil)
			s, ca := newServer(t, "127.0.0.1", &tls.Config{MinVersion: version, MaxVersion: version},
				func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, tls.VersionName(r.TLS.Version)) })
			out, err, code := h.run(t, "curl", "--ca-file", h.write(t, "ca.pem", ca), s.URL)
			if code != want || want == 0 && out != tls.VersionName(version) {
				t.Errorf("exit code %d, want %d; %q %s", code, want, out, err)
			}
		})
	}
}

// TestHTTPProxy: HTTPS_PROXY is gone through, for a host that the proxy alone knows, and NO_PROXY is not.
func TestHTTPProxy(t *testing.T) {
	t.Parallel()
	h := newHome(t, nil)
	s, ca := newServer(t, "data.example.org", &tls.Config{}, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "here") })
	caFile := h.write(t, "ca.pem", ca)
	proxy := newConnectProxy(t, s.Listener.Addr().String())
	template := command(t, start(t, fed.Options{}))
	curl := func(vars ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), template.Path, "curl", "--ca-file", caFile, "https://data.example.org/")
		cmd.Env, cmd.Dir = append([]string{"HOME=" + template.Dir, "GORACE=" + quickExit}, vars...), template.Dir
		out, err := cmd.Output()
		return string(out), err
	}
	for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
		if out, err := curl(name + "=" + proxy.URL); err != nil || out != "here" {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
	if out, err := curl("HTTPS_PROXY="+proxy.URL, "NO_PROXY=.example.org"); err == nil {
		t.Errorf("NO_PROXY: %q", out)
	}
	want := []string{"data.example.org:443", "data.example.org:443"}
	if diff := cmp.Diff(want, proxy.seen()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// connectProxy is an HTTP proxy that takes every host for the same one.
type connectProxy struct {
	*httptest.Server
	mu    sync.Mutex
	hosts []string
}

func newConnectProxy(t *testing.T, address string) *connectProxy {
	t.Helper()
	p := &connectProxy{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			http.Error(w, "CONNECT only", http.StatusMethodNotAllowed)
			return
		}
		p.mu.Lock()
		p.hosts = append(p.hosts, r.Host)
		p.mu.Unlock()
		there, err := net.Dial("tcp", address)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer there.Close()
		w.WriteHeader(http.StatusOK)
		here, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer here.Close()
		go func() {
			_, _ = io.Copy(there, buffered)
			there.Close()
		}()
		_, _ = io.Copy(here, there)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *connectProxy) seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hosts
}

// TestCurlCodes: curl's exit codes, through the whole command. The others are in curl.txtar and in package page.
func TestCurlCodes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		args    []string
		want    int
		says    string
	}{
		{"nobody answers", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, []string{"--timeout", "50ms"}, 28, "no answer within 50ms"},
		{"nobody ends", func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, "the beginning")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, []string{"--timeout", "500ms"}, 28, "no answer within 500ms"},
		{"endless redirects", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", http.StatusFound) }, []string{"-L"}, 47, "more than 50"},
		{"redirects that are not followed", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", http.StatusFound) }, nil, 0, ""},
		{"a part of the answer", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "the beginning")
		}, nil, 56, "it broke off"},
		{"no answer", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, nil, 52, "EOF"},
		{"a full disk", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "here") }, []string{"-o", "/dev/full"}, 23, "no space left on device"},
		{"a bad field", func(http.ResponseWriter, *http.Request) {}, []string{"-H", "nonsense"}, 2, `-H "nonsense"`},
		{"a redirect to http", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+r.Host+"/", http.StatusFound)
		}, []string{"-L"}, 3, "is not https"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t, nil)
			s, ca := newServer(t, "127.0.0.1", &tls.Config{}, c.handler)
			_, err, code := h.run(t, append([]string{"curl", "--ca-file", h.write(t, "ca.pem", ca), s.URL}, c.args...)...)
			if code != c.want || !strings.Contains(err, c.says) {
				t.Errorf("exit code %d, want %d; %s", code, c.want, err)
			}
			if c.want != 0 && strings.Count(err, "\n")-strings.Count(err, "hint: ") != 1 {
				t.Errorf("not one line, and hints: %s", err)
			}
		})
	}
}

// TestCurlRedirects: a secret for one host does not go to another, and the body of a POST arrives after a 307, here through the
// client that logs in.
func TestCurlRedirects(t *testing.T) {
	t.Parallel()
	type visit struct{ Method, Body, Authorization, Cookie, Agent string }
	var mu sync.Mutex
	var visits []visit
	note := func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		visits = append(visits, visit{r.Method, string(body), r.Header.Get("Authorization"), r.Header.Get("Cookie"), r.Header.Get("User-Agent")})
	}
	h := newHome(t, nil)
	there, ca1 := newServer(t, "127.0.0.1", &tls.Config{}, note)
	here, ca2 := newServer(t, "127.0.0.1", &tls.Config{}, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/there":
			http.Redirect(w, r, there.URL, http.StatusTemporaryRedirect)
		case "/same":
			http.Redirect(w, r, "/end", http.StatusTemporaryRedirect)
		default:
			note(w, r)
		}
	})
	both := h.write(t, "both.pem", ca1+ca2)
	secrets := []string{"-H", "Authorization: Bearer s3cret", "-H", "Cookie: id=s3cret", "-H", "User-Agent:"}
	for _, path := range []string{"/same", "/there"} {
		args := append([]string{"curl", "-L", "--ca-file", both, "-d", "a=1", here.URL + path}, secrets...)
		if _, err, code := h.run(t, args...); code != 0 {
			t.Errorf("%s: exit code %d: %s", path, code, err)
		}
	}
	want := []visit{
		// Each POST is preceded by a GET, by which the client learns that no login is wanted.
		{"GET", "", "Bearer s3cret", "id=s3cret", ""},
		{"POST", "a=1", "Bearer s3cret", "id=s3cret", ""},
		{"GET", "", "", "", ""},
		{"POST", "a=1", "", "", ""},
	}
	if diff := cmp.Diff(want, visits); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
