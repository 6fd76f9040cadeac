// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package fed

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// The online CA speaks the form protocol of CILogon's getcert in its last version that issued certificates.
const (
	getcertPath     = "/secure/getcert"
	minHours        = 1
	defaultHours    = 12
	maxCertreqHours = 277  // 1 000 000 s
	maxPKCS12Hours  = 9516 // 13 × 732
	minPassword     = 12
	minRSABits      = 2048
)

// Answers of the CA, word for word CILogon's.
const (
	errDisabled  = "ECP certificates have been disabled."
	errSubmit    = `Unable to complete ECP transaction. Either CSRF check failed, or invalid "submit" command issued.`
	errMissing   = "STATUS_MISSING_PARAMETER_ERROR"
	errNoRequest = "Missing certificate request."
	errShort     = "Password must have at least 12 characters."
	errDiffer    = "Passwords did not match."
	errMyProxy   = "Error! MyProxy unable to create certificate."
)

// A ca is the online CA behind the SP.
type ca struct {
	*world
	authority *authority
	users     []User
}

// A refusal is an error text of the CA; it goes out under HTTP 400.
type refusal string

// Error implements error.
func (r refusal) Error() string { return string(r) }

// getcert answers a form. Where the request came as something else the submit command is missing.
func (c *ca) getcert(w *response, r *http.Request, body []byte, user session) {
	out, contentType, err := c.issue(r, body, user)
	switch {
	case err != nil:
		w.send(http.StatusBadRequest, "text/plain", []byte(err.Error()))
	case c.faults[Truncate]:
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Content-Length", strconv.Itoa(len(out)))
		_, _ = w.Write(out[:len(out)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler) // the one way to make net/http cut the connection
	default:
		w.send(http.StatusOK, contentType, out)
	}
}

// issue checks in the order of the original and makes the answer.
func (c *ca) issue(r *http.Request, body []byte, user session) (out []byte, contentType string, err error) {
	form, err := url.ParseQuery(string(body))
	if err != nil || r.Method != http.MethodPost {
		form = url.Values{}
	}
	submit := form.Get("submit")
	if submit == "" {
		submit = form.Get("SUBMIT")
	}
	switch {
	case c.faults[DisabledCA]:
		return nil, "", refusal(errDisabled)
	case !csrfHolds(r, form) || submit != "certreq" && submit != "pkcs12":
		return nil, "", refusal(errSubmit)
	case submit == "certreq" && form.Get("certreq") == "":
		return nil, "", refusal(errNoRequest)
	}
	who, ok := c.lookUp(user)
	if !ok {
		return nil, "", refusal(errMissing)
	}
	if submit == "certreq" {
		out, err = c.certreq(form, who)
		return out, "text/plain", err
	}
	out, err = c.pkcs12(form, who)
	return out, "application/x-pkcs12", err
}

// csrfHolds compares the field with the cookie if the client sends the field. CILogon demanded both until 2022 and
// neither afterwards.
func csrfHolds(r *http.Request, form url.Values) bool {
	if !form.Has("CSRF") {
		return true
	}
	cookie, err := r.Cookie("CSRF")
	return err == nil && cookie.Value != "" && cookie.Value == form.Get("CSRF")
}

// lookUp is the CA's own database of users, which needs name, address and principal from the IdP.
func (c *ca) lookUp(s session) (User, bool) {
	for _, u := range c.users {
		if u.Principal() == s.principal && s.name != "" && s.mail != "" {
			return u, true
		}
	}
	return User{}, false
}

// certreq signs the key of a PKCS #10 request; what else is in it does not matter.
func (c *ca) certreq(form url.Values, who User) ([]byte, error) {
	block, _ := pem.Decode([]byte(form.Get("certreq")))
	if block == nil {
		return nil, refusal(errMyProxy)
	}
	req, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil || req.CheckSignature() != nil || !strong(req.PublicKey) {
		return nil, refusal(errMyProxy)
	}
	if c.faults[GarbagePKCS12] {
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte(rand.Text() + rand.Text())}), nil
	}
	pub := req.PublicKey
	if c.faults[CertForOtherKey] {
		other, err := similarKey(pub)
		if err != nil {
			return nil, err
		}
		pub = other.Public()
	}
	hours := clamp(form.Get("certlifetime"), defaultHours, minHours, maxCertreqHours)
	cert, err := c.certify(who, pub, hours)
	if err != nil {
		return nil, err
	}
	return certPEM(cert), nil
}

// pkcs12 makes key and certificate here and encrypts both. As with the original no CA certificate is in it; the
// algorithms are those of OpenSSL 3.
func (c *ca) pkcs12(form url.Values, who User) ([]byte, error) {
	password := form.Get("p12password")
	if password == "" {
		password = form.Get("password1")
		if password != form.Get("password2") {
			return nil, refusal(errDiffer)
		}
	}
	if len(password) < minPassword {
		return nil, refusal(errShort)
	}
	if c.faults[GarbagePKCS12] {
		return []byte("\x30\x82\x09\x00" + rand.Text()), nil
	}
	key, err := rsa.GenerateKey(rand.Reader, minRSABits)
	if err != nil {
		return nil, err
	}
	certified := key
	if c.faults[CertForOtherKey] {
		if certified, err = rsa.GenerateKey(rand.Reader, minRSABits); err != nil {
			return nil, err
		}
	}
	factor := clamp(form.Get("p12multiplier"), 1, 1, 732)
	hours := clamp(form.Get("p12lifetime"), maxPKCS12Hours, minHours, maxPKCS12Hours)
	if n, err := strconv.Atoi(form.Get("p12lifetime")); err == nil && n < 0 {
		hours = maxPKCS12Hours
	}
	cert, err := c.certify(who, certified.Public(), min(hours*factor, maxPKCS12Hours))
	if err != nil {
		return nil, err
	}
	return pkcs12.Modern2023.Encode(key, cert, nil, password)
}

// clamp reads a number of hours and moves it into the limits without a word. Nothing, zero and nonsense mean the default.
func clamp(s string, byDefault, least, most int) int {
	n, err := strconv.Atoi(s)
	if err != nil || n == 0 {
		n = byDefault
	}
	return min(max(n, least), most)
}

// strong is the CA's policy on keys.
func strong(pub crypto.PublicKey) bool {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() >= minRSABits
	case *ecdsa.PublicKey:
		return true
	}
	return false
}

// similarKey makes a new key of the same type.
func similarKey(pub crypto.PublicKey) (crypto.Signer, error) {
	if k, ok := pub.(*rsa.PublicKey); ok {
		return rsa.GenerateKey(rand.Reader, k.N.BitLen())
	}
	return newKey()
}

// certify makes an end-entity certificate for signing and for TLS clients.
func (c *ca) certify(who User, pub crypto.PublicKey, hours int) (*x509.Certificate, error) {
	subject, err := encodeName(rdn{oidDC, "org"}, rdn{oidDC, "example"}, rdn{oidC, "US"},
		rdn{oidO, idpName}, rdn{oidCN, fmt.Sprintf("%s %s", who.Name, who.Serial)})
	if err != nil {
		return nil, err
	}
	now := c.now()
	notBefore, notAfter := now.Add(-5*time.Minute), now.Add(time.Duration(hours)*time.Hour)
	if c.faults[ExpiredCert] {
		notBefore, notAfter = now.Add(-2*time.Hour), now.Add(-time.Hour)
	}
	return certify(&x509.Certificate{
		RawSubject:     subject,
		NotBefore:      notBefore,
		NotAfter:       notAfter,
		KeyUsage:       x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:    []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		EmailAddresses: []string{who.Mail},
	}, c.authority.cert, pub, c.authority.key)
}
