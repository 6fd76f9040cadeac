// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package journal_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/fed/journal"
)

var now = time.Date(2025, 5, 1, 12, 0, 0, 0, time.UTC)

// serve sends one request through a journal.
func serve(j *journal.Journal, r *http.Request, h journal.Handler) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	j.Handle("sp", []string{"JSESSIONID"}, h).ServeHTTP(w, r)
	return w
}

func newJournal(out io.Writer) *journal.Journal {
	return &journal.Journal{Now: func() time.Time { return now }, Out: out}
}

func TestHandle(t *testing.T) {
	t.Parallel()
	response := `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>` +
		`<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol"/></e:Body></e:Envelope>`
	withCookie := httptest.NewRequest("GET", "/x", nil)
	withCookie.Header.Set("Cookie", "a=b; JSESSIONID=1")
	entry := func(method string, status int) journal.Request {
		return journal.Request{Time: now, Server: "sp", Method: method, Path: "/x", Status: status}
	}
	withAssertion := entry("POST", 204)
	withAssertion.Assertion = true
	for _, tt := range []struct {
		name    string
		request *http.Request
		want    journal.Request
		body    string
	}{
		{"a page", httptest.NewRequest("GET", "/x?password=1", nil), entry("GET", 204), ""},
		{"a response", httptest.NewRequest("POST", "/x", strings.NewReader(response)), withAssertion, ""},
		{"something like a response", httptest.NewRequest("POST", "/x", strings.NewReader("<Response/>")), entry("POST", 204), ""},
		{"a cookie of another server", withCookie, entry("GET", 400), "a cookie of another server was sent here: JSESSIONID"},
		{"as much as may be", httptest.NewRequest("POST", "/x", strings.NewReader(strings.Repeat("x", 1<<20))), entry("POST", 204), ""},
		{"too much", httptest.NewRequest("POST", "/x", strings.NewReader(strings.Repeat("x", 1<<20+1))), entry("POST", 413), "http: request body too large"},
		{"a body that breaks off", httptest.NewRequest("POST", "/x", iotest.ErrReader(errors.New("gone"))), entry("POST", 400), "gone"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			j := newJournal(nil)
			got := serve(j, tt.request, func(w *journal.Response, _ *http.Request, _ []byte) {
				w.WriteHeader(http.StatusNoContent)
			})
			if got.Code != tt.want.Status || got.Body.String() != tt.body {
				t.Errorf("answered %d %q, want %d %q", got.Code, got.Body, tt.want.Status, tt.body)
			}
			if diff := cmp.Diff([]journal.Request{tt.want}, j.Requests()); diff != "" {
				t.Errorf("noted (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNotedBeforeTheAnswer is what lets a test count requests as soon as it has the answer.
func TestNotedBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]journal.Handler{
		"Send":      func(w *journal.Response, _ *http.Request, _ []byte) { w.Send(200, "text/plain", []byte("x")) },
		"Write":     func(w *journal.Response, _ *http.Request, _ []byte) { _, _ = io.WriteString(w, "x") },
		"no answer": func(*journal.Response, *http.Request, []byte) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJournal(nil)
			w := &spy{ResponseWriter: httptest.NewRecorder(), journal: j}
			j.Handle("sp", nil, h).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			if w.before != 1 || len(j.Requests()) != 1 {
				t.Errorf("%d entries when the answer began, %d at the end; want 1 and 1", w.before, len(j.Requests()))
			}
		})
	}
}

// A spy sees how many entries there were when the answer began.
type spy struct {
	http.ResponseWriter
	journal *journal.Journal
	before  int
}

func (s *spy) WriteHeader(status int) {
	s.before = len(s.journal.Requests())
	s.ResponseWriter.WriteHeader(status)
}

func TestWritten(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	serve(newJournal(&out), httptest.NewRequest("GET", "/x", nil), func(w *journal.Response, _ *http.Request, _ []byte) {
		w.Entry.Login = true
		w.Send(200, "text/plain", nil)
	})
	want := `{"time":"2025-05-01T12:00:00Z","server":"sp","method":"GET","path":"/x","status":200,"login":true,"assertion":false,"conn":0}` + "\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestConnectionsAreNumbered(t *testing.T) {
	t.Parallel()
	j := newJournal(nil)
	s := httptest.NewUnstartedServer(j.Handle("sp", nil, func(w *journal.Response, _ *http.Request, _ []byte) {}))
	s.Config.ConnContext = j.Number
	s.Start()
	defer s.Close()
	for range 2 {
		one := &http.Client{Transport: &http.Transport{}}
		for range 2 {
			res, err := one.Get(s.URL)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
		}
		one.CloseIdleConnections()
	}
	var got []int64
	for _, r := range j.Requests() {
		got = append(got, r.Conn)
	}
	if diff := cmp.Diff([]int64{1, 1, 2, 2}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
