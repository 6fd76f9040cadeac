// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package saml

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

// A Signer is one party's key with the self-signed certificate that stands in its metadata.
type Signer struct {
	Key       *ecdsa.PrivateKey
	Cert      *x509.Certificate
	Inclusive bool // sign under inclusive C14N
}

// NewSigner makes a key and its certificate, which is valid for two years from an hour before now.
func NewSigner(commonName string, now time.Time) (Signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Signer{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: commonName},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(2, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return Signer{}, err
	}
	cert, err := x509.ParseCertificate(der)
	return Signer{Key: key, Cert: cert}, err
}

// xmlECDSA signs as XML Signature 1.1 §6.4.3 wants: r and s side by side, not the DER of X9.62.
type xmlECDSA struct{ *ecdsa.PrivateKey }

// Sign implements [crypto.Signer].
func (k xmlECDSA) Sign(random io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	r, s, err := ecdsa.Sign(random, k.PrivateKey, digest)
	if err != nil {
		return nil, err
	}
	size := (k.Curve.Params().BitSize + 7) / 8
	out := make([]byte, 2*size)
	r.FillBytes(out[:size])
	s.FillBytes(out[size:])
	return out, nil
}

// Sign puts an enveloped signature behind the Issuer. Exclusive C14N needs el to declare its own prefixes; inclusive
// C14N takes those of every ancestor into the digest, so el must already stand where it will be sent.
func (s Signer) Sign(el *etree.Element) error {
	ctx, err := dsig.NewSigningContext(xmlECDSA{s.Key}, [][]byte{s.Cert.Raw})
	if err != nil {
		return err
	}
	target := el
	ctx.Canonicalizer = dsig.MakeC14N10RecCanonicalizer()
	if !s.Inclusive {
		// This canonicaliser rewrites its argument.
		target = el.Copy()
		ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	}
	sig, err := ctx.ConstructSignature(target, true)
	if err != nil {
		return err
	}
	el.InsertChildAt(Child(el, Assertion, "Issuer").Index()+1, sig)
	return nil
}

// Verify checks the signature that el itself carries and returns what was signed, parsed anew from the canonical
// bytes: nothing else of el may be believed.
func Verify(el *etree.Element, cert *x509.Certificate, now time.Time) (*etree.Element, error) {
	scope, err := etreeutils.NSBuildParentContext(el)
	if err != nil {
		return nil, err
	}
	detached, err := etreeutils.NSDetatch(scope, el)
	if err != nil {
		return nil, err
	}
	value := Path(detached, dsig.Namespace, "Signature", "SignatureValue")
	if value == nil {
		return nil, fmt.Errorf("%s is not signed", el.Tag)
	}
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(value.Text()), ""))
	if err != nil || len(raw) == 0 || len(raw)%2 != 0 {
		return nil, fmt.Errorf("the signature value of %s is not two integers in base64", el.Tag)
	}
	// crypto/x509, which checks it in the end, wants DER.
	half := len(raw) / 2
	der, err := asn1.Marshal([]*big.Int{new(big.Int).SetBytes(raw[:half]), new(big.Int).SetBytes(raw[half:])})
	if err != nil {
		return nil, err
	}
	value.SetText(base64.StdEncoding.EncodeToString(der))
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
	ctx.Clock = dsig.NewFakeClockAt(now)
	out, err := ctx.Validate(detached)
	if err != nil {
		return nil, fmt.Errorf("verifying the signature of %s: %w", el.Tag, err)
	}
	return out, nil
}
