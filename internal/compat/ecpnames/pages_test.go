// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecpnames_test

import (
	"os"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/fed"
)

// TestCurl: a page, and which cookies are kept of it.
func TestCurl(t *testing.T) {
	t.Parallel()
	h, f := newFed(t, fed.Options{})
	jar := h.path("jar")
	page := "Hello, Jane Doe.\nmethod: GET\nbody: \n"
	h.want(t, 0, page, "", "ecp-curl", "-u", "jdoe", "-c", jar, f.ProtectedURL)
	if _, err := os.Stat(jar); err == nil {
		t.Error("a session is kept without -s")
	}
	h.want(t, 0, page, "", "ecp-curl", f.ProtectedURL, "-u", "jdoe", "--cookiefile", jar, "--store")
	h.want(t, 0, page, "", "ecp-curl", "-u", "nobody", "-c", jar, f.ProtectedURL)
	h.want(t, 0, page, "", "ecp-curl", "-c", jar, "-u", "jdoe", f.ProtectedURL+"redirect")
	if n := f.Logins(); n != 2 {
		t.Errorf("%d logins", n)
	}
	h.want(t, 0, "", "", "ecp-curl", "-u", "jdoe", "-c", jar, "-o", h.path("page"), "-H", "X-One: 1", "-H", "X-One: 2", f.ProtectedURL)
	if data, err := os.ReadFile(h.path("page")); string(data) != page || err != nil {
		t.Errorf("%s, %v", data, err)
	}
	h.want(t, 1, "", "ecp-curl: requesting the page: the server answered 404 Not Found\n", "ecp-curl", "-u", "jdoe", "-c", jar, f.PublicURL+"nowhere")
	usage := "Usage: ecp-curl [options] url\n\necp-curl: error: "
	h.want(t, 2, "", usage+"the following arguments are required: url\n", "ecp-curl")
	h.want(t, 2, "", usage+"unrecognized arguments: b\n", "ecp-curl", "a", "b")
	h.env["ECP_IDP"] = ""
	h.want(t, 2, "", usage+"the following arguments are required: url, -i/--identity-provider\n", "ecp-curl")
	h.want(t, 2, "", usage+"the following arguments are required: -i/--identity-provider\n", "ecp-curl", f.PublicURL)
}

// TestGetCookie: a session, kept as long as the server takes it.
func TestGetCookie(t *testing.T) {
	t.Parallel()
	h, f := newFed(t, fed.Options{})
	jar := h.path("jar")
	const table = `--------------------------------------------------
DOMAIN    PATH SECURE? NAME
--------------------------------------------------
localhost /    TRUE    _shibsession_64656661756c74
--------------------------------------------------
`
	opened := "Initialising new session...\nStoring cookies...\nCookie stored in 'HOME/jar'\n" + table
	h.want(t, 0, "", "", "ecp-get-cookie", "-u", "jdoe", "-c", jar, f.ProtectedURL)
	if info, err := os.Stat(jar); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	h.want(t, 0, "Reusing existing cookies\n"+table, "", "ecp-get-cookie", "-u", "jdoe", "-vrc", jar, f.ProtectedURL)
	h.want(t, 0, opened, "", "ecp-get-cookie", "-u", "jdoe", "-v", "-c", jar, f.ProtectedURL)
	if n := f.Logins(); n != 2 {
		t.Errorf("%d logins", n)
	}
	data, err := os.ReadFile(jar)
	if err != nil {
		t.Fatal(err)
	}
	begin := strings.Index(string(data), "#HttpOnly_localhost")
	h.write(t, "jar", string(data[:begin])+"#HttpOnly_localhost\tFALSE\t/\tTRUE\t0\t_shibsession_64656661756c74\tended\n")
	h.want(t, 0, opened, "", "ecp-get-cookie", "-u", "jdoe", "-vr", "-c", jar, f.ProtectedURL)
	h.want(t, 0, "", "", "ecp-get-cookie", "-X", "-c", jar)
	if _, err := os.Stat(jar); err == nil {
		t.Error("the file is still there")
	}
	h.want(t, 0, "", "", "ecp-get-cookie", "--destroy", "-c", jar)
	h.write(t, "notes", "not to be lost\n")
	if _, _, code := h.run(t, "ecp-get-cookie", "-X", "-c", h.path("notes")); code != 1 {
		t.Errorf("what holds no cookies: exit code %d", code)
	}
	if _, err := os.Stat(h.path("notes")); err != nil {
		t.Error(err)
	}
}
