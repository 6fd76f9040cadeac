// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package origin_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/x509up/x509up/ecp/internal/origin"
)

func parse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestOf(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://sp.example.org/a?b":  "https://sp.example.org:443",
		"https://SP.Example.ORG:443/": "https://sp.example.org:443",
		"https://sp.example.org:8443": "https://sp.example.org:8443",
		"http://sp.example.org/":      "http://sp.example.org:80",
		"https://[::1]/":              "https://[::1]:443",
		"https://jdoe@sp.example.org": "https://sp.example.org:443",
		"ftp://sp.example.org/":       "ftp://sp.example.org:",
	} {
		if got := origin.Of(parse(t, raw)); got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
}

func TestIsLoopback(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true,
		"": false, "localhost.example.org": false, "128.0.0.1": false, "0.0.0.0": false,
	} {
		if got := origin.IsLoopback(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}

func TestRedirect(t *testing.T) {
	t.Parallel()
	const from = "https://sp.example.org/secure"
	for _, c := range []struct {
		name     string
		status   int
		location string
		want     string
	}{
		{"a slash", 301, "/secure/", "https://sp.example.org/secure/"},
		{"the port spelt out", 302, "https://sp.example.org:443/x", "https://sp.example.org:443/x"},
		{"no redirect", 200, "/secure/", ""},
		{"no place", 302, "", ""},
		{"another host", 302, "https://idp.example.org/", ""},
		{"another port", 302, "https://sp.example.org:8443/secure", ""},
		{"another scheme", 302, "http://sp.example.org/secure", ""},
		{"a login page", 302, "/discovery?SAMLRequest=x", ""},
		{"with a user", 302, "https://jdoe@sp.example.org/secure", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			answer := &http.Response{StatusCode: c.status, Header: http.Header{}, Request: &http.Request{URL: parse(t, from)}}
			if c.location != "" {
				answer.Header.Set("Location", c.location)
			}
			got := ""
			if u := origin.Redirect(answer, answer.Request.URL); u != nil {
				got = u.String()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
