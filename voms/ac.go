// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package voms

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/x509up/x509up/voms/internal/acder"
	"github.com/x509up/x509up/voms/vomsdir"
)

// Limits on what is read.
const (
	maxAC  = 256 << 10 // bytes; a member of hundreds of groups has some 50 kB
	maxACs = 64        // in one proxy
)

// AC is an attribute certificate as it was parsed. Texts in it are as the server wrote them, and may hold anything: quote them
// before they go to a terminal. It must not be changed.
type AC struct {
	Raw     []byte // the DER
	RawInfo []byte // the DER of what is signed (AttributeCertificateInfo)

	Holder    Holder
	Issuer    []byte // the name of the attribute authority (AA), that is the VOMS server, as DER
	Serial    *big.Int
	NotBefore time.Time
	NotAfter  time.Time

	// Authority is the policyAuthority, such as "vo://voms.example.org:15000". The others are cut from it, and empty, all
	// three, if that is not its form; Port is 0 if it has none.
	Authority string
	VO, Host  string
	Port      int

	FQANs      []string // as issued: the first is the primary one
	Attributes []Attribute
	Targets    []string // the hosts that may accept it; any host if there are none

	Certificates   []*x509.Certificate // of the AA: its own, then perhaps of CAs above it
	AuthorityKeyID []byte
	NoRevAvail     bool
	Extensions     []pkix.Extension // all, also those that the fields above were read from

	SignatureAlgorithm x509.SignatureAlgorithm // 0 for one that is not known
	Signature          []byte

	keyID acder.KeyIdentifier // AuthorityKeyID, or issuer and serial number in its place
}

// Holder is the certificate to which the attributes were given: an end-entity certificate, never a proxy.
type Holder struct {
	// Name is DER. By RFC 5755 §4.2.2 it is the name of the certificate's issuer; VOMS servers write that of its subject.
	Name     []byte
	Serial   *big.Int
	UniqueID asn1.BitString // almost always empty
}

// Attribute is a generic attribute: a name and a value that a VO has given to a member.
type Attribute struct {
	Name, Value string
	Qualifier   string // the FQAN to which it belongs, or the VO
}

// TimeLeft is the time from now to NotAfter, negative once that is over.
func (a *AC) TimeLeft(now time.Time) time.Duration { return a.NotAfter.Sub(now) }

// authority is the certificate of the AA, nil if there is none. Both VOMS libraries take the first.
func (a *AC) authority() *x509.Certificate {
	if len(a.Certificates) == 0 {
		return nil
	}
	return a.Certificates[0]
}

// extension is the extension of that type, nil if there is none.
func (a *AC) extension(id asn1.ObjectIdentifier) *pkix.Extension {
	for i := range a.Extensions {
		if a.Extensions[i].Id.Equal(id) {
			return &a.Extensions[i]
		}
	}
	return nil
}

// splitAuthority cuts "vo://host:port", in which the port may be missing. VO and host must be fit to be the names of files, for
// the LSC file is named after them; host may be an IPv6 address in brackets.
func splitAuthority(s string) (vo, host string, port int, ok bool) {
	vo, server, found := strings.Cut(s, "://")
	host = server
	if i := strings.LastIndexByte(server, ':'); i > strings.LastIndexByte(server, ']') {
		host = server[:i]
		n, err := strconv.ParseUint(server[i+1:], 10, 16)
		if err != nil || n == 0 {
			return "", "", 0, false
		}
		port = int(n)
	}
	if inner, cut := strings.CutPrefix(host, "["); cut {
		host, cut = strings.CutSuffix(inner, "]")
		found = found && cut && strings.Contains(host, ":")
	} else if strings.Contains(host, ":") {
		found = false
	}
	if !found || !vomsdir.IsName(vo) || !vomsdir.IsName(host) {
		return "", "", 0, false
	}
	return vo, host, port, true
}
