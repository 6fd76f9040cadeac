// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsd_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/fed/vomsd"
	"github.com/x509up/x509up/internal/testca"
)

// FuzzAnswer asks anything of every flavour. The answer is none, or a whole document in its frame, of the length that its head says,
// and only a member gets a certificate.
func FuzzAnswer(f *testing.F) {
	for _, request := range []string{
		get("/generate-ac?fqans=/test.vo,/test.vo/Role=x&lifetime=3600&order=/test.vo:x&targets=a,b&foo=bar"),
		get("/generate-ac?fqans=,all,N,//,Rx&lifetime=-1"), get("/generate-ac"), get("/%zz?"), "GET", "GET / HTTP/1.1",
		xml("G/test.vo", "B/test.vo:x", "Rx", "A", "N", "G//", "G/", "R/Role=x", "Xall", ""),
		strings.Replace(xml("A"), "<base64>", "<order>:,,/test.vo</order><targets>,</targets><base64>", 1),
		"<voms><command>G/test.vo</command><lifetime>99999999999999999999</lifetime></voms>", "hello", "", "0", "<a/><b/>", "<a>", "<?xml?>",
	} {
		f.Add(request)
	}
	ca := testca.New(f, testca.Options{})
	host := identity(ca.Issue(f, testca.Leaf{Subject: "/DC=org/CN=localhost", RSA: true}))
	users := map[string]bool{member: true, plain: true, stranger: false}
	f.Fuzz(func(t *testing.T, request string) {
		for name, isMember := range users {
			holder := ca.Issue(t, testca.Leaf{Subject: subject(name)}).EndEntity()
			for flavour := vomsd.Upstream; flavour <= vomsd.IAM; flavour++ {
				s := &vomsd.Server{Host: "localhost", Port: 1, Now: now, Flavour: flavour, VO: vomsd.VO{Name: vo, Members: members()},
					Identity: func() (tls.Certificate, error) { return host, nil }}
				answer := s.Answer(request, holder)
				if !isMember && (strings.Contains(answer, "<ac>MII") || strings.Contains(answer, "<ac>mii")) && !strings.Contains(request, "<ac>") {
					t.Errorf("a stranger gets a certificate: %q", answer)
				}
				checkFrame(t, answer)
			}
		}
	})
}

func checkFrame(t *testing.T, answer string) {
	t.Helper()
	switch {
	case answer == "":
	case strings.HasPrefix(answer, legacyHead):
		if !strings.HasSuffix(answer, "</vomsans>") {
			t.Errorf("it has no end: %q", answer)
		}
	default:
		res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answer)), nil)
		if err != nil {
			t.Fatalf("%v in %q", err, answer)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || int64(len(body)) != res.ContentLength || !strings.HasSuffix(answer, string(body)) {
			t.Errorf("%v, %d bytes in %q", err, len(body), answer)
		}
		if xml := bytes.HasPrefix(body, []byte("<?xml")); xml && !bytes.HasSuffix(body, []byte("</voms>")) && !bytes.HasSuffix(body, []byte("</vomsans>")) {
			t.Errorf("it has no end: %q", body)
		}
	}
}
