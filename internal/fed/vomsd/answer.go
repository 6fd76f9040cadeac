// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsd

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// none stands for no certificate where the older protocol wants one.
const none = "A"

// Numbers of warnings and errors, and the texts that frame an answer.
const (
	warnNotFirst, warnShortened, warnUnknown            = 1, 2, 4
	errNotMember, errSuspended, errNoCommand, errOffset = 1001, 1004, 1005, 1000

	restHead, restTail     = `<?xml version="1.0" encoding="UTF-8"?><voms>`, `</voms>`
	legacyHead, legacyTail = `<?xml version="1.0" encoding = "US-ASCII"?><vomsans><version>3</version>`, `</vomsans>`
)

// An item is a warning or an error.
type item struct {
	number  int
	message string
}

// A result is what voms-server has come to, before it is written.
type result struct {
	ac     string // DER, or none; empty with a list
	list   string
	base64 bool
	items  []item
	died   bool // the process did not live to answer
}

// rest writes an answer to a GET. It stops at the first item, be it but a warning.
func (r result) rest() answer {
	if r.died {
		return answer{}
	}
	status, body, contentType := 200, restHead, "text/html"
	if r.ac != none && r.ac != "" {
		body += "<ac>" + lines(r.ac, "\n") + "</ac>"
	}
	if r.list != "" {
		body += "<bitstr>" + lines(r.list, "\n") + "</bitstr>"
	}
	if len(r.items) > 0 {
		first := r.items[0]
		code := "InternalError"
		status, contentType = 500, "text/xml"
		switch {
		case first.number == errSuspended:
			status, code = 403, "SuspendedUser"
		case first.number == errNotMember && !strings.Contains(first.message, "Unable to satisfy"):
			status, code = 403, "NoSuchUser"
		case first.number == errNotMember, first.number == errNoCommand:
			status, code = 400, "BadRequest"
		}
		if first.number < errOffset {
			body += "<warning>" + first.message + "</warning>"
		} else {
			body += "<error><code>" + code + "</code><message>" + first.message + "</message></error>"
		}
	}
	return gsoap(status, contentType, body+restTail)
}

// legacy writes an answer of the older protocol.
func (r result) legacy() answer {
	if r.died {
		return answer{}
	}
	text := legacyHead
	if len(r.items) > 0 {
		text += "<error>"
		for _, i := range r.items {
			text += "<item><number>" + strconv.Itoa(i.number) + "</number><message>" + i.message + "</message></item>"
		}
		text += "</error>"
	}
	if r.list != "" {
		text += "<bitstr>" + r.encode(r.list) + "</bitstr>"
	}
	if r.ac != "" {
		text += "<ac>" + r.encode(r.ac) + "</ac>"
	}
	return answer{0, text + legacyTail}
}

func (r result) encode(data string) string {
	if r.base64 {
		return lines(data, "\n")
	}
	return old.EncodeToString([]byte(data))
}

// old is the alphabet of VOMS before 2.0.
var old = base64.NewEncoding("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789[]").WithPadding(base64.NoPadding)

// lines is base64 in 64 columns, each line with that end.
func lines(data, end string) string {
	text := base64.StdEncoding.EncodeToString([]byte(data))
	var b strings.Builder
	for len(text) > 0 {
		n := min(64, len(text))
		b.WriteString(text[:n] + end)
		text = text[n:]
	}
	return b.String()
}
