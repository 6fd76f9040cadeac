// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package journal keeps and writes what the servers of package fed are asked: the counters of tests and the log of x509up-fed.
package journal

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

	"github.com/x509up/x509up/internal/fed/saml"
)

// maxBody bounds every request body. A real IdP's answer, the longest thing that is posted, has some hundred KiB.
const maxBody = 1 << 20

// A Request is one line of the log.
type Request struct {
	Time      time.Time `json:"time"`
	Server    string    `json:"server"`    // idp, sp, ca, voms, kdc, or other (the host that redirect-idp points at)
	Method    string    `json:"method"`    // XML for the older protocol of VOMS, which has neither path nor status; AS and TGS at a KDC
	Path      string    `json:"path"`      // without the query; at a KDC: the service
	Status    int       `json:"status"`    // at a KDC: the code of the error, or 0
	Login     bool      `json:"login"`     // a password or a ticket was accepted; at other: an Authorization header came
	Assertion bool      `json:"assertion"` // a samlp:Response was posted
	Conn      int64     `json:"conn"`      // counts TCP connections to all servers from 1

	VO    string `json:"vo,omitempty"`    // at a VOMS server: the name of the VO
	Asked string `json:"asked,omitempty"` // at a VOMS server: the query, or the commands of the older protocol; at a KDC: the client
	// Ticket is, at the IdP, the principal whose ticket came, or why it was refused.
	Ticket string `json:"ticket,omitempty"`
	Fault  string `json:"-"` // faultstring of a SOAP fault that was posted
}

// A Journal keeps every request in memory and writes it, if it has a writer, as a line of JSON.
type Journal struct {
	Now func() time.Time
	Out io.Writer // may be nil

	conns    atomic.Int64
	mu       sync.Mutex
	requests []Request
}

// Add enters a request and when it was.
func (j *Journal) Add(r Request) {
	r.Time = j.Now().UTC()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.requests = append(j.requests, r)
	if j.Out != nil {
		// A log that cannot be written is no reason to answer otherwise.
		_ = json.NewEncoder(j.Out).Encode(r)
	}
}

// Requests returns all entries, in the order of the answers.
func (j *Journal) Requests() []Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.requests)
}

// A Response is a ResponseWriter that enters its request in the journal just before the first byte of the answer leaves: who
// has the answer can rely on the entry.
type Response struct {
	http.ResponseWriter
	journal *Journal
	Entry   Request // what a handler knows about the request; fill it in before the answer
	noted   bool
}

// WriteHeader implements [http.ResponseWriter].
func (w *Response) WriteHeader(status int) {
	if !w.noted {
		w.noted = true
		w.Entry.Status = status
		w.journal.Add(w.Entry)
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *Response) Write(p []byte) (int, error) {
	if !w.noted {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap serves [http.ResponseController].
func (w *Response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Send answers with a whole body.
func (w *Response) Send(status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has left needs no answer
}

// A Handler answers a request whose body has been read.
type Handler func(w *Response, r *http.Request, body []byte)

// Handle reads the body, looks what it carries, and sees to the journal. Cookies whose names begin with one of foreign belong
// to the other server and prove that a client mixes them up.
func (j *Journal) Handle(server string, foreign []string, h Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w := &Response{ResponseWriter: rw, journal: j, Entry: Request{Server: server, Method: r.Method, Path: r.URL.Path}}
		w.Entry.Conn, _ = r.Context().Value(connKey{}).(int64)
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if tooLong, ok := errors.AsType[*http.MaxBytesError](err); ok {
			w.Send(http.StatusRequestEntityTooLarge, "text/plain", []byte(tooLong.Error()))
			return
		}
		if err != nil {
			w.Send(http.StatusBadRequest, "text/plain", []byte(err.Error()))
			return
		}
		w.Entry.look(body)
		for _, c := range r.Cookies() {
			for _, prefix := range foreign {
				if strings.HasPrefix(c.Name, prefix) {
					w.Send(http.StatusBadRequest, "text/plain", []byte("a cookie of another server was sent here: "+c.Name))
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
	env, err := saml.Parse(body)
	if err != nil {
		return
	}
	r.Assertion = saml.Is(env.Body, saml.Protocol, "Response")
	r.Fault, _ = saml.FaultReason(env)
}

// connKey is the context key of a connection's number.
type connKey struct{}

// Number gives a connection its number; for [http.Server.ConnContext].
func (j *Journal) Number(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, j.Next())
}

// Next is the number of a new connection.
func (j *Journal) Next() int64 { return j.conns.Add(1) }
