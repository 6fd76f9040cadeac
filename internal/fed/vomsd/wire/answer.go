// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package wire is the two protocols of voms-server as bytes: REST, and the older one, whose requests and answers are documents of
// XML that nobody escapes. It reads requests with the mistakes of the original and writes answers like it; what is granted to whom
// is for package vomsd to say.
//
//	t, found := wire.ReadTarget("vo.example.org", "/generate-ac", "lifetime=3600", true)
//	r, err := wire.ReadDocument(t.Document)
//	answer := wire.Result{AC: string(der), Base64: r.Base64}.REST()
package wire

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// None stands for no certificate where the older protocol wants one.
const None = "A"

// Numbers of warnings and errors, and the texts that frame an answer.
const (
	WarnNotFirst, WarnShortened, WarnUnknown       = 1, 2, 4
	ErrorNotMember, ErrorSuspended, ErrorNoCommand = 1001, 1004, 1005

	errorOffset = 1000 // below which there are warnings

	restHead, restTail     = `<?xml version="1.0" encoding="UTF-8"?><voms>`, `</voms>`
	legacyHead, legacyTail = `<?xml version="1.0" encoding = "US-ASCII"?><vomsans><version>3</version>`, `</vomsans>`
)

// An Item is a warning or an error.
type Item struct {
	Number  int
	Message string
}

// A Result is what voms-server has come to, before it is written.
type Result struct {
	AC     string // DER, or [None]; empty with a list
	List   string
	Base64 bool
	Items  []Item
	Died   bool // the process did not live to answer
}

// REST writes an answer to a GET. It stops at the first item, be it but a warning.
func (r Result) REST() Answer {
	if r.Died {
		return Answer{}
	}
	status, body, contentType := 200, restHead, "text/html"
	if r.AC != None && r.AC != "" {
		body += "<ac>" + Lines(r.AC, "\n") + "</ac>"
	}
	if r.List != "" {
		body += "<bitstr>" + Lines(r.List, "\n") + "</bitstr>"
	}
	if len(r.Items) > 0 {
		first := r.Items[0]
		code := "InternalError"
		status, contentType = 500, "text/xml"
		switch {
		case first.Number == ErrorSuspended:
			status, code = 403, "SuspendedUser"
		case first.Number == ErrorNotMember && !strings.Contains(first.Message, "Unable to satisfy"):
			status, code = 403, "NoSuchUser"
		case first.Number == ErrorNotMember, first.Number == ErrorNoCommand:
			status, code = 400, "BadRequest"
		}
		if first.Number < errorOffset {
			body += "<warning>" + first.Message + "</warning>"
		} else {
			body += "<error><code>" + code + "</code><message>" + first.Message + "</message></error>"
		}
	}
	return HTTP(status, contentType, body+restTail)
}

// Legacy writes an answer of the older protocol.
func (r Result) Legacy() Answer {
	if r.Died {
		return Answer{}
	}
	text := legacyHead
	if len(r.Items) > 0 {
		text += "<error>"
		for _, i := range r.Items {
			text += "<item><number>" + strconv.Itoa(i.Number) + "</number><message>" + i.Message + "</message></item>"
		}
		text += "</error>"
	}
	if r.List != "" {
		text += "<bitstr>" + r.encode(r.List) + "</bitstr>"
	}
	if r.AC != "" {
		text += "<ac>" + r.encode(r.AC) + "</ac>"
	}
	return Answer{0, text + legacyTail}
}

func (r Result) encode(data string) string {
	if r.Base64 {
		return Lines(data, "\n")
	}
	return old.EncodeToString([]byte(data))
}

// old is the alphabet of VOMS before 2.0.
var old = base64.NewEncoding("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789[]").WithPadding(base64.NoPadding)

// Lines is base64 in 64 columns, each line with that end.
func Lines(data, end string) string {
	text := base64.StdEncoding.EncodeToString([]byte(data))
	var b strings.Builder
	for len(text) > 0 {
		n := min(64, len(text))
		b.WriteString(text[:n] + end)
		text = text[n:]
	}
	return b.String()
}

// An Answer is what goes out, whole, and what the journal says of it.
type Answer struct {
	Status int // of HTTP; 0 for the older protocol
	Text   string
}

// HTTP is an HTTP answer of the library of voms-server. The types are the wrong way round there: the one for success
// is HTML.
func HTTP(status int, contentType, body string) Answer {
	reasons := map[int]string{200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error"}
	return Answer{status, "HTTP/1.1 " + strconv.Itoa(status) + " " + reasons[status] + "\r\n" +
		"Server: gSOAP/2.8\r\nX-Frame-Options: SAMEORIGIN\r\nContent-Type: " + contentType + "; charset=utf-8\r\n" +
		"Content-Length: " + strconv.Itoa(len(body)) + "\r\nConnection: close\r\n\r\n" + body}
}

// Huge is an answer of 5 MiB, in the same protocol.
func (a Answer) Huge() Answer {
	const lines = 5 << 20 / 65
	ac := "<ac>" + strings.Repeat("MIIB"+strings.Repeat("ABCDEFGHIJKL", 5)+"\n", lines) + "</ac>"
	if a.Status == 0 {
		return Answer{Text: legacyHead + ac + legacyTail}
	}
	return HTTP(200, "text/html", restHead+ac+restTail)
}
