// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/x509up/x509up/ecp"
)

// TestExchange looks at every byte of a plain exchange that matters.
func TestExchange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustLogin(w.client())
	if diff := cmp.Diff(toSP+"\n"+toIdP+"\n"+toACS, w.lines()); diff != "" {
		t.Fatalf("requests (-want +got):\n%s", diff)
	}

	fields := func(s seen, names ...string) map[string]string {
		got := map[string]string{}
		for _, name := range names {
			got[name] = strings.Join(s.Header.Values(name), " | ")
		}
		return got
	}
	first := w.one(toSP)
	if diff := cmp.Diff(map[string]string{
		"Accept":        "text/html, application/vnd.paos+xml",
		"PAOS":          `ver="urn:liberty:paos:2003-08";"urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp"`,
		"Authorization": "", "Cookie": "",
	}, fields(first, "Accept", "PAOS", "Authorization", "Cookie")); diff != "" {
		t.Errorf("step 1 (-want +got):\n%s", diff)
	}

	login := w.one(toIdP)
	if diff := cmp.Diff(map[string]string{
		"Content-Type": "text/xml; charset=utf-8", "Cache-Control": "no-cache, no-store", "Pragma": "no-cache",
		"Authorization": "Basic amRvZTpjb3JyZWN0IGhvcnNlLCBiYXR0ZXJ5IHN0YXBsZQ==",
		"PAOS":          "", "Cookie": "",
	}, fields(login, "Content-Type", "Cache-Control", "Pragma", "Authorization", "PAOS", "Cookie")); diff != "" {
		t.Errorf("step 4 (-want +got):\n%s", diff)
	}
	want := w.fill(`<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>` + authnRequest + `</S:Body></S:Envelope>`)
	if diff := cmp.Diff(want, login.Body); diff != "" {
		t.Errorf("step 4, message (-want +got):\n%s", diff)
	}

	last := w.one(toACS)
	if diff := cmp.Diff(map[string]string{
		"Content-Type": "application/vnd.paos+xml", "Authorization": "", "PAOS": "", "Cookie": "_opensaml_req_42=r-1",
	}, fields(last, "Content-Type", "Authorization", "PAOS", "Cookie")); diff != "" {
		t.Errorf("step 7 (-want +got):\n%s", diff)
	}
	want = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<soap11:Envelope xmlns:soap11="http://schemas.xmlsoap.org/soap/envelope/">` +
		`<x:Header xmlns:x="http://schemas.xmlsoap.org/soap/envelope/">` +
		`<p:Response xmlns:p="urn:liberty:paos:2003-08" x:mustUnderstand="1" x:actor="http://schemas.xmlsoap.org/soap/actor/next" refToMessageID="m-7"/>` +
		`<e:RelayState xmlns:e="urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp" x:mustUnderstand="1" x:actor="http://schemas.xmlsoap.org/soap/actor/next">ss:mem:42</e:RelayState>` +
		`</x:Header><soap11:Body>` + samlResponse + `</soap11:Body></soap11:Envelope>`
	if diff := cmp.Diff(want, last.Body); diff != "" {
		t.Errorf("step 7, message (-want +got):\n%s", diff)
	}
}

// TestRelayState checks what the SP gets back (ECP Profile 2.0, §2.3.7).
func TestRelayState(t *testing.T) {
	t.Parallel()
	const idpRelayState = `<ecp:RelayState xmlns:ecp="urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp">of the IdP</ecp:RelayState>`
	const open, end = `x:actor="http://schemas.xmlsoap.org/soap/actor/next">`, `</e:RelayState>`
	tests := []struct {
		name, sp, idp string
		want          string // the block's content; "absent"
	}{
		{"the SP's", spRelayState, "", "ss:mem:42"},
		{"the SP's, not the IdP's", spRelayState, idpRelayState, "ss:mem:42"},
		{"the IdP's when the SP has none", "", idpRelayState, "of the IdP"},
		{"neither", "", "", "absent"},
		{"empty", edit(t, spRelayState, "ss:mem:42", ""), idpRelayState, ""},
		{"self-closing", edit(t, spRelayState, ">ss:mem:42</ecp:RelayState>", "/>"), "", ""},
		{"blanks around it", edit(t, spRelayState, "ss:mem:42", "  a b "), "", "  a b "},
		{"markup", edit(t, spRelayState, "ss:mem:42", `&amp;&lt;&quot;&gt;]]&gt;&apos;`), "", `&amp;&lt;&quot;&gt;]]&gt;'`},
		{"CDATA", edit(t, spRelayState, "ss:mem:42", `<![CDATA[<a>&amp;]]>`), "", `&lt;a&gt;&amp;amp;`},
		{"line ends and tab", edit(t, spRelayState, "ss:mem:42", "a&#13;&#10;b\tc&#x9;d\ne\r\nf"), "", "a&#xD;&#xA;b&#x9;c&#x9;d&#xA;e&#xA;f"},
		{"cut by comments", edit(t, spRelayState, "ss:mem:42", "https://sp.example.org<!-- -->.evil.example<!-- -->/x"), "", "https://sp.example.org.evil.example/x"},
		{"outside ASCII", edit(t, spRelayState, "ss:mem:42", "é&#x1F511;"), "", "é🔑"},
		{"a look-alike in the Body", "", "", "absent"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.request.body = edit(t, spMessage, spRelayState, test.sp)
			if test.name == "a look-alike in the Body" {
				w.request.body = edit(t, w.request.body, `Version="2.0"/>`, `Version="2.0" xmlns:S="http://schemas.xmlsoap.org/soap/envelope/">`+spRelayState+`</samlp:AuthnRequest>`)
			}
			w.answer.body = edit(t, idpMessage, ecpResponse, ecpResponse+test.idp)
			w.mustLogin(w.client())
			body := w.one(toACS).Body
			got := "absent"
			if _, rest, ok := strings.Cut(body, "<e:RelayState "); ok {
				_, rest, _ = strings.Cut(rest, open)
				got, _, _ = strings.Cut(rest, end)
			}
			if got != test.want {
				t.Errorf("RelayState is %q, want %q, in\n%s", got, test.want, body)
			}
			if strings.Contains(body, "of the IdP") && test.want != "of the IdP" {
				t.Errorf("the IdP's block reached the SP:\n%s", body)
			}
		})
	}
}

// TestMessageID checks that paos:Response comes if and only if the SP gave a messageID.
func TestMessageID(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, attr, want string }{
		{"given", `messageID="m-7" `, ` refToMessageID="m-7"/>`},
		{"empty", `messageID="" `, ` refToMessageID=""/>`},
		{"markup", `messageID='"&lt;&amp;&#10;' `, ` refToMessageID="&quot;&lt;&amp;&#xA;"/>`},
		{"absent", ``, ``},
		{"of another namespace", `xmlns:o="urn:other" o:messageID="m-7" `, ``},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.request.body = edit(t, spMessage, `messageID="m-7" `, test.attr)
			w.mustLogin(w.client())
			_, got, _ := strings.Cut(w.one(toACS).Body, `<p:Response xmlns:p="urn:liberty:paos:2003-08" x:mustUnderstand="1" x:actor="http://schemas.xmlsoap.org/soap/actor/next"`)
			got, _, _ = strings.Cut(got, "<e:RelayState")
			if got != test.want {
				t.Errorf("after paos:Response comes %q, want %q", got, test.want)
			}
		})
	}
}

// TestHeaderBlocks checks that no block of either peer reaches the other.
func TestHeaderBlocks(t *testing.T) {
	t.Parallel()
	const more = `<o:Other xmlns:o="urn:other">a block of the %s</o:Other>` +
		`<cb:ChannelBindings xmlns:cb="urn:oasis:names:tc:SAML:protocol:ext:channel-binding" %[2]s:mustUnderstand="1" Type="tls-server-end-point">a block of the %[1]s</cb:ChannelBindings>`
	w := newWorld(t)
	w.request.body = edit(t, spMessage, `</S:Header>`, fmt.Sprintf(more, "SP", "S")+`</S:Header>`)
	w.answer.body = edit(t, idpMessage, `<soap11:Header>`, `<soap11:Header>`+fmt.Sprintf(more, "IdP", "soap11")+
		`<ecp:RequestAuthenticated xmlns:ecp="urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp" soap11:mustUnderstand="1"/>`+
		`<samlec:GeneratedKey xmlns:samlec="urn:ietf:params:xml:ns:samlec" soap11:mustUnderstand="1">a block of the IdP</samlec:GeneratedKey>`)
	w.mustLogin(w.client())
	if body := w.one(toIdP).Body; strings.Contains(body, "block of") || strings.Contains(body, "paos") || strings.Contains(body, "Header") {
		t.Errorf("the IdP got the SP's blocks:\n%s", body)
	}
	body := w.one(toACS).Body
	for _, word := range []string{"block of", "RequestAuthenticated", "ecp:Response", "GeneratedKey"} {
		if strings.Contains(body, word) {
			t.Errorf("the SP got %q:\n%s", word, body)
		}
	}
}

// TestForms has envelopes as other software writes them.
func TestForms(t *testing.T) {
	t.Parallel()
	const soapNS, header = `xmlns="http://schemas.xmlsoap.org/soap/envelope/"`, `<x:Header xmlns:x=`
	tests := []struct {
		name          string
		request       func(string) string
		answer        func(string) string
		toIdP, toSP   string // what each message begins with
		contentTypeSP string
	}{
		{name: "default namespace",
			request: func(s string) string {
				return strings.NewReplacer("<S:", "<", "</S:", "</", "xmlns:S=", `xmlns="http://schemas.xmlsoap.org/soap/envelope/" xmlns:S=`).Replace(s)
			},
			answer: func(s string) string {
				return strings.NewReplacer("<soap11:", "<", "</soap11:", "</", "xmlns:soap11=", `xmlns="http://schemas.xmlsoap.org/soap/envelope/" xmlns:soap11=`).Replace(s)
			},
			toIdP: `<Envelope ` + soapNS + ` xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><Body>`,
			toSP:  `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<Envelope ` + soapNS + ` xmlns:soap11="http://schemas.xmlsoap.org/soap/envelope/">` + header},
		{name: "single quotes, byte order mark, declaration, media type parameter",
			request: func(s string) string {
				return "\ufeff<?xml version='1.0' encoding='us-ascii' standalone=\"yes\" ?>\n" + strings.ReplaceAll(s, `"`, `'`)
			},
			toIdP:         "<?xml version='1.0' encoding='us-ascii' standalone=\"yes\" ?>\n<S:Envelope xmlns:S='http://schemas.xmlsoap.org/soap/envelope/'><S:Body>",
			contentTypeSP: `Application/VND.paos+xml;charset="UTF-8"`},
		{name: "white space and comments between the parts",
			request: func(s string) string {
				return strings.NewReplacer("<S:Header>", "\n <!-- 1 --><S:Header\n>\n", "</S:Header>", "</S:Header\n>\n", "<S:Body>", "<S:Body>\r\n").Replace(s)
			},
			answer: func(s string) string {
				return strings.NewReplacer("<soap11:Header>", "\n <soap11:Header>\n", "<soap11:Body>", "\n<!-- 2 --><soap11:Body>\n").Replace(s)
			},
			toIdP: "<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\">\n <!-- 1 -->\n<S:Body>\r\n<samlp:AuthnRequest",
			toSP:  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soap11:Envelope xmlns:soap11=\"http://schemas.xmlsoap.org/soap/envelope/\">\n " + header},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if test.request != nil {
				w.request.body = test.request(spMessage)
			}
			if test.answer != nil {
				w.answer.body = test.answer(idpMessage)
			}
			if test.contentTypeSP != "" {
				w.request.header["Content-Type"] = test.contentTypeSP
			}
			w.mustLogin(w.client())
			if got := w.one(toIdP).Body; !strings.HasPrefix(got, test.toIdP) || !strings.Contains(got, "<samlp:AuthnRequest") {
				t.Errorf("the IdP got\n%s\nwant it to begin\n%s", got, test.toIdP)
			}
			if got := w.one(toACS).Body; !strings.HasPrefix(got, test.toSP) || !strings.Contains(got, "the assertion") {
				t.Errorf("the SP got\n%s\nwant it to begin\n%s", got, test.toSP)
			}
		})
	}
}

// TestNoHeaderFromIdP: a self-closing Header has no ecp:Response, so nothing
// may be delivered; the fault's envelope is all that the SP gets.
func TestNoHeaderFromIdP(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"", "<soap11:Header/>", "<soap11:Header></soap11:Header>"} {
		t.Run(header, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.answer.body = edit(t, idpMessage, "<soap11:Header>"+ecpResponse+"</soap11:Header>", header)
			mismatch := asError[*ecp.MismatchError](t, w.login(w.client()))
			if mismatch.AssertionConsumerServiceURL != "" || mismatch.BySP {
				t.Errorf("got %+v", mismatch)
			}
			wantFault(t, w.one(toACS).Body, "S:Server")
		})
	}
}

// TestCookies proves that the cookies of SP and IdP are apart, although both
// servers are one host to a cookie jar, which does not separate ports.
func TestCookies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.delivered.header = nil // no session, so that a second login is possible
	client := w.client()
	for range 2 {
		w.mustLogin(client)
	}
	var idp, sp int
	for _, s := range w.requests() {
		cookies := s.Header.Get("Cookie")
		switch {
		case s.Server == "idp":
			idp++
			if cookies != "" {
				t.Errorf("the IdP got cookies: %s", cookies)
			}
		case strings.Contains(cookies, "JSESSIONID"):
			t.Errorf("the SP got the IdP's cookie: %s", cookies)
		case strings.Contains(cookies, "_opensaml_req_42=r-1"):
			sp++
		}
	}
	if idp != 2 || sp != 3 {
		t.Errorf("%d requests to the IdP and %d with the SP's cookie, want 2 and 3:\n%s", idp, sp, w.lines())
	}
}

// TestIdPCookiesWithinLogin: an IdP's load balancer may need its cookie when a
// challenge is answered.
func TestIdPCookiesWithinLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.before = challenge(`Basic realm="IdP"`)
	client := w.client()
	client.WaitForChallenge = true
	w.mustLogin(client)
	if got := w.requests()[2].Header.Get("Cookie"); got != "route=node1" {
		t.Errorf("the answer to the challenge has cookies %q", got)
	}
}

// TestPrompt checks what the caller is told (SAML V2.0 Profiles, §4.2.4.2).
func TestPrompt(t *testing.T) {
	t.Parallel()
	for attr, passive := range map[string]bool{
		``: true, `IsPassive="1"`: true, `IsPassive="true"`: true, `IsPassive="0"`: false, `IsPassive="false"`: false,
	} {
		t.Run(attr, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.request.body = edit(t, spMessage, `IsPassive="0"`, attr+` ProviderName="The&#x202E; Cluster&#10;of X"`)
			w.request.body = edit(t, w.request.body, `</ecp:Request>`, `<samlp:IDPList xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">`+
				`<samlp:IDPEntry ProviderID="https://a.example.org" Loc="https://evil.example/"/><samlp:IDPEntry ProviderID="https://b.&#x202E;example.org&#10;"/>`+
				`<samlp:GetComplete>https://evil.example/</samlp:GetComplete></samlp:IDPList></ecp:Request>`)
			w.request.body = edit(t, w.request.body, `sp.example.org/shibboleth`, `sp.&#x200B;example.org/&#x202E;shibboleth`)
			client, calls := w.client(), 0
			client.Credentials = func(_ context.Context, p ecp.Prompt) (ecp.Credentials, error) {
				calls++
				type facts struct {
					IdP, Issuer, Name string
					Passive           bool
					IdPs              []string
				}
				got := facts{p.IdP.String(), p.Request.Issuer, p.Request.ProviderName, p.Request.IsPassive, p.Request.IdPs}
				want := facts{client.IdP.String(), "https://sp.example.org/shibboleth", "The Cluster of X", passive,
					[]string{"https://a.example.org", "https://b.example.org"}}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("prompt (-want +got):\n%s", diff)
				}
				return ecp.Credentials{Username: username, Password: password}, nil
			}
			w.mustLogin(client)
			if calls != 1 {
				t.Errorf("asked for credentials %d times", calls)
			}
		})
	}
}

// TestNotifyAndUserAgent checks that each request is announced and signed.
func TestNotifyAndUserAgent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.client()
	client.UserAgent = "x509up/1.0"
	var said []string
	client.Notify = func(doing, host string) { said = append(said, doing+" "+host) }
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url("{SP}/resource").String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	sp, idp := w.url("{SP}").Host, w.url("{IDP}").Host
	want := []string{"asking " + sp, "logging in at " + idp, "posting the assertion to " + sp, "requesting from " + sp}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	for _, s := range w.requests() {
		if got := s.Header.Get("User-Agent"); got != "x509up/1.0" {
			t.Errorf("%s: User-Agent is %q", s, got)
		}
	}
	if req.Header.Get("User-Agent") != "" {
		t.Error("Do changed the caller's header")
	}
}

// TestDo covers what Do sends for each kind of request.
func TestDo(t *testing.T) {
	t.Parallel()
	login := toSP + "\n" + toIdP + "\n" + toACS + "\n"
	tests := []struct {
		name, method, body string
		open               bool // the resource needs no login
		times              int
		want, answer       string
	}{
		{"GET", "GET", "", false, 1, login + toSP, "welcome to GET "},
		{"no method", "", "", false, 1, login + toSP, "welcome to GET "},
		{"GET twice", "GET", "", false, 2, login + toSP + "\n" + toSP, "welcome to GET "},
		{"POST", "POST", "form", false, 1, login + "sp POST /resource", "welcome to POST form"},
		{"GET of a public page", "GET", "", true, 1, toSP, "public"},
		{"POST to a public page", "POST", "form", true, 1, toSP + "\nsp POST /resource", "public"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.before = func(s seen, rw http.ResponseWriter, _ *http.Request) bool {
				if test.open {
					io.WriteString(rw, "public") //nolint:errcheck // seen by the test
				}
				return test.open
			}
			client := w.client()
			var got []byte
			for range test.times {
				req := &http.Request{Method: test.method, URL: w.url("{SP}/resource")}
				if test.body != "" {
					req.Body = io.NopCloser(strings.NewReader(test.body))
				}
				answer, err := client.Do(req.WithContext(t.Context()))
				if err != nil {
					t.Fatal(err)
				}
				got, err = io.ReadAll(answer.Body)
				if err != nil {
					t.Fatal(err)
				}
				answer.Body.Close()
			}
			if diff := cmp.Diff(test.want, w.lines()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			if string(got) != test.answer {
				t.Errorf("answer %q, want %q", got, test.answer)
			}
		})
	}
}

// TestDoHeader: the caller's header reaches the SP, and PAOS only with step 1:
// a resource that is asked for with it would get a request for a login back
// once the session has ended.
func TestDoHeader(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url("{SP}/resource").String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header["Accept"] = []string{"application/json", "text/plain"}
	req.Header.Set("X-Token", "t")
	answer, err := w.client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	all := w.requests()
	first, last := all[0].Header, all[3].Header
	if got := first.Get("Accept"); got != "application/json, text/plain, application/vnd.paos+xml" {
		t.Errorf("step 1 accepts %q", got)
	}
	if got := last.Values("Accept"); !cmp.Equal(got, []string{"application/json", "text/plain"}) || last.Get("PAOS") != "" {
		t.Errorf("the request with the session accepts %q, and has PAOS %q", got, last.Get("PAOS"))
	}
	for _, s := range all {
		if got := s.Header.Get("X-Token"); (got == "t") != (s.Path == "/resource") {
			t.Errorf("%s has X-Token %q", s, got)
		}
	}
}

// closeCounter counts how often a body is closed.
type closeCounter struct {
	io.Reader
	closed atomic.Int32
}

func (c *closeCounter) Close() error { c.closed.Add(1); return nil }

// TestDoClosesBody: as http.Client does, also when it was not sent.
func TestDoClosesBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answer.status = 403
	body := &closeCounter{Reader: strings.NewReader("form")}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url("{SP}/resource").String(), body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.client().Do(req); err == nil {
		t.Fatal("no error")
	}
	if body.closed.Load() != 1 {
		t.Errorf("the body was closed %d times", body.closed.Load())
	}
}

// TestDoConcurrently runs many requests through one Client, for the race
// detector and for the logins of each to be complete.
func TestDoConcurrently(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.client()
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url("{SP}/resource").String(), strings.NewReader(fmt.Sprint(i)))
			if err != nil {
				t.Error(err)
				return
			}
			answer, err := client.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			defer answer.Body.Close()
			if got, _ := io.ReadAll(answer.Body); string(got) != fmt.Sprintf("welcome to POST %d", i) {
				t.Errorf("request %d got %q", i, got)
			}
		})
	}
	wg.Wait()
}

// TestJar: a session that the caller's jar already holds is used.
func TestJar(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.client(), w.client()
	jar := &listJar{}
	first.Jar, second.Jar = jar, jar
	w.mustLogin(first)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url("{SP}/resource").String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := second.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	w.one(toIdP)
	for _, c := range jar.cookies {
		if c.Name == "JSESSIONID" {
			t.Error("the IdP's cookie came into the caller's jar")
		}
	}
}

// listJar is a jar that gives every cookie to everybody.
type listJar struct{ cookies []*http.Cookie }

func (j *listJar) SetCookies(_ *url.URL, cookies []*http.Cookie) {
	j.cookies = append(j.cookies, cookies...)
}
func (j *listJar) Cookies(*url.URL) []*http.Cookie { return j.cookies }

// TestCancel ends the context within each step.
func TestCancel(t *testing.T) {
	t.Parallel()
	for _, line := range []string{toSP, toIdP, toACS} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ctx, cancel := context.WithCancel(t.Context())
			w.before = func(s seen, _ http.ResponseWriter, r *http.Request) bool {
				if s.String() != line {
					return false
				}
				cancel()
				<-r.Context().Done()
				return true
			}
			err := w.client().Login(ctx, w.url("{SP}/resource"))
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("got %v, want context.Canceled", err)
			}
			asError[*ecp.Error](t, err)
			w.one(line)
		})
	}
	t.Run("prompt", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		client := w.client()
		ctx, cancel := context.WithCancel(t.Context())
		client.Credentials = func(ctx context.Context, _ ecp.Prompt) (ecp.Credentials, error) {
			cancel()
			return ecp.Credentials{}, ctx.Err()
		}
		if err := client.Login(ctx, w.url("{SP}/resource")); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, want context.Canceled", err)
		}
		if w.lines() != toSP {
			t.Errorf("requests:\n%s", w.lines())
		}
	})
}

// TestSameOriginRedirect: Login follows what stays at the SP, as a slash that
// is added, a few times; Do leaves all redirects to its caller.
func TestSameOriginRedirect(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, location string
		want           string
		ok             bool
	}{
		{"slash", "/resource/", "sp GET /resource\nsp GET /resource/\n" + toIdP + "\n" + toACS, true},
		{"absolute", "{SP}/resource/", "sp GET /resource\nsp GET /resource/\n" + toIdP + "\n" + toACS, true},
		{"loop", "/resource", "sp GET /resource\nsp GET /resource\nsp GET /resource\nsp GET /resource", false},
		{"with a SAML request", "/resource/?SAMLRequest=x", toSP, false},
		{"other host", "{IDP}/resource/", toSP, false},
		{"downgrade", "http://127.0.0.1/resource/", toSP, false},
		{"user name", "https://u@{SPHOST}/resource/", toSP, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.before = func(s seen, rw http.ResponseWriter, _ *http.Request) bool {
				if s.Path != "/resource" {
					return false
				}
				rw.Header().Set("Location", strings.ReplaceAll(w.fill(test.location), "{SPHOST}", w.url("{SP}").Host))
				rw.WriteHeader(http.StatusMovedPermanently)
				return true
			}
			if err := w.login(w.client()); (err == nil) != test.ok {
				t.Errorf("Login: %v", err)
			}
			if diff := cmp.Diff(test.want, w.lines()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// asError returns the error of type T in err.
func asError[T error](t *testing.T, err error) T {
	t.Helper()
	e, ok := errors.AsType[T](err)
	if !ok {
		t.Fatalf("got error %T %v, want one with a %T", err, err, e)
	}
	return e
}

func wantFault(t *testing.T, body, code string) {
	t.Helper()
	if !strings.Contains(body, "<S:Fault><faultcode>"+code+"</faultcode>") || strings.Contains(body, "assertion</secret>") {
		t.Errorf("got no fault %s but\n%s", code, body)
	}
}

// challenge makes the IdP ask for authentication before it takes a password.
func challenge(fields ...string) func(seen, http.ResponseWriter, *http.Request) bool {
	return func(s seen, rw http.ResponseWriter, _ *http.Request) bool {
		if s.Server != "idp" || s.Header.Get("Authorization") != "" {
			return false
		}
		for _, f := range fields {
			rw.Header().Add("WWW-Authenticate", f)
		}
		rw.Header().Set("Set-Cookie", "route=node1; Path=/")
		rw.WriteHeader(http.StatusUnauthorized)
		return true
	}
}
