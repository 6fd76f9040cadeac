// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package login_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/login"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

func newConsole() *console.Console {
	return &console.Console{Surroundings: console.Surroundings{
		In: strings.NewReader("s3cret\n"), Err: new(bytes.Buffer), Version: "v1", Now: time.Now, Env: func(string) string { return "" },
	}}
}

func write(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.pem")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestFill: an option goes before a variable, that before the profile; of the ways to a password one alone is taken.
func TestFill(t *testing.T) {
	t.Parallel()
	profile := config.Profile{IdentityProvider: "P", Username: "P", PasswordFile: "P", PasswordCommand: "P", IdPList: "P",
		Metadata: "P", CAFile: "P", Duo: "P", Timeout: time.Minute}
	variables := map[string]string{"ECP_IDP": "E", "X509UP_USERNAME": "E", "X509UP_PASSWORD_FILE": "E"}
	all := login.Options{IdentityProvider: "P", Username: "P", Password: ask.SecretOptions{File: "P"}, IdPList: "P", Metadata: "P",
		CAFile: "P", Duo: "P", Timeout: time.Minute, GivenTimeout: time.Minute}
	change := func(f func(*login.Options)) login.Options {
		o := all
		f(&o)
		return o
	}
	for _, c := range []struct {
		name    string
		options login.Options
		env     map[string]string
		profile config.Profile
		want    login.Options
	}{
		{"nothing", login.Options{}, nil, config.Profile{}, login.Options{Timeout: 3 * time.Minute}},
		{"profile", login.Options{}, nil, profile, all},
		{"variables", login.Options{}, variables, profile, change(func(o *login.Options) {
			o.IdentityProvider, o.Username, o.Password.File = "E", "E", "E"
		})},
		{"options", login.Options{IdentityProvider: "O", Username: "O", Duo: "O", Timeout: time.Hour}, variables, profile, change(func(o *login.Options) {
			o.IdentityProvider, o.Username, o.Password.File, o.Duo, o.Timeout, o.GivenTimeout = "O", "O", "E", "O", time.Hour, time.Hour
		})},
		{"stdin", login.Options{Password: ask.SecretOptions{Stdin: true}}, variables, profile, change(func(o *login.Options) {
			o.IdentityProvider, o.Username, o.Password = "E", "E", ask.SecretOptions{Stdin: true}
		})},
		{"command of the profile", login.Options{}, nil, config.Profile{PasswordCommand: "P"},
			login.Options{Password: ask.SecretOptions{Command: "P"}, Timeout: 3 * time.Minute}},
	} {
		o := c.options
		o.Fill(func(name string) string { return c.env[name] }, c.profile)
		if diff := cmp.Diff(c.want, o); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestNew: what is made of the options.
func TestNew(t *testing.T) {
	t.Parallel()
	idp := "https://idp.example.org/ecp"
	client, err := login.New(newConsole(), login.Options{IdentityProvider: idp, Username: "jdoe", Duo: "push", WaitForChallenge: true,
		Password: ask.SecretOptions{Stdin: true}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if client.ECP.UserAgent != "x509up/v1" || client.ECP.Duo.Factor != "push" || !client.ECP.WaitForChallenge {
		t.Errorf("got %+v", client.ECP)
	}
	if client.ECP.IdPTransport != client.Warm || client.ECP.SPTransport == client.ECP.IdPTransport {
		t.Error("the servers share a transport, or that to warm is not the one to the identity provider")
	}
	found, err := client.FindIdP(t.Context())
	if err != nil || found.String() != idp {
		t.Errorf("%v, %v", found, err)
	}
	got, err := client.ECP.Credentials(t.Context(), ecp.Prompt{IdP: found, Request: &ecp.AuthnRequest{}})
	if want := (ecp.Credentials{Username: "jdoe", Password: "s3cret"}); got != want || err != nil {
		t.Errorf("%v, %v", got, err)
	}
}

// TestNewRefuses: what cannot be carried out is said before anything is sent.
func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		options login.Options
		want    string
	}{
		{"time", login.Options{Timeout: -1}, "--timeout -1ns is less than nothing"},
		{"key alone", login.Options{ClientKey: "k"}, "--client-key is of no use without --client-cert"},
		{"factor", login.Options{Duo: "fax"}, `--duo "fax": the factors are auto, push, phone, sms and passcode`},
		{"CAs", login.Options{CAFile: write(t, []byte("nothing"))}, "holds no certificate in PEM"},
		{"CAs that are not there", login.Options{CAFile: "/no/such/file"}, "reading the CAs: open /no/such/file"},
		{"folder of CAs", login.Options{CAFolder: "/no/such/folder"}, "reading the CAs: open /no/such/folder"},
		{"certificate", login.Options{ClientCert: write(t, []byte("nothing"))}, "reading the client certificate: "},
	} {
		client, err := login.New(newConsole(), c.options, nil)
		if client != nil || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestClientCertificate: it goes to the identity provider alone, and then nobody is asked for a password.
func TestClientCertificate(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	data, err := ca.Issue(t, testca.Leaf{}).Marshal(proxycert.PKCS1)
	if err != nil {
		t.Fatal(err)
	}
	o := login.Options{ClientCert: write(t, data), CAFile: write(t, ca.PEM())}
	client, err := login.New(newConsole(), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	if client.ECP.Credentials != nil {
		t.Error("a password is asked for")
	}
	for name, c := range map[string]struct {
		transport http.RoundTripper
		want      int
	}{"identity provider": {client.ECP.IdPTransport, 1}, "service provider": {client.ECP.SPTransport, 0}} {
		config := c.transport.(*http.Transport).TLSClientConfig
		if len(config.Certificates) != c.want || config.RootCAs == nil || config.MinVersion != tls.VersionTLS12 {
			t.Errorf("%s: %d certificates, CAs %v", name, len(config.Certificates), config.RootCAs)
		}
	}
}

// TestCAFolder: the CAs of a folder are trusted beside those of the file, by the names that OpenSSL gives them.
func TestCAFolder(t *testing.T) {
	t.Parallel()
	hashed, ofFile, other := testca.New(t, testca.Options{Subject: "/CN=Hashed"}), testca.New(t, testca.Options{Subject: "/CN=File"}), testca.New(t, testca.Options{Subject: "/CN=Other"})
	folder := t.TempDir()
	for name, data := range map[string][]byte{"0123abcd.0": hashed.PEM(), "other.pem": other.PEM(), "0123abcd.signing_policy": other.PEM(), "89abcdef.10": []byte("broken")} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	transport, err := login.NewTransport(login.Options{CAFile: write(t, ofFile.PEM()), CAFolder: folder}, false)
	if err != nil {
		t.Fatal(err)
	}
	for ca, want := range map[*testca.CA]bool{hashed: true, ofFile: true, other: false} {
		_, err := ca.Cert.Verify(x509.VerifyOptions{Roots: transport.TLSClientConfig.RootCAs, CurrentTime: ca.Cert.NotBefore.Add(time.Minute)})
		if (err == nil) != want {
			t.Errorf("%v is trusted: %v", ca.Cert.Subject, err)
		}
	}
	if transport, err = login.NewTransport(login.Options{CAFolder: folder}, false); err != nil || transport.TLSClientConfig.RootCAs == nil {
		t.Errorf("without a file: %v", err)
	}
}

// TestLogged: what goes through a transport is shown to who asks for it, and to nobody else.
func TestLogged(t *testing.T) {
	t.Parallel()
	con := newConsole()
	transport := &http.Transport{}
	if got := login.Logged(con, transport, "sp"); got != http.RoundTripper(transport) {
		t.Errorf("without -d: %v", got)
	}
	con.Debug = true
	r := &http.Request{Method: "GET", URL: &url.URL{Scheme: "https", Host: "127.0.0.1:1"}, Header: http.Header{}}
	if _, err := login.Logged(con, transport, "sp").RoundTrip(r); err == nil {
		t.Fatal("somebody answered")
	}
	if said := con.Err.(*bytes.Buffer).String(); !strings.Contains(said, "sp") || !strings.Contains(said, "127.0.0.1:1") {
		t.Errorf("said %q", said)
	}
}

// TestFinder: a line of a list that cannot be used is the business of its keeper, and of who asks for more.
func TestFinder(t *testing.T) {
	t.Parallel()
	for _, verbose := range []bool{false, true} {
		con := newConsole()
		con.Verbose = verbose
		o := login.Options{IdPList: write(t, []byte("http://plain.example.org/ecp Plain\nhttps://idp.example.org/ecp Example\n"))}
		providers, err := login.Finder(con, o, http.DefaultTransport).All(t.Context())
		if err != nil || len(providers) != 1 || providers[0].URL != "https://idp.example.org/ecp" {
			t.Errorf("%v, %v", providers, err)
		}
		if said := con.Err.(*bytes.Buffer).String(); (said != "") != verbose || strings.Contains(said, "warning") {
			t.Errorf("verbose %v: said %q", verbose, said)
		}
	}
}

// TestNoPassword: who has no password is told what was asked for, and no server is blamed.
func TestNoPassword(t *testing.T) {
	t.Parallel()
	client, err := login.New(newConsole(), login.Options{Username: "jdoe", Password: ask.SecretOptions{File: "/no/such/file"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.ECP.Credentials(t.Context(), ecp.Prompt{IdP: &url.URL{Host: "idp.example.org"}, Request: &ecp.AuthnRequest{IsPassive: true}})
	if e, ok := errors.AsType[*ask.SecretError](err); !ok || e.Doing != "reading the password" {
		t.Errorf("got %v", err)
	}
}
