// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsd

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/aa"
)

var (
	oidUnknown    = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 8005, 100, 120, 82} // voms-proxy-fake's, for tests
	oidNoRevAvail = asn1.ObjectIdentifier{2, 5, 29, 56}
	oidKeyID      = asn1.ObjectIdentifier{2, 5, 29, 35}
)

// certify makes the attribute certificate, or one that is as bad as the faults say. Lifetime is in seconds, and 0 is one
// too: voms-server makes certificates that end when they begin.
func (s *Server) certify(holder *x509.Certificate, fqans []string, attributes []voms.Attribute, targets []string, lifetime int) ([]byte, error) {
	identity, err := s.Identity()
	if err != nil {
		return nil, err
	}
	key, ok := identity.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, errors.New("vomsd: making an attribute certificate: the key cannot sign")
	}
	now := s.Now().Truncate(time.Second)
	t := aa.Template{
		Holder: holder, VO: s.VO.Name, Host: s.Host, Port: s.Port, Targets: targets,
		NotBefore: now, NotAfter: now.Add(time.Duration(lifetime) * time.Second),
	}
	for _, f := range fqans {
		if s.Faults.ForeignFQANs {
			f = "/foreign." + strings.TrimPrefix(f, "/")
		}
		t.FQANs = append(t.FQANs, f)
	}
	for _, a := range attributes {
		if a.Qualifier == "" {
			a.Qualifier = s.VO.Name
		}
		t.Attributes = append(t.Attributes, a)
	}
	s.bend(&t)
	der, err := aa.Create(rand.Reader, t, identity.Leaf, key)
	if err != nil {
		return nil, err
	}
	if s.Faults.NoRevAvail {
		return withoutNoRevAvail(der, key)
	}
	if s.Faults.BadSignature {
		der[len(der)-1] ^= 1
	}
	return der, nil
}

// bend makes the faults that can be made before the signature.
func (s *Server) bend(t *aa.Template) {
	if s.Faults.WrongHolder {
		other := *t.Holder
		other.SerialNumber = new(big.Int).Add(other.SerialNumber, big.NewInt(1))
		t.Holder = &other
	}
	life := t.NotAfter.Sub(t.NotBefore)
	switch {
	case s.Faults.Expired:
		t.NotAfter = t.NotBefore.Add(-time.Hour)
		t.NotBefore = t.NotAfter.Add(-life)
	case s.Faults.NotYetValid:
		t.NotBefore = t.NotBefore.Add(time.Hour)
		t.NotAfter = t.NotAfter.Add(time.Hour)
	}
	if s.Faults.Critical {
		t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: oidUnknown, Critical: true, Value: []byte{5, 0}})
	}
	if s.Faults.WrongKeyID {
		id := slices.Concat([]byte{0x30, 22, 0x80, 20}, []byte("another key than mine"[:20]))
		t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: oidKeyID, Value: id})
	}
}

// info is the signed part of an attribute certificate, of which only the extensions matter here.
type info struct {
	Version                                                 int
	Holder, Issuer, Algorithm, Serial, Validity, Attributes asn1.RawValue
	Extensions                                              []pkix.Extension
}

// withoutNoRevAvail takes the extension out and signs again, with an RSA key.
func withoutNoRevAvail(der []byte, key crypto.Signer) ([]byte, error) {
	var outer struct {
		Info      info
		Algorithm asn1.RawValue
		Signature asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &outer); err != nil {
		return nil, err
	}
	outer.Info.Extensions = slices.DeleteFunc(outer.Info.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidNoRevAvail) })
	signed, err := asn1.Marshal(outer.Info)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(signed)
	signature, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	outer.Signature = asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}
	return asn1.Marshal(outer)
}
