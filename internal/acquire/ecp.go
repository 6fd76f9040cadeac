// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acquire

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/getcert"
	"github.com/x509up/x509up/internal/acquire/chain"
	"github.com/x509up/x509up/internal/keygen"
	"github.com/x509up/x509up/proxycert"
)

// ECP is the source of credentials from an online CA behind a SAML service
// provider. Client is required.
type ECP struct {
	Client *getcert.Client
	// FindIdP, if not nil, finds the identity provider's endpoint; it is called
	// before anything else. Nil: Client.ECP.IdP is set.
	FindIdP func(context.Context) (*url.URL, error)
	// Warm, if not nil, is the transport below Client.ECP.IdPTransport: the
	// connection to the identity provider is opened through it while the
	// service provider answers.
	Warm *http.Transport
	// Early, if not nil, begins what the login at the identity provider will need, while the service provider answers. It returns at
	// once, fails nobody and asks nobody; stop, which is called when the login is over, ends it.
	Early func(ctx context.Context, idp *url.URL) (stop func())
	// PKCS12 lets the server make the key.
	PKCS12 bool
	// Explain, if not nil, is told why there is no certificate, while the lock on the stored credential is held, and says why.
	Explain func(context.Context, error) error
}

// Keys is 1, or 0 when the server makes the key.
func (s *ECP) Keys() int {
	if s.PKCS12 {
		return 0
	}
	return 1
}

// Obtain logs in and gets a certificate. Its errors are those of packages ecp
// and getcert, and what FindIdP says.
func (s *ECP) Obtain(ctx context.Context, keys *keygen.Pool, lifetime time.Duration) (*proxycert.Credential, error) {
	if s.FindIdP != nil {
		idp, err := s.FindIdP(ctx)
		if err != nil {
			return nil, err
		}
		s.Client.ECP.IdP = idp
	}
	if s.Warm != nil {
		ecp.Preconnect(ctx, s.Warm, s.Client.ECP.IdP)
	}
	if s.Early != nil {
		defer s.Early(ctx, s.Client.ECP.IdP)()
	}
	issued, err := s.issue(ctx, keys, lifetime)
	if err != nil && s.Explain != nil {
		err = s.Explain(ctx, err)
	}
	if err != nil {
		return nil, err
	}
	return chain.Ordered(issued.Certificates, issued.Key)
}

func (s *ECP) issue(ctx context.Context, keys *keygen.Pool, lifetime time.Duration) (*getcert.Issued, error) {
	if s.PKCS12 {
		return s.Client.PKCS12(ctx, lifetime)
	}
	return s.Client.CertReq(ctx, keys.Take, lifetime)
}
