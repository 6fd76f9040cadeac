// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsd

import (
	"crypto/x509"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/x509up/x509up/internal/fed/vomsd/wire"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
)

// Numbers of IAM's errors that voms-server has not, or uses otherwise, and what frames its answers.
const (
	iamBadRequest, iamNoSuchAttribute = 1006, 1007

	iamHead   = `<?xml version="1.0" encoding="UTF-8" standalone="no"?>`
	maxString = 512 // characters of a parameter

	// What voms-clients 2.x call themselves. They get errors in the form of the older protocol, but for that about the AUP.
	legacyAgent = "voms APIs 2.0"
)

// iam answers a GET as IAM's VOMSController does.
func (s *Server) iam(path, query, agent string, holder *x509.Certificate) wire.Answer {
	if path != "/generate-ac" {
		return nginxError(404)
	}
	parameters, err := url.ParseQuery(query)
	if err != nil {
		return nginxError(400)
	}
	lifetime, complaint := iamLifetime(parameters)
	for _, name := range []string{"fqans", "targets"} {
		if complaint == "" && utf8.RuneCountInString(parameters.Get(name)) > maxString {
			complaint = name + " parameter length is limited to 512 characters"
		}
	}
	if complaint != "" {
		return tomcat(200, iamError(wire.Item{Number: iamBadRequest, Message: complaint}))
	}
	m, ok := s.member(holder)
	dn, ca := rfc2253(holder.RawSubject), rfc2253(holder.RawIssuer)
	if !ok {
		// It has no account, and so not the role that the page is for.
		return tomcat(403, iamError(wire.Item{Number: wire.ErrorNotMember, Message: fmt.Sprintf("User unknown to this VO: '%s' (issued by '%s')", dn, ca)}))
	}
	refuse := func(number int, message string) wire.Answer {
		if agent == legacyAgent {
			return tomcat(200, iamLegacyError(wire.Item{Number: number, Message: message}))
		}
		return tomcat(200, iamError(wire.Item{Number: number, Message: message}))
	}
	if m.Suspended != "" {
		return refuse(wire.ErrorSuspended, fmt.Sprintf("User '%s, %s' is not active.", dn, ca))
	}
	fqans, unknown := m.iamFQANs(s.VO.Name, splitList(parameters.Get("fqans")))
	switch {
	case unknown != "" && !strings.HasPrefix(unknown, "/"):
		return tomcat(500, "") // a VOMSNamingException that nobody catches
	case unknown != "":
		return refuse(iamNoSuchAttribute, fmt.Sprintf("User is not authorized to request attribute '%s' or attribute does not exist.", unknown))
	case m.Unsigned:
		_, name, _ := strings.Cut(m.Subject, "/CN=")
		return tomcat(200, iamError(wire.Item{Number: wire.ErrorSuspended, Message: fmt.Sprintf("User %s needs to sign AUP for this organization in order to proceed.", name)}))
	}
	warning := ""
	if lifetime > s.maxLife() {
		warning = fmt.Sprintf("<warning>WARNING: %s : The validity of this VOMS AC in your proxy is shortened to %d seconds, "+
			"which is the maximum allowed by this VOMS server configuration.</warning>", s.VO.Name, s.maxLife())
	}
	if lifetime < 0 || lifetime > s.maxLife() {
		lifetime = s.maxLife()
	}
	own := slices.DeleteFunc(slices.Clone(m.Attributes), func(a voms.Attribute) bool { return a.Qualifier != "" })
	der, err := s.certify(holder, fqans, own, splitList(parameters.Get("targets")), lifetime)
	if err != nil {
		return tomcat(500, "")
	}
	return tomcat(200, iamHead+"<voms><ac>"+wire.Lines(string(der), "&#13;\n")+"</ac>"+warning+"</voms>")
}

// iamLifetime reads the lifetime; -1 if there is none.
func iamLifetime(parameters url.Values) (seconds int, complaint string) {
	text := parameters.Get("lifetime")
	if text == "" {
		return -1, ""
	}
	n, err := strconv.Atoi(text)
	switch {
	case err != nil:
		return 0, "Failed to convert property value of type 'java.lang.String' to required type 'java.lang.Long' for property 'lifetime'; " +
			"nested exception is java.lang.NumberFormatException: For input string: \"" + text + "\""
	case n <= 0:
		return 0, "lifetime must be a positive integer"
	}
	return n, ""
}

// iamFQANs are those that were asked for, and then the groups by name; or the first that the member has not.
func (m Member) iamFQANs(vo string, asked []string) (fqans []string, unknown string) {
	groups := append([]string{"/" + vo}, m.Groups...)
	slices.Sort(groups)
	for _, f := range asked {
		f = strings.TrimSpace(f)
		if !slices.Contains(groups, f) && !slices.Contains(m.Roles, f) {
			return nil, f
		}
		fqans = append(fqans, f)
	}
	var unique []string
	for _, f := range append(fqans, groups...) {
		if !slices.Contains(unique, f) {
			unique = append(unique, f)
		}
	}
	return unique, ""
}

func iamError(i wire.Item) string {
	return iamHead + "<voms><error><code>" + strconv.Itoa(i.Number) + "</code><message>" + escape.Replace(i.Message) + "</message></error></voms>"
}

func iamLegacyError(i wire.Item) string {
	return iamHead + "<vomsans><version>3</version><error><item><number>" + strconv.Itoa(i.Number) + "</number><message>" +
		escape.Replace(i.Message) + "</message></item></error><ac>QQ==\n</ac></vomsans>"
}

// escape is what Java's XML writer does to text.
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#13;")

// rfc2253 is a name as IAM writes it, the last step first.
func rfc2253(raw []byte) string {
	steps := strings.Split(strings.TrimPrefix(proxycert.OneLine(raw), "/"), "/")
	slices.Reverse(steps)
	return strings.Join(steps, ",")
}

// tomcat is an HTTP answer of IAM's through nginx, which hands on that Tomcat gives no reasons beside a status.
func tomcat(status int, body string) wire.Answer {
	text := "HTTP/1.1 " + strconv.Itoa(status) + " \r\nServer: nginx\r\n"
	if body != "" {
		text += "Content-Type: text/xml;charset=utf-8\r\n"
	}
	return wire.Answer{Status: status, Text: text + "Content-Length: " + strconv.Itoa(len(body)) + "\r\nConnection: close\r\n" +
		"X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n\r\n" + body}
}

// nginxError is a page of nginx itself.
func nginxError(status int) wire.Answer {
	title := map[int]string{400: "400 Bad Request", 404: "404 Not Found"}[status]
	body := "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title +
		"</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
	return wire.Answer{Status: status, Text: "HTTP/1.1 " + title + "\r\nServer: nginx\r\nContent-Type: text/html\r\nContent-Length: " +
		strconv.Itoa(len(body)) + "\r\nConnection: close\r\n\r\n" + body}
}
