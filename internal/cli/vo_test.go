// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// TestVODownload: a VO comes by https and in no other way, and not without end.
func TestVODownload(t *testing.T) {
	t.Parallel()
	const line = `"dteam" "voms.example.org" "15004" "/CN=voms.example.org" "dteam"` + "\n"
	mux := http.NewServeMux()
	server := httptest.NewUnstartedServer(mux)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of those that do not know the CA
	server.StartTLS()
	t.Cleanup(server.Close)
	plainServer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, line) }))
	t.Cleanup(plainServer.Close)
	mux.HandleFunc("/vomses", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, line) })
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/vomses", http.StatusFound) })
	mux.HandleFunc("/down", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, plainServer.URL, http.StatusFound) })
	mux.HandleFunc("/ring", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/ring", http.StatusFound) })
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<!DOCTYPE html><p>Log in<br>") })
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/huge", func(w http.ResponseWriter, r *http.Request) {
		for chunk := strings.Repeat("# nothing\n", 1<<13); r.Context().Err() == nil; {
			fmt.Fprint(w, chunk)
		}
	})
	for _, tt := range []struct {
		url  string
		code int
		want string // on stderr
	}{
		{server.URL + "/vomses", 0, ""},
		{server.URL + "/moved", 0, ""},
		{strings.Replace(server.URL, "://", "://jane:secret@", 1) + "/vomses", 0, ""},
		{server.URL + "/none", 6, "/none: the server answered 404 Not Found"},
		{server.URL + "/down", 6, "it leads on to http://127.0.0.1"},
		{server.URL + "/ring", 6, "it leads on to"},
		{server.URL + "/page", 1, "it is no XML"},
		{server.URL + "/slow", 6, "no answer within 300ms"},
		{server.URL + "/huge", 1, "it holds too much for a VO"},
		{plainServer.URL, 2, "read from files or by https"},
		{"file:///etc/vomses", 2, "read from files or by https"},
	} {
		h := newHome(t, nil)
		h.now = time.Now
		ca := h.write(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
		timeout := "30s"
		if strings.HasSuffix(tt.url, "/slow") {
			timeout = "300ms"
		}
		_, stderr, code := h.run(t, "vo", "add", tt.url, "--ca-file", ca, "--timeout", timeout)
		if code != tt.code || !strings.Contains(stderr, tt.want) || strings.Contains(stderr, "secret") {
			t.Errorf("%s: exit code %d, want %d: %s", tt.url, code, tt.code, stderr)
		}
		data, err := os.ReadFile(h.path(".config/x509up/vomses/dteam"))
		if (err == nil) != (code == 0) || strings.Contains(string(data), "secret") || code == 0 && !strings.HasSuffix(string(data), line) {
			t.Errorf("%s: %v, %q", tt.url, err, data)
		}
	}
	h := newHome(t, nil)
	if _, stderr, code := h.run(t, "vo", "add", server.URL+"/vomses"); code != 6 || !strings.Contains(stderr, "CA that is not known here") {
		t.Errorf("a CA that nobody knows: exit code %d: %s", code, stderr)
	}
}
