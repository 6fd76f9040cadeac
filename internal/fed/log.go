// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package fed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxBody bounds every request body. A real IdP's answer, the longest thing that is posted, has some hundred KiB.
const maxBody = 1 << 20

// A Request is one line of the log.
type Request struct {
	Time      time.Time `json:"time"`
	Server    string    `json:"server"` // idp, sp, ca, or other (the host that redirect-idp points at)
	Method    string    `json:"method"`
	Path      string    `json:"path"` // without the query
	Status    int       `json:"status"`
	Login     bool      `json:"login"`     // a password was accepted; at other: an Authorization header came
	Assertion bool      `json:"assertion"` // a samlp:Response was posted
	Conn      int64     `json:"conn"`      // counts TCP connections to all servers from 1
	Fault     string    `json:"-"`         // faultstring of a SOAP fault that was posted
}

// A journal keeps every request in memory and writes it, if it has a writer, as a line of JSON.
type journal struct {
	now   func() time.Time
	conns atomic.Int64

	mu       sync.Mutex
	out      io.Writer
	requests []Request
}

func (j *journal) add(r Request) {
	r.Time = j.now().UTC()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.requests = append(j.requests, r)
	if j.out != nil {
		// A log that cannot be written is no reason to answer otherwise.
		_ = json.NewEncoder(j.out).Encode(r)
	}
}

func (j *journal) all() []Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.requests)
}

// A response is a ResponseWriter that enters its request in the journal just before the first byte of the answer leaves: who
// has the answer can rely on the entry.
type response struct {
	http.ResponseWriter
	journal *journal
	entry   Request
	noted   bool
}

// WriteHeader implements [http.ResponseWriter].
func (w *response) WriteHeader(status int) {
	if !w.noted {
		w.noted = true
		w.entry.Status = status
		w.journal.add(w.entry)
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *response) Write(p []byte) (int, error) {
	if !w.noted {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap serves [http.ResponseController].
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// send answers with a whole body.
func (w *response) send(status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has left needs no answer
}

// A handler answers a request whose body has been read.
type handler func(w *response, r *http.Request, body []byte)

// handle reads the body, looks what it carries, and sees to the journal. Cookies whose names begin with one of foreign belong
// to the other server and prove that a client mixes them up.
func (j *journal) handle(server string, foreign []string, h handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w := &response{ResponseWriter: rw, journal: j, entry: Request{Server: server, Method: r.Method, Path: r.URL.Path}}
		w.entry.Conn, _ = r.Context().Value(connKey{}).(int64)
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if tooLong, ok := errors.AsType[*http.MaxBytesError](err); ok {
			w.send(http.StatusRequestEntityTooLarge, "text/plain", []byte(tooLong.Error()))
			return
		}
		if err != nil {
			w.send(http.StatusBadRequest, "text/plain", []byte(err.Error()))
			return
		}
		w.entry.look(body)
		for _, c := range r.Cookies() {
			for _, prefix := range foreign {
				if strings.HasPrefix(c.Name, prefix) {
					w.send(http.StatusBadRequest, "text/plain", []byte("a cookie of another server was sent here: "+c.Name))
					return
				}
			}
		}
		h(w, r, body)
		if !w.noted {
			w.WriteHeader(http.StatusOK)
		}
	})
}

// look notes whether a body brings an assertion or a fault.
func (r *Request) look(body []byte) {
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
		return
	}
	env, err := parseEnvelope(body)
	if err != nil {
		return
	}
	r.Assertion = is(env.body, nsProtocol, "Response")
	r.Fault, _ = faultReason(env)
}

// connKey is the context key of a connection's number.
type connKey struct{}

// number gives a connection its number; for [http.Server.ConnContext].
func (j *journal) number(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, j.conns.Add(1))
}
