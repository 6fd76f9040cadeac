// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io/fs"
	"time"

	"github.com/x509up/x509up/internal/view/certtext"
	"github.com/x509up/x509up/proxycert"
)

// Version is the version of the JSON.
const Version = 1

// Facts are what is known of a credential beside what it says itself.
type Facts struct {
	Path string      // of its file
	Mode fs.FileMode // the permissions of the file; 0: not known, or without a meaning on this system
	Now  time.Time   // also says in which time zone people live
	CA   *Lookup     // what a CA folder says; nil: it was not asked
	// Authorities say whether attributes are genuine; nil: they are not asked.
	Authorities *Authorities
}

// Lookup is the answer of a CA folder to whether it has the issuer at the top of a chain.
type Lookup struct {
	Dir   string
	Found bool
	Err   error // why that cannot be told; nil if it can
}

// Credential is what is shown of a credential: JSON, version 1.
type Credential struct {
	Version           int           `json:"version"`
	Path              string        `json:"path"`
	Mode              string        `json:"mode,omitempty"` // of the file, octal: "0600"
	Subject           string        `json:"subject"`
	SubjectRFC4514    string        `json:"subject_rfc4514"`
	Issuer            string        `json:"issuer"`
	IssuerRFC4514     string        `json:"issuer_rfc4514"`
	Identity          string        `json:"identity"` // the subject of the end-entity certificate
	IdentityRFC4514   string        `json:"identity_rfc4514"`
	CA                string        `json:"ca,omitempty"` // the issuer of the end-entity certificate, if there is one in the chain
	CARFC4514         string        `json:"ca_rfc4514,omitempty"`
	Type              string        `json:"type"`     // in the words of grid-proxy-info
	Strength          int           `json:"strength"` // bits of the leaf's key
	NotBefore         time.Time     `json:"not_before"`
	NotAfter          time.Time     `json:"not_after"` // of the shortest part
	TimeLeft          int64         `json:"time_left"` // seconds, of the shortest part; 0 when over
	Valid             bool          `json:"valid"`     // now, as far as the file itself can tell
	Problem           string        `json:"problem,omitempty"`
	HasKey            bool          `json:"has_key"` // the file holds the private key, too
	Certificates      []Certificate `json:"certificates"`
	Attributes        []Attributes  `json:"attribute_certificates,omitempty"` // of VOs, in the order in which they stand
	AttributesProblem string        `json:"attributes_problem,omitempty"`     // why there are some that cannot be read
	OtherBlocks       []string      `json:"other_blocks,omitempty"`           // types of the PEM blocks that are no part of the chain
	Reused            *bool         `json:"reused,omitempty"`                 // get-cert and init: the stored one was kept
	Warnings          []string      `json:"warnings,omitempty"`

	Left time.Duration `json:"-"` // TimeLeft, negative when over

	chain []*x509.Certificate
	now   time.Time
}

// Certificate is what is shown of one certificate of the chain.
type Certificate struct {
	Subject         string    `json:"subject"`
	SubjectRFC4514  string    `json:"subject_rfc4514"`
	Issuer          string    `json:"issuer"`
	IssuerRFC4514   string    `json:"issuer_rfc4514"`
	Serial          string    `json:"serial"` // decimal
	Type            string    `json:"type"`
	Key             string    `json:"key"`
	Signature       string    `json:"signature"`
	NotBefore       time.Time `json:"not_before"`
	NotAfter        time.Time `json:"not_after"`
	TimeLeft        int64     `json:"time_left"`                   // seconds; 0 when over
	SHA256          string    `json:"sha256"`                      // fingerprint of the DER, lower case hexadecimal
	KeyUsage        []string  `json:"key_usage,omitempty"`         // in the words of RFC 5280
	Purposes        []string  `json:"ext_key_usage,omitempty"`     // in the words of RFC 5280, or object identifiers
	AltNames        []string  `json:"subject_alt_names,omitempty"` // alternative names: "email:…", "DNS:…"
	Policy          string    `json:"proxy_policy,omitempty"`      // of a proxy: the object identifier of its policy language
	PathLength      *int      `json:"path_length,omitempty"`       // of a proxy or a CA: how many more of its kind may follow
	UnknownCritical []string  `json:"unknown_critical,omitempty"`  // critical extensions that this program does not know
}

// New is the view of a credential that has at least one certificate.
func New(c *proxycert.Credential, f Facts) *Credential {
	leaf, left, n := c.Leaf(), c.TimeLeft(f.Now), names{}
	v := &Credential{
		Version: Version, Path: f.Path, Mode: octal(f.Mode),
		Type: proxycert.TypeOf(leaf).String(), Strength: proxycert.Strength(leaf.PublicKey),
		NotBefore: c.NotBefore().UTC(), NotAfter: c.NotAfter().UTC(),
		TimeLeft: seconds(left), HasKey: c.Key != nil,
		Left: left, chain: c.Chain, now: f.Now,
	}
	v.Subject, v.SubjectRFC4514 = n.of(leaf.RawSubject)
	v.Issuer, v.IssuerRFC4514 = n.of(leaf.RawIssuer)
	v.Identity, v.IdentityRFC4514 = n.of(c.Identity())
	if eec := c.EndEntity(); eec != nil {
		v.CA, v.CARFC4514 = n.of(eec.RawIssuer)
	}
	if err := c.Check(f.Now); err != nil {
		v.Problem = WithoutRooms(err.Error())
	}
	v.addAttributes(c, f, n)
	if a, ended := v.attributesEnded(); ended && v.Problem == "" {
		v.Problem = fmt.Sprintf("its attributes of the VO %q ended at %s", a.VO, a.NotAfter.Format(time.RFC3339))
	}
	v.Valid = v.Problem == ""
	for _, cert := range c.Chain {
		v.Certificates = append(v.Certificates, certificateOf(cert, f.Now, n))
	}
	for _, block := range c.Extra {
		v.OtherBlocks = append(v.OtherBlocks, certtext.Escape(block.Type))
	}
	v.Warnings = warnings(c, f, v)
	return v
}

// names are those that have been written, by their DER: in a chain each stands twice and more, and scripts call often.
type names map[string][2]string

// of is a name with slashes, and as RFC 4514 has it.
func (n names) of(der []byte) (slashes, rfc4514 string) {
	both, ok := n[string(der)]
	if !ok {
		both = [2]string{proxycert.OneLine(der), proxycert.RFC2253(der)}
		n[string(der)] = both
	}
	return both[0], both[1]
}

func octal(mode fs.FileMode) string {
	if mode == 0 {
		return ""
	}
	return fmt.Sprintf("%04o", mode.Perm())
}

func seconds(left time.Duration) int64 { return max(0, int64(left/time.Second)) }

func certificateOf(cert *x509.Certificate, now time.Time, n names) Certificate {
	sum := sha256.Sum256(cert.Raw)
	v := Certificate{
		Serial: cert.SerialNumber.String(), Type: proxycert.TypeOf(cert).String(),
		Key: certtext.Key(cert), Signature: certtext.Signature(cert),
		NotBefore: cert.NotBefore.UTC(), NotAfter: cert.NotAfter.UTC(), TimeLeft: seconds(cert.NotAfter.Sub(now)),
		SHA256: hex.EncodeToString(sum[:]), KeyUsage: usages(cert), Purposes: purposes(cert),
		AltNames: certtext.Words(cert, "2.5.29.17", proxycert.OneLine),
	}
	v.Subject, v.SubjectRFC4514 = n.of(cert.RawSubject)
	v.Issuer, v.IssuerRFC4514 = n.of(cert.RawIssuer)
	if cert.BasicConstraintsValid && cert.IsCA && cert.MaxPathLen >= 0 {
		v.PathLength = new(cert.MaxPathLen)
	}
	if info, _, err := proxycert.InfoOf(cert); err == nil && info != nil {
		v.Policy, v.PathLength = string(info.Policy), info.PathLength
	}
	for _, id := range cert.UnhandledCriticalExtensions {
		if !certtext.Known(id.String()) {
			v.UnknownCritical = append(v.UnknownCritical, id.String())
		}
	}
	return v
}

// usages are the names of RFC 5280 §4.2.1.3, in its order.
func usages(cert *x509.Certificate) (names []string) {
	for bit := x509.KeyUsageDigitalSignature; bit <= x509.KeyUsageDecipherOnly; bit <<= 1 {
		if cert.KeyUsage&bit != 0 {
			names = append(names, bit.String())
		}
	}
	return names
}

func purposes(cert *x509.Certificate) (names []string) {
	for _, u := range cert.ExtKeyUsage {
		names = append(names, u.String())
	}
	for _, oid := range cert.UnknownExtKeyUsage {
		names = append(names, oid.String())
	}
	return names
}
