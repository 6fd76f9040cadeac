// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acquire

import (
	"crypto/rsa"
	"fmt"
	"time"

	"github.com/x509up/x509up/proxycert"
)

// reusable returns the stored credential if it would do for the same request,
// or nil and why it would not.
func (r Request) reusable() (*proxycert.Credential, error) {
	c, err := r.Target.load()
	if err != nil {
		return nil, err
	}
	if reason := r.unfit(c); reason != "" {
		return nil, &UnfitError{Path: r.Target.Path(), Reason: reason}
	}
	return c, nil
}

// UnfitError says why a stored credential is not what is asked for.
type UnfitError struct{ Path, Reason string }

func (e *UnfitError) Error() string { return e.Path + " does not do: " + e.Reason }

// unfit compares a stored credential with the request: its kind, the strength
// of its key, and the time left of its shortest part.
func (r Request) unfit(c *proxycert.Credential) string {
	now := r.now()
	if err := c.Check(now); err != nil {
		return err.Error()
	}
	if c.Key == nil {
		return "it has no private key"
	}
	if left := c.TimeLeft(now); left < r.Reuse {
		return fmt.Sprintf("it has %s left, and %s are wanted", Duration(left), Duration(r.Reuse))
	}
	if reason := r.otherKind(proxycert.TypeOf(c.Leaf())); reason != "" {
		return reason
	}
	if want, have := keyStrength[r.KeyType], securityBits(c); have < want {
		return fmt.Sprintf("its key is weaker than %s", r.KeyType)
	}
	return ""
}

func (r Request) otherKind(have proxycert.Type) string {
	switch {
	case r.Proxy == nil && have.Format == proxycert.FormatEEC:
		return ""
	case r.Proxy == nil:
		return "it is a proxy, and a certificate is wanted"
	case have.Format != proxycert.FormatRFC:
		return "it is no RFC 3820 proxy"
	}
	want := r.Proxy.Policy
	if want == "" {
		want = proxycert.InheritAll
	}
	if have.Policy != want {
		return fmt.Sprintf("it is of type %q", have)
	}
	return ""
}

// keyStrength is the strength in bits of security by NIST SP 800-57 Part 1,
// table 2, by which RSA and elliptic curves can be compared.
var keyStrength = map[proxycert.KeyType]int{
	proxycert.RSA2048: 112,
	proxycert.RSA3072: 128,
	proxycert.RSA4096: 140,
	proxycert.EC256:   128,
	proxycert.EC384:   192,
}

// securityBits is the strength of the weakest key in the chain below the CAs.
func securityBits(c *proxycert.Credential) int {
	weakest := 256
	for _, cert := range c.Chain {
		if cert.IsCA {
			break
		}
		bits := proxycert.Strength(cert.PublicKey)
		switch cert.PublicKey.(type) {
		case *rsa.PublicKey:
			bits = rsaBits(bits)
		default:
			bits /= 2
		}
		weakest = min(weakest, bits)
	}
	return weakest
}

func rsaBits(modulus int) int {
	switch {
	case modulus >= 4096:
		return keyStrength[proxycert.RSA4096]
	case modulus >= 3072:
		return keyStrength[proxycert.RSA3072]
	case modulus >= 2048:
		return keyStrength[proxycert.RSA2048]
	}
	return 80
}

// Duration writes a time for people, with no more detail than they need.
func Duration(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	switch d = d.Round(time.Second); {
	case d < time.Minute:
		return fmt.Sprintf("%s%d s", sign, d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%s%d min", sign, d/time.Minute)
	case d < 72*time.Hour:
		if m := d % time.Hour / time.Minute; m != 0 {
			return fmt.Sprintf("%s%d h %d min", sign, d/time.Hour, m)
		}
		return fmt.Sprintf("%s%d h", sign, d/time.Hour)
	}
	if h := d % (24 * time.Hour) / time.Hour; h != 0 {
		return fmt.Sprintf("%s%d days %d h", sign, d/(24*time.Hour), h)
	}
	return fmt.Sprintf("%s%d days", sign, d/(24*time.Hour))
}
