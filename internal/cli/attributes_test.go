// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"context"
	"crypto/tls"
	"crypto/x509/pkix"
	"encoding/asn1"
	"os"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/gridtls"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/contact"
)

// attributes puts attributes of VOs, which their servers are asked for, into a proxy of the one that is stored, and stores
// that. The VO "broken" is an extension that nobody can read.
func attributes(ts *testscript.TestScript, _ bool, vos []string) {
	path := ts.Getenv("X509_USER_PROXY")
	c, err := credstore.Load(path)
	ts.Check(err)
	book := contact.Load(ts.Getenv("X509_VOMSES"))
	config := gridtls.Config(&trust.Dir{Path: ts.Getenv("X509_CERT_DIR")}, time.Now)
	config.Certificates = []tls.Certificate{gridtls.Certificate(c)}
	var extension pkix.Extension
	var acs [][]byte
	for _, vo := range vos {
		if vo == "broken" {
			extension = pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 8005, 100, 100, 5}, Value: []byte{0x30, 0x01, 0x00}}
			continue
		}
		servers, err := book.Find(vo)
		ts.Check(err)
		answer, err := (&contact.Client{TLS: config}).Ask(context.Background(), servers, contact.Request{All: true, Lifetime: time.Hour})
		ts.Check(err)
		acs = append(acs, answer.AC)
	}
	if len(acs) > 0 {
		extension, err = voms.Extension(acs...)
		ts.Check(err)
	}
	proxy, err := proxycert.New(c, proxycert.Options{Now: time.Now(), KeyType: proxycert.EC256, Extensions: []pkix.Extension{extension}})
	ts.Check(err)
	data, err := proxy.Marshal(proxycert.PKCS8)
	ts.Check(err)
	ts.Check(os.WriteFile(path, data, 0o600))
}
