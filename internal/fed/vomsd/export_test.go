// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsd

import (
	"crypto/x509"

	"github.com/x509up/x509up/internal/fed/journal"
)

// Answer is what the server says to the bytes of a request, without a connection.
func (s *Server) Answer(request string, holder *x509.Certificate) string {
	if len(request) >= 3 && request[:3] == "GET" {
		return s.rest(request, holder, &journal.Request{}).Text
	}
	return s.legacy(request, holder, &journal.Request{}).Text
}
