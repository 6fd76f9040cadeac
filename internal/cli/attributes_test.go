// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"context"
	"crypto/tls"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/gridtls"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/contact"
)

// attributes puts attributes of VOs, which their servers are asked for, into a proxy of the one that is stored, and stores
// that. The VO "broken" is an extension that nobody can read.
func attributes(ts *testscript.TestScript, _ bool, vos []string) {
	path := ts.Getenv("X509_USER_PROXY")
	c, err := credstore.Load(path)
	ts.Check(err)
	book := contact.Load(ts.Getenv("X509_VOMSES"))
	config := gridtls.Config(&trust.Dir{Path: ts.Getenv("X509_CERT_DIR")}, time.Now)
	config.Certificates = []tls.Certificate{gridtls.Certificate(c)}
	var extension pkix.Extension
	var acs [][]byte
	for _, vo := range vos {
		if vo == "broken" {
			extension = pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 8005, 100, 100, 5}, Value: []byte{0x30, 0x01, 0x00}}
			continue
		}
		servers, err := book.Find(vo)
		ts.Check(err)
		answer, err := (&contact.Client{TLS: config}).Ask(context.Background(), servers, contact.Request{All: true, Lifetime: time.Hour})
		ts.Check(err)
		acs = append(acs, answer.AC)
	}
	if len(acs) > 0 {
		extension, err = voms.Extension(acs...)
		ts.Check(err)
	}
	proxy, err := proxycert.New(c, proxycert.Options{Now: time.Now(), KeyType: proxycert.EC256, Extensions: []pkix.Extension{extension}})
	ts.Check(err)
	data, err := proxy.Marshal(proxycert.PKCS8)
	ts.Check(err)
	ts.Check(os.WriteFile(path, data, 0o600))
}

// TestVOMSVectors: what servers and clients of others made is shown as they meant it, and verified as libvomsapi does.
func TestVOMSVectors(t *testing.T) {
	t.Parallel()
	const vectors = "../../voms/testdata/vectors"
	text, err := os.ReadFile(filepath.Join(vectors, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		At      time.Time
		Proxies []struct {
			File, Refusal string
			Granted       []string
		}
	}
	if err := json.Unmarshal(text, &manifest); err != nil || len(manifest.Proxies) < 25 {
		t.Fatalf("%d proxies, %v", len(manifest.Proxies), err)
	}
	for _, v := range manifest.Proxies {
		t.Run(filepath.Base(v.File), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(filepath.Join(vectors, v.File))
			if err != nil {
				t.Fatal(err)
			}
			h := newHome(t, nil)
			h.write(t, "x509up.pem", string(data))
			h.now = func() time.Time { return manifest.At }
			h.env["X509_CERT_DIR"], h.env["X509_VOMS_DIR"] = filepath.Join(vectors, "certificates"), filepath.Join(vectors, "vomsdir")
			out, stderr, code := h.run(t, "info", "--json")
			var shown struct {
				AttributeCertificates []struct {
					VO         string
					FQANs      []string
					Attributes []struct{ Name, Value, Qualifier string }
				} `json:"attribute_certificates"`
			}
			if err := json.Unmarshal([]byte(out), &shown); err != nil {
				t.Fatalf("exit code %d: %v: %s", code, err, stderr)
			}
			var got []string
			for _, ac := range shown.AttributeCertificates {
				got = append(got, "vo "+ac.VO)
				for _, f := range ac.FQANs {
					got = append(got, "fqan "+f)
				}
				for _, a := range ac.Attributes {
					got = append(got, "attribute "+a.Name+" = "+a.Value+" ("+a.Qualifier+")")
				}
			}
			if diff := cmp.Diff(v.Granted, got); v.Granted != nil && diff != "" {
				t.Errorf("(-libvomsapi +here):\n%s", diff)
			}
			want := 0
			// What libvomsapi cannot read can be read here.
			if v.Refusal != "" && !strings.HasPrefix(v.Refusal, "error 10: ") {
				want = 7
			}
			if out, stderr, code := h.run(t, "verify", "--host", "x.example"); code != want {
				t.Errorf("verify: exit code %d, want %d: %s%s", code, want, stderr, out)
			}
			if strings.Contains(v.Refusal, "allowed hosts") {
				if out, stderr, code := h.run(t, "verify", "--host", "x.example", "--host", "A.example"); code != 0 {
					t.Errorf("verify as a.example: exit code %d: %s%s", code, stderr, out)
				}
			}
		})
	}
}
