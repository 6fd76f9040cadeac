// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"net"
	"regexp"
	"testing"
)

// exitVOMS is the exit code of x509up when attributes are missing or not good.
const exitVOMS = 7

// prints expects lines on stdout that have these expressions in them.
func prints(t *testing.T, r result, expressions ...string) {
	t.Helper()
	for _, expression := range expressions {
		if !regexp.MustCompile(expression).MatchString(r.Stdout) {
			t.Errorf("%s: there is no line with %q in\n%s", r.Command, expression, r.Stdout)
		}
	}
}

// TestVOHealth: vo check, info and verify before a real voms-server, and a proxy that voms-proxy-init2 made.
func TestVOHealth(t *testing.T) {
	t.Parallel()
	s := startVOMS(t, bareGrid(t))
	tool := buildTool(t)
	u := s.user(t, vomsMember)
	u.Tool = tool
	u.client = u.with("X509_VOMSES", s.Vomses).with("X509_VOMS_DIR", s.LSC).with("X509_CERT_DIR", s.CADir)
	address := net.JoinHostPort(s.Test.Host, s.Test.Port)
	prints(t, u.x509up(t, 0, "vo", "list"), "test.vo +"+address, "other.vo +")
	prints(t, u.x509up(t, 0, "vo", "show", "test.vo"), `LSC      : .*/test.vo/localhost.lsc`)
	// Without a credential the server is greeted, with one it is asked.
	prints(t, u.x509up(t, 0, "vo", "check", "test.vo"), "passed: connection: .* TLS 1.3", "warning: certificate: it ends in 0 days", "passed: LSC file: ")
	maker := vomsMakers()[0]
	u.run(t, 0, maker.Name, maker.Args(s, u, "test.vo:/test.vo/Role=VO-Admin")...)
	prints(t, u.x509up(t, 0, "vo", "check", "test.vo"), "passed: answer: by the legacy protocol", "passed: attributes: /test.vo")
	prints(t, u.x509up(t, 0, "info"), "VO       : test.vo", "  server : "+address, "  FQAN   : /test.vo/Role=VO-Admin", "  valid  : yes")
	u.x509up(t, 0, "info", "--acexists", "test.vo")
	u.x509up(t, exitVOMS, "info", "--acexists", "other.vo")
	prints(t, u.x509up(t, 0, "verify"), "passed: VO test.vo: signature", `passed: VO test.vo: LSC file \(`)
	u.x509up(t, exitVOMS, "verify", "--vomsdir", t.TempDir()).says(t, "test.vo/localhost.lsc should hold:")

	stranger := s.user(t, vomsStranger)
	stranger.Tool = tool
	stranger.client = stranger.with("X509_VOMSES", s.Vomses).with("X509_VOMS_DIR", s.LSC).with("X509_CERT_DIR", s.CADir)
	stranger.run(t, 0, "voms-proxy-init2", "-rfc", "-cert", stranger.Cert, "-key", stranger.Key, "-out", stranger.File)
	prints(t, stranger.x509up(t, 0, "vo", "check", "test.vo"), "warning: answer: by the legacy protocol, .* the certificate is not one of a member")
}
