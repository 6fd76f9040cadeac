// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package fed

import "github.com/x509up/x509up/internal/fed/saml"

// IdPSigner lets tests sign what the IdP would never say.
func (f *Federation) IdPSigner() saml.Signer { return f.idp.Signer }
