// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsd_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/fed/vomsd"
)

// The frames of answers.
const (
	legacyHead = `<?xml version="1.0" encoding = "US-ASCII"?><vomsans><version>3</version>`
	legacyAC   = legacyHead + "<ac>AC</ac></vomsans>"
	legacyNone = "<ac>QQ==\n</ac></vomsans>"
	restHead   = `<?xml version="1.0" encoding="UTF-8"?><voms>`
	notFirst   = "FQAN: /test.vo is not the first selected!\n"
	unknown    = "test.vo: User unknown to this VO."
	tooLong    = "localhost:PORT: The validity of this VOMS AC in your proxy is shortened to 86400 seconds!"
)

func item(number, message string) string {
	return "<item><number>" + number + "</number><message>" + message + "</message></item>"
}

func unable(command string) string {
	return legacyHead + "<error>" + item("1001", "test.vo: Unable to satisfy "+command+" request!") + "</error>" + legacyNone
}

// TestLegacy holds what is not among the vectors; the real server was asked most of it (interop's TestVOMSServerWire), and
// the source of the original says the rest.
func TestLegacy(t *testing.T) {
	t.Parallel()
	servers := map[vomsd.Flavour]*world{
		vomsd.Upstream: start(t, nil),
		vomsd.Debian:   start(t, func(s *vomsd.Server) { s.Flavour = vomsd.Debian }),
	}
	const ofGroups = "/test.vo /test.vo/group /test.vo/group/sub"
	for _, c := range []struct {
		name, user string
		flavour    vomsd.Flavour
		request    []string
		want       string
		fqans      string // short, where there is a certificate
		attributes int
	}{
		{"group", member, 0, []string{xml("G/test.vo")}, legacyAC, ofGroups, 3},
		{"zero first", plain, 0, []string{"0", xml("G/test.vo")}, legacyAC, "/test.vo", 0},
		{"group first", member, 0, []string{xml("G/test.vo/group/sub")}, legacyAC, "/test.vo/group/sub /test.vo /test.vo/group", 3},
		{"role", member, 0, []string{xml("B/test.vo:production")}, legacyAC, "/test.vo/Role=production " + ofGroups, 3},
		{"role as FQAN", member, 0, []string{xml("B/test.vo/Role=VO-Admin")}, legacyAC, "/test.vo/Role=VO-Admin " + ofGroups, 4},
		{"role in old syntax", member, 0, []string{xml("Btest.vo:production")}, unable("Btest.vo:production"), "", 0},
		{"two roles", member, 0, []string{xml("B/test.vo/group/sub:x", "B/test.vo:production")}, legacyAC,
			"/test.vo/group/sub/Role=x /test.vo/Role=production " + ofGroups, 4},
		{"all", member, 0, []string{xml("A")}, legacyAC,
			"/test.vo /test.vo/Role=VO-Admin /test.vo/Role=production /test.vo/group /test.vo/group/sub /test.vo/group/sub/Role=x", 5},
		{"some letter and all", plain, 0, []string{xml("Xall")}, legacyAC, "/test.vo", 0},
		{"list as group", member, 0, []string{xml("G//")}, legacyAC,
			"/test.vo /test.vo/Role=VO-Admin /test.vo/Role=production /test.vo/group /test.vo/group/sub /test.vo/group/sub/Role=x", 0},
		{"order", member, 0, []string{strings.Replace(xml("G/test.vo"), "<base64>", "<order>/test.vo/group/sub,/test.vo/group</order><base64>", 1)},
			legacyAC, "/test.vo/group/sub /test.vo/group /test.vo", 3},
		{"role anywhere", member, 0, []string{xml("Rx")}, legacyHead + "<error>" + item("1", notFirst) + "</error><ac>AC</ac></vomsans>",
			"/test.vo /test.vo/group /test.vo/group/sub /test.vo/group/sub/Role=x", 4},
		{"targets", plain, 0, []string{strings.Replace(xml("G/test.vo"), "<base64>", "<targets>a.example,b.example</targets><base64>", 1)}, legacyAC, "/test.vo", 0},
		{"unknown element", plain, 0, []string{strings.Replace(xml("G/test.vo"), "<base64>", "<x>y</x><base64>", 1)}, legacyAC, "/test.vo", 0},

		{"role anywhere as FQAN", member, 0, []string{xml("R/Role=x")}, "", "", 0},
		{"no command", member, 0, []string{"<voms></voms>"}, "", "", 0},
		{"targets in Debian", plain, vomsd.Debian, []string{strings.Replace(xml("G/test.vo"), "<base64>", "<targets>a</targets><base64>", 1)}, "", "", 0},
		{"no such group", member, 0, []string{xml("G/test.vo/none")}, unable("G/test.vo/none"), "", 0},
		{"other VO", member, 0, []string{xml("G/other.vo")}, unable("G/other.vo"), "", 0},
		{"role of others", plain, 0, []string{xml("B/test.vo:production")}, unable("B/test.vo:production"), "", 0},
		{"two in one", member, 0, []string{xml("G/test.vo,G/test.vo/group")}, unable("G/test.vo,G/test.vo/group"), "", 0},
		{"no role", member, 0, []string{xml("G/test.vo/Role=NULL/Capability=NULL")}, unable("G/test.vo/Role=NULL/Capability=NULL"), "", 0},
		{"unknown command", member, 0, []string{xml("M")}, unable("M"), "", 0},
		{"empty command", member, 0, []string{xml("")}, unable(""), "", 0},
		{"unsigned", unsigned, 0, []string{xml("G/test.vo")},
			legacyHead + "<error>" + item("1004", "User is currently suspended!\nSuspension reason: User failed to sign the AUP in time.") + "</error>" + legacyNone, "", 0},
		{"garbage", member, 0, []string{"hello"}, legacyHead + "<error>" + item("1005", "Unable to interpret command: hello") + "</error>" + legacyNone, "", 0},
		{"garbage in Debian", member, vomsd.Debian, []string{"hello"}, legacyHead + "<error>" + item("1005", "Unable to intepret command: hello") + "</error>" + legacyNone, "", 0},
		{"a warning and an error", stranger, 0, []string{strings.Replace(xml("G/test.vo"), ">3600<", ">86401<", 1)},
			legacyHead + "<error>" + item("2", tooLong) + item("1001", unknown) + "</error>" + legacyNone, "", 0},
		// What comes in a second record was never read: the first is half a document.
		{"two records", member, 0, []string{"<voms><command>A</command>", "</voms>"},
			legacyHead + "<error>" + item("1005", "Unable to interpret command: <voms><command>A</command>") + "</error>" + legacyNone, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := servers[c.flavour]
			user := w.user(t, c.user)
			got, ac := split(t, w.ask(t, user, c.request...))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if ac == nil {
				return
			}
			var short []string
			for _, f := range ac.FQANs {
				f = strings.TrimSuffix(f, "/Capability=NULL")
				short = append(short, strings.TrimSuffix(f, "/Role=NULL"))
			}
			if got := strings.Join(short, " "); got != c.fqans || len(ac.Attributes) != c.attributes {
				t.Errorf("FQANs %q and attributes %q; want %q and %d", got, ac.Attributes, c.fqans, c.attributes)
			}
			if err := w.verify(t, ac, user); err != nil && len(ac.Targets) == 0 {
				t.Error(err)
			}
		})
	}
}

// TestREST holds what is not among the vectors.
func TestREST(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	head := func(status, kind string) string {
		return "HTTP/1.1 " + status + "\r\nServer: gSOAP/2.8\r\nX-Frame-Options: SAMEORIGIN\r\nContent-Type: text/" + kind +
			"; charset=utf-8\r\nContent-Length: N\r\nConnection: close\r\n\r\n"
	}
	good := head("200 OK", "html") + restHead + "<ac>AC</ac></voms>"
	missing := head("404 Not Found", "xml")
	refused := func(status, code, message string) string {
		return head(status, "xml") + restHead + "<error><code>" + code + "</code><message>" + message + "</message></error></voms>"
	}
	warned := func(message string) string {
		return head("500 Internal Server Error", "xml") + restHead + "<ac>AC</ac><warning>" + message + "</warning></voms>"
	}
	for _, c := range []struct{ name, user, request, want string }{
		{"HTTP/1.0 and line feeds", plain, "GET /generate-ac?fqans=/test.vo&lifetime=3600 HTTP/1.0\nHost: h\n\n", good},
		{"no names", plain, get("/generate-ac?lifetime=3600"), good},
		{"nothing", plain, get("/generate-ac"), good},
		{"all", member, get("/generate-ac?fqans=all&lifetime=3600"), good},
		{"list as command", plain, get("/generate-ac?fqans=N&lifetime=3600"),
			head("200 OK", "html") + restHead + "<bitstr>L3Rlc3Qudm8vUm9sZT1OVUxML0NhcGFiaWxpdHk9TlVMTAo=\n</bitstr></voms>"},
		{"order", member, get("/generate-ac?fqans=/test.vo&lifetime=3600&order=/test.vo/group"), good},
		{"order twice", member, get("/generate-ac?fqans=/test.vo&order=/none&order=/test.vo/group"), warned(notFirst)},
		{"order of what is not had", member, get("/generate-ac?fqans=/test.vo&order=/other.vo"), warned(notFirst)},
		{"too long a life", plain, get("/generate-ac?fqans=/test.vo&lifetime=99999999999"), warned(tooLong)},
		// It says nothing of the error behind the warning.
		{"too long a life of a stranger", stranger, get("/generate-ac?fqans=/test.vo&lifetime=86401"),
			head("500 Internal Server Error", "xml") + restHead + "<warning>" + tooLong + "</warning></voms>"},
		{"other path", plain, get("/generate-ac2?fqans=/test.vo"), missing},
		{"nothing behind ?", plain, get("/generate-ac?"), missing},
		{"no =", plain, get("/generate-ac?fqans"), missing},
		{"percent", plain, get("/generate-ac?fqans=%2Ftest.vo"), refused("400 Bad Request", "BadRequest", "test.vo: Unable to satisfy %2Ftest.vo request!")},
		{"NULL", plain, get("/generate-ac?fqans=/test.vo/Role=NULL"), refused("400 Bad Request", "BadRequest", "test.vo: Unable to satisfy B/test.vo:NULL request!")},
		{"an empty name", plain, get("/generate-ac?fqans="), ""},
		{"capability", plain, get("/generate-ac?fqans=/test.vo/Capability=x"), ""},
		{"no HTTP", plain, "GET /generate-ac\r\n\r\n", ""},
		{"too long a head", plain, "GET /" + strings.Repeat("x", 100<<10), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, _ := split(t, w.ask(t, w.user(t, c.user), c.request))
			if diff := cmp.Diff(c.want, length.ReplaceAllString(got, "Content-Length: N")); diff != "" {
				t.Error(diff)
			}
		})
	}
	debian := start(t, func(s *vomsd.Server) { s.Flavour = vomsd.Debian })
	if got := debian.ask(t, debian.user(t, plain), get("/generate-ac?fqans=/test.vo&lifetime=3600")); got != "" {
		t.Errorf("Debian's server answers %q", got)
	}
}

// TestIAM has the words of IAM's source, and those that a client with its own manners gets.
func TestIAM(t *testing.T) {
	t.Parallel()
	w := start(t, func(s *vomsd.Server) { s.Flavour = vomsd.IAM })
	const xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="no"?>`
	head := func(status string) string {
		return "HTTP/1.1 " + status + " \r\nServer: nginx\r\nContent-Type: text/xml;charset=utf-8\r\nContent-Length: N\r\nConnection: close\r\n" +
			"X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n\r\n" + xmlHead
	}
	good := head("200") + "<voms><ac>AC&#13;</ac></voms>"
	refused := func(status, code, message string) string {
		return head(status) + "<voms><error><code>" + code + "</code><message>" + message + "</message></error></voms>"
	}
	page := func(title string) string {
		return "HTTP/1.1 " + title + "\r\nServer: nginx\r\nContent-Type: text/html\r\nContent-Length: N\r\nConnection: close\r\n\r\n" +
			"<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title + "</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
	}
	const dn, issuer = ",O=Example University,C=US,DC=example,DC=org", "CN=Test CA,DC=example,DC=org"
	const denied = "User is not authorized to request attribute '/test.vo/Role=x' or attribute does not exist."
	old := func(target string) string {
		return strings.Replace(get(target), "\r\n\r\n", "\r\nuser-agent: voms APIs 2.0\r\n\r\n", 1)
	}
	for _, c := range []struct{ name, user, request, want, fqans string }{
		{"group", plain, get("/generate-ac?fqans=/test.vo&lifetime=3600"), good, "/test.vo"},
		{"decoded", plain, get("/generate-ac?fqans=%2Ftest.vo&lifetime=3600"), good, "/test.vo"},
		{"nothing", member, get("/generate-ac"), good, "/test.vo /test.vo/group /test.vo/group/sub"},
		{"role", member, get("/generate-ac?fqans=/test.vo/Role=production,/test.vo/group/sub&order=/test.vo&foo=bar"), good,
			"/test.vo/Role=production /test.vo/group/sub /test.vo /test.vo/group"},
		{"too long a life", plain, get("/generate-ac?lifetime=43201"), head("200") + "<voms><ac>AC&#13;</ac><warning>WARNING: test.vo : The validity of this VOMS AC in your proxy " +
			"is shortened to 43200 seconds, which is the maximum allowed by this VOMS server configuration.</warning></voms>", "/test.vo"},
		{"stranger", stranger, get("/generate-ac?fqans=/test.vo"),
			refused("403", "1001", "User unknown to this VO: 'CN=Nobody They Know"+dn+"' (issued by '"+issuer+"')"), ""},
		{"suspended", suspended, get("/generate-ac"), refused("200", "1004", "User 'CN=Suspended Member"+dn+", "+issuer+"' is not active."), ""},
		{"unsigned", unsigned, get("/generate-ac"),
			refused("200", "1004", "User Unsigned Member needs to sign AUP for this organization in order to proceed."), ""},
		{"role of others", plain, get("/generate-ac?fqans=/test.vo/Role=x"), refused("200", "1007", denied), ""},
		{"role of others, of old clients", plain, old("/generate-ac?fqans=/test.vo/Role=x"), head("200") +
			"<vomsans><version>3</version><error><item><number>1007</number><message>" + denied + "</message></item></error><ac>QQ==\n</ac></vomsans>", ""},
		{"no life", plain, get("/generate-ac?lifetime=0"), refused("200", "1006", "lifetime must be a positive integer"), ""},
		{"life in words", plain, get("/generate-ac?lifetime=a"), refused("200", "1006", "Failed to convert property value of type 'java.lang.String' to required type "+
			`'java.lang.Long' for property 'lifetime'; nested exception is java.lang.NumberFormatException: For input string: "a"`), ""},
		{"many names", plain, get("/generate-ac?fqans=" + strings.Repeat("/", 513)), refused("200", "1006", "fqans parameter length is limited to 512 characters"), ""},
		{"all", member, get("/generate-ac?fqans=all"), "HTTP/1.1 500 \r\nServer: nginx\r\nContent-Length: N\r\nConnection: close\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n\r\n", ""},
		{"other path", plain, get("/"), page("404 Not Found"), ""},
		{"bad encoding", plain, get("/generate-ac?fqans=%zz"), page("400 Bad Request"), ""},
		{"older protocol", plain, xml("G/test.vo"), page("400 Bad Request"), ""},
		{"no HTTP", plain, "GET /generate-ac\r\n\r\n", page("400 Bad Request"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			user := w.user(t, c.user)
			got, ac := split(t, w.ask(t, user, c.request))
			if diff := cmp.Diff(c.want, length.ReplaceAllString(got, "Content-Length: N")); diff != "" {
				t.Error(diff)
			}
			if ac == nil {
				return
			}
			if got := strings.Join(ac.FQANs, " "); got != c.fqans {
				t.Errorf("FQANs %q, want %q", got, c.fqans)
			}
			for _, a := range ac.Attributes {
				if a.Qualifier != vo {
					t.Errorf("attribute %+v", a)
				}
			}
			if err := w.verify(t, ac, user); err != nil {
				t.Error(err)
			}
		})
	}
}
