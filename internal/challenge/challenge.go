// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package challenge reads how a web server wants to be authenticated to (RFC 9110 §11.6.1).
//
//	challenges := challenge.Parse(answer.Header)
//	token, offered := challenge.Negotiate(challenges)
//
// It is lenient where servers are careless: parameters are not looked at, and what is no challenge is passed over. What it
// returns but for tokens is fit for a terminal.
package challenge

import (
	"encoding/base64"
	"errors"
	"iter"
	"net/http"
	"strings"

	"github.com/x509up/x509up/internal/printable"
)

// Bounds of what is read of an answer; no server has as many challenges, and no scheme is as long.
const (
	maxChallenges = 16
	maxScheme     = 80
	maxToken      = 1 << 16 // bytes; headers are as long at most with many servers
)

// Challenge is one of WWW-Authenticate.
type Challenge struct {
	Scheme string // such as Negotiate, as the server writes it
	Token  string // token68 (RFC 9110 §11.2); empty if there is none
}

// Parse reads all WWW-Authenticate fields (RFC 9110 §11.6.1): a field may hold several challenges, and a quoted parameter
// may hold commas.
func Parse(h http.Header) []Challenge {
	var found []Challenge
	for scheme, rest := range Each(h) {
		if len(found) == maxChallenges {
			break
		}
		if !isToken68(rest) {
			rest = ""
		}
		found = append(found, Challenge{printable.Text(scheme, maxScheme), rest})
	}
	return found
}

// Each goes through the challenges: the scheme as the server writes it, and what follows it up to a comma, which is a token or the
// first parameter. Neither is bounded, or fit for a terminal.
func Each(h http.Header) iter.Seq2[string, string] {
	return func(yield func(scheme, rest string) bool) {
		for _, field := range h.Values("WWW-Authenticate") {
			for item := range splitUnquoted(field) {
				scheme, rest, _ := strings.Cut(item, " ")
				rest = strings.TrimSpace(rest)
				// "name=value" is a parameter of the challenge before it; a scheme stands alone or before a blank.
				if scheme == "" || strings.Contains(scheme, "=") || strings.HasPrefix(rest, "=") {
					continue
				}
				if !yield(scheme, rest) {
					return
				}
			}
		}
	}
}

// isToken68 tells a token from a parameter, which has more than "=" behind its "=".
func isToken68(s string) bool {
	s = strings.TrimRight(s, "=")
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-._~+/", r))
	})
}

// Negotiate is the token of the Negotiate challenge that has one, and whether there is such a challenge at all. The case of a
// scheme does not count.
func Negotiate(challenges []Challenge) (token string, offered bool) {
	for _, c := range challenges {
		if strings.EqualFold(c.Scheme, "Negotiate") {
			offered = true
			if token == "" {
				token = c.Token
			}
		}
	}
	return token, offered
}

// Decode gives the bytes of a token. The error is a clause about a server, such as "its token is not base64".
func Decode(token string) ([]byte, error) {
	if len(token) > maxToken {
		return nil, errors.New("its token is too long")
	}
	data, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return nil, errors.New("its token is not base64")
	}
	return data, nil
}

// Schemes are the names of all, in the order in which the server has them.
func Schemes(challenges []Challenge) (names []string) {
	for _, c := range challenges {
		names = append(names, c.Scheme)
	}
	return names
}

// splitUnquoted splits at the commas that are not in a quoted string. It makes no list: of commas a header may hold millions.
func splitUnquoted(field string) iter.Seq[string] {
	return func(yield func(string) bool) {
		quoted, escaped, from := false, false, 0
		for i := range len(field) {
			switch c := field[i]; {
			case escaped:
				escaped = false
			case quoted && c == '\\':
				escaped = true
			case c == '"':
				quoted = !quoted
			case c == ',' && !quoted:
				if !yield(strings.TrimSpace(field[from:i])) {
					return
				}
				from = i + 1
			}
		}
		yield(strings.TrimSpace(field[from:]))
	}
}
