// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ca

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

// An Online CA issues certificates to the users of a service provider.
type Online struct {
	Authority    *Authority
	Organisation string // in the subjects
	People       []Person
	Faults       Faults
	Now          func() time.Time
}

// A Person is whom the online CA knows.
type Person struct {
	Principal string
	Name      string
	Mail      string
	Serial    string // last in the common name, such as A251
}

// Attributes are what the service provider learnt about a user; the CA needs all of them.
type Attributes struct {
	Principal, Name, Mail string
}

// Faults is what the online CA does wrong.
type Faults struct {
	Disabled bool // refuses everything, as CILogon's since 2025
	OtherKey bool // certifies a key that nobody has asked for
	Expired  bool // certifies for a time that is over
	Garbage  bool // answers what is neither a certificate nor PKCS #12
	Truncate bool // breaks the connection in the middle of the answer
}

// A refusal is an error text of the CA; it goes out under HTTP 400.
type refusal string

// Error implements error.
func (r refusal) Error() string { return string(r) }

// Answer answers a form, which has been read. Where the request came as something else the submit command is missing.
func (c *Online) Answer(w http.ResponseWriter, r *http.Request, body []byte, user Attributes) {
	out, contentType, err := c.issue(r, body, user)
	switch {
	case err != nil:
		send(w, http.StatusBadRequest, "text/plain", []byte(err.Error()))
	case c.Faults.Truncate:
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Content-Length", strconv.Itoa(len(out)))
		_, _ = w.Write(out[:len(out)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler) // the one way to make net/http cut the connection
	default:
		send(w, http.StatusOK, contentType, out)
	}
}

func send(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has left needs no answer
}

// issue checks in the order of the original and makes the answer.
func (c *Online) issue(r *http.Request, body []byte, user Attributes) (out []byte, contentType string, err error) {
	form, err := url.ParseQuery(string(body))
	if err != nil || r.Method != http.MethodPost {
		form = url.Values{}
	}
	submit := form.Get("submit")
	if submit == "" {
		submit = form.Get("SUBMIT")
	}
	switch {
	case c.Faults.Disabled:
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
func (c *Online) lookUp(a Attributes) (Person, bool) {
	for _, u := range c.People {
		if u.Principal == a.Principal && a.Name != "" && a.Mail != "" {
			return u, true
		}
	}
	return Person{}, false
}

// certreq signs the key of a PKCS #10 request; what else is in it does not matter.
func (c *Online) certreq(form url.Values, who Person) ([]byte, error) {
	block, _ := pem.Decode([]byte(form.Get("certreq")))
	if block == nil {
		return nil, refusal(errMyProxy)
	}
	req, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil || req.CheckSignature() != nil || !strong(req.PublicKey) {
		return nil, refusal(errMyProxy)
	}
	if c.Faults.Garbage {
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte(rand.Text() + rand.Text())}), nil
	}
	pub := req.PublicKey
	if c.Faults.OtherKey {
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
	return PEM(cert), nil
}

// pkcs12 makes key and certificate here and encrypts both. As with the original no CA certificate is in it; the
// algorithms are those of OpenSSL 3.
func (c *Online) pkcs12(form url.Values, who Person) ([]byte, error) {
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
	if c.Faults.Garbage {
		return []byte("\x30\x82\x09\x00" + rand.Text()), nil
	}
	key, err := rsa.GenerateKey(rand.Reader, minRSABits)
	if err != nil {
		return nil, err
	}
	certified := key
	if c.Faults.OtherKey {
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

// Subject is the name, DER, that a person's certificates have.
func (c *Online) Subject(who Person) ([]byte, error) {
	return encodeName(RDN{DC, "org"}, RDN{DC, "example"}, RDN{C, "US"},
		RDN{O, c.Organisation}, RDN{CN, fmt.Sprintf("%s %s", who.Name, who.Serial)})
}

// certify makes an end-entity certificate for signing and for TLS clients.
func (c *Online) certify(who Person, pub crypto.PublicKey, hours int) (*x509.Certificate, error) {
	subject, err := c.Subject(who)
	if err != nil {
		return nil, err
	}
	now := c.Now()
	notBefore, notAfter := now.Add(-5*time.Minute), now.Add(time.Duration(hours)*time.Hour)
	if c.Faults.Expired {
		notBefore, notAfter = now.Add(-2*time.Hour), now.Add(-time.Hour)
	}
	return certify(&x509.Certificate{
		RawSubject:     subject,
		NotBefore:      notBefore,
		NotAfter:       notAfter,
		KeyUsage:       x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:    []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		EmailAddresses: []string{who.Mail},
	}, c.Authority.Cert, pub, c.Authority.key)
}
