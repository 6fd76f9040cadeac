// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/getcert"
	"github.com/x509up/x509up/internal/idp"
)

// judgeLogin judges the errors of the ECP exchange.
func judgeLogin(err error, v *Verdict) bool {
	switch e := err.(type) {
	case *ecp.AuthError:
		return v.is(ExitRefused, "check the user name and the password; several wrong ones may lock the account")
	case *ecp.StatusError:
		if e.NoPassword {
			return v.is(ExitRefused, withoutPassword(e)...)
		}
		return v.is(ExitRefused, statusHints[e.Reason()]...)
	case *ecp.AnswerError:
		if e.Refusal() {
			return v.is(ExitRefused, "check the user name and the password, and whether the identity provider supports ECP")
		}
		return v.is(ExitServer, "is this the ECP endpoint of the identity provider? It often ends in /SAML2/SOAP/ECP")
	case *ecp.FaultError:
		return v.is(ExitServer, "most often the identity provider does not know this service, or not its address for ECP; "+
			"its operators can tell from their log")
	case *ecp.MismatchError:
		return v.is(ExitServer, "this is an attack on the login or wrong metadata; tell the operators of both servers")
	case *ecp.NotECPError:
		return v.is(ExitServer, "check the URL of the service provider; its operators must have ECP enabled")
	case *ecp.DeliveryError:
		return v.is(ExitServer, "the service provider did not accept the login: is this machine's clock right? "+
			"Does the service trust this identity provider?")
	case *ecp.MessageError, *ecp.URLError:
		return v.is(ExitServer)
	}
	return false
}

var statusHints = map[ecp.Reason][]string{
	ecp.ReasonCredentials: {"check the user name and the password; several wrong ones may lock the account"},
	ecp.ReasonLocked:      {"the help desk of the home institution can unlock it"},
	ecp.ReasonMFA: {"ask for a push or a passcode with --duo, if the identity provider has Duo for ECP",
		"others offer a second factor to browsers alone"},
	ecp.ReasonDenied:     {"the operators of the identity provider can allow this service"},
	ecp.ReasonAttributes: {"the operators of the identity provider must release attributes to this service"},
}

// judgeCA judges what the online CA said.
func judgeCA(err error, v *Verdict) bool {
	switch e := err.(type) {
	case *getcert.DisabledError:
		return v.is(ExitServer, "CILogon stopped in May 2025: use another CA (--service-provider), a user certificate (voms-proxy-init), "+
			"or tokens (htgettoken)")
	case *getcert.RefusedError:
		if e.MissingAttributes() {
			return v.is(ExitServer, "the login was good, but the identity provider told the CA too little about you: "+
				"ask its operators to release name, mail and eduPersonPrincipalName")
		}
		return v.is(ExitServer)
	case *getcert.SessionError, *getcert.AnswerError, *getcert.CertificateError:
		return v.is(ExitServer)
	}
	return false
}

// judgeFinding judges the search for an identity provider.
func judgeFinding(err error, v *Verdict) bool {
	if judgeRealm(err, v) {
		return true
	}
	switch e := err.(type) {
	case *idp.NotFoundError:
		if e.Nearest != "" {
			v.Hints = append(v.Hints, "-i "+shellQuote(e.Nearest)+"?")
		}
		if e.Kerberos != "" {
			return v.is(ExitUsage, "-k logs in there, with a ticket", "a full https:// URL names another endpoint")
		}
		return v.is(ExitUsage, "x509up list-idps shows what can be asked for; a full https:// URL always works")
	case *idp.NoSourceError:
		return v.is(ExitUsage, "--idp-list or --metadata says where to look; a full https:// URL needs neither")
	case *idp.InsecureURLError:
		return v.is(ExitUsage)
	case *idp.NoECPError:
		return v.is(ExitServer, "its operators can enable ECP, or add its endpoint (SOAP binding) to the metadata")
	case *idp.SourceError:
		if !strings.Contains(e.Source, "://") {
			return v.is(ExitUsage)
		}
		judgeNetwork(e.Err, v) // for its hints
		return v.is(ExitServer)
	case *idp.AmbiguousError:
		hints := make([]string, 0, len(e.Candidates))
		for _, c := range e.Candidates {
			hints = append(hints, "-i "+shellQuote(c.Name))
		}
		return v.is(ExitUsage, hints...)
	}
	return false
}

// judgeNetwork judges what the network said, in words that the net package
// does not have.
func judgeNetwork(err error, v *Verdict) bool {
	var (
		dns       *net.DNSError
		op        *net.OpError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		timeout   net.Error
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return v.is(ExitServer, "--timeout gives servers more time")
	case errors.As(err, &dns):
		return v.is(ExitServer, "check the name of the host and the network")
	case errors.As(err, &authority):
		return v.is(ExitServer, "the certificate of the server is from a CA that is not known here; "+
			"--ca-file or SSL_CERT_FILE names a file with its CA")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return v.is(ExitServer, "is this machine's clock right?")
	case errors.As(err, &host), errors.As(err, &invalid):
		return v.is(ExitServer)
	case errors.Is(err, http.ErrSchemeMismatch):
		return v.is(ExitServer, "the server does not speak TLS there: check the port")
	case errors.As(err, &record):
		return v.is(ExitServer, "the server does not speak TLS there: check the port")
	case errors.As(err, &op) && op.Op == "remote error": // an alert of TLS
		return v.is(ExitServer, "the server refused the connection; if it wants a TLS client certificate, --client-cert names it")
	case errors.As(err, &op):
		return v.is(ExitServer, "the server could not be reached: check the host, the port and the network")
	case errors.As(err, &timeout) && timeout.Timeout():
		return v.is(ExitServer, "--timeout gives servers more time")
	}
	if e := (*ecp.Error)(nil); errors.As(err, &e) {
		return v.is(ExitServer)
	}
	if e := (*getcert.Error)(nil); errors.As(err, &e) {
		return v.is(ExitServer)
	}
	return false
}
