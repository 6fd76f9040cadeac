// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package gridcert_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/compat/golden"
	"github.com/x509up/x509up/internal/compat/gridcert"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// TestOriginal: what scripts read is byte for byte what the original prints, on what all tools in use have made.
func TestOriginal(t *testing.T) {
	t.Parallel()
	folder := golden.Vectors(t)
	golden.Check(t, gridcert.Tools(), "testdata/cert.txt", folder, false, nil)
	golden.Check(t, gridcert.Tools(), "testdata/usage.txt", folder, true, nil)
}

// home is a folder with certificates.
func home(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	ca := testca.New(t, testca.Options{})
	jane, der := ca.Issue(t, testca.Leaf{Subject: "/CN=Jane"}), ca.Issue(t, testca.Leaf{Subject: "/CN=DER"})
	key, err := jane.MarshalKey(proxycert.PKCS8)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		".globus/usercert.pem": jane.MarshalChain(), "other.pem": append(key, ca.Issue(t, testca.Leaf{Subject: "/CN=Eve"}).MarshalChain()...),
		"der.pem": der.Leaf().Raw, "key.pem": key, "text": []byte("read me"), "broken.p12": []byte("read me"),
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestFiles: which file is the certificate's, and what it is in.
func TestFiles(t *testing.T) {
	t.Parallel()
	dir := home(t)
	const nowhere, p12 = "Error: Cannot locate certificate\n", "Credentials are in pkcs12 format, OpenSSL will prompt for p12 password\n"
	for _, c := range []struct {
		line, out, err string
		code           int
	}{
		{"HOME=@ grid-cert-info -subject", "/CN=Jane\n", "", 0},
		{"HOME=@none grid-cert-info -subject", "", nowhere, 1},
		{"X509_USER_CERT=@other.pem HOME=@ grid-cert-info -s", "/CN=Eve\n", "", 0},
		{"grid-cert-info -f @der.pem -s", "/CN=DER\n", "", 0},
		{"grid-cert-info -f @text -s", "", nowhere, 1},
		{"grid-cert-info -f @key.pem -s", "", "Could not read certificate from @key.pem\n", 1},
		{"grid-cert-info -f @broken.p12 -s", p12, "Could not read certificate from @broken.p12\n", 1},
		{"grid-cert-info -f @.globus -s", "", "\nERROR: option -f : \"@.globus\" is not a valid filename\n", 1},
	} {
		r := golden.Run(t, gridcert.Tools(), "", strings.Fields(strings.ReplaceAll(c.line, "@", dir+"/"))...)
		said := strings.ReplaceAll(r.Err, dir+"/", "@")
		if r.Out != c.out || r.Code != c.code || !strings.HasPrefix(said, c.err) || (said == "") != (c.err == "") {
			t.Errorf("%s: %+v", c.line, r)
		}
	}
}

// TestText: a whole certificate is shown in words, and never a key.
func TestText(t *testing.T) {
	t.Parallel()
	dir := home(t)
	for _, options := range []string{"", " -all", " -rfc2253"} {
		r := golden.Run(t, gridcert.Tools(), "", strings.Fields("grid-cert-info -file "+dir+"/other.pem"+options)...)
		if r.Code != 0 || !strings.Contains(r.Out, "CN=Eve") || !strings.Contains(r.Out, "2020-01-01") || strings.Contains(r.Out, "PRIVATE") {
			t.Errorf("%s: %+v", options, r)
		}
	}
}

// TestPKCS12: the line that the original prints first is there, and the certificate is the one of the key.
func TestPKCS12(t *testing.T) {
	t.Parallel()
	const file = "../../pemfile/testdata/good-empty-passphrase.p12"
	r := golden.Run(t, gridcert.Tools(), "", "grid-cert-info", "-f", file, "-enddate")
	first, rest, _ := strings.Cut(r.Out, "\n")
	if first != "Credentials are in pkcs12 format, OpenSSL will prompt for p12 password" || !strings.HasSuffix(rest, " GMT\n") || r.Code != 0 {
		t.Errorf("%+v", r)
	}
}
