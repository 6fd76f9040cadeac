// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package fed

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"strconv"
	"sync"

	"github.com/x509up/x509up/internal/fed/ca"
	"github.com/x509up/x509up/internal/fed/faults"
	"github.com/x509up/x509up/internal/fed/vomsd"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
)

// A VO is a virtual organisation, and where its VOMS server is.
type VO struct {
	Name   string
	Vomses string // its lines of a vomses file; two with [VOMSDeadFirst]
	Host   string // by which the server calls itself in what it signs, and so the name of the LSC file
	LSC    string // what is in that; empty with [VOMSLSCMissing]
}

// The names of the VOs, and the name and the address of their servers.
const (
	firstVO     = "vo.example.org"
	secondVO    = "other.example.org"
	vomsHost    = "localhost"
	vomsAddress = "127.0.0.1:0"
)

// startVOMS starts the servers. The certificate with which all of them sign is made when the first client comes.
func (f *Federation) startVOMS(w *world, o Options, host *ca.Authority) error {
	f.HostCA = host.Cert
	f.hostCert = sync.OnceValues(func() (tls.Certificate, error) { return host.HostCert(w.now()) })
	clients := x509.NewCertPool()
	clients.AddCert(f.UserCA)
	for _, name := range []string{firstVO, secondVO} {
		s := &vomsd.Server{
			VO: vomsd.VO{Name: name, Members: f.members(name)}, Host: vomsHost,
			Identity: f.hostCert, Clients: clients, Now: w.now, Latency: o.Latency, Journal: f.journal,
			Connected: func() {
				if o.Connected != nil {
					o.Connected("voms")
				}
			},
		}
		if o.IAM {
			s.Flavour = vomsd.IAM
		}
		var set faults.Set // the second VO has none
		if name == firstVO {
			set = w.faults
		}
		vo, err := f.startVO(s, set)
		if err != nil {
			return err
		}
		f.VOs = append(f.VOs, vo)
	}
	return nil
}

// startVO starts the server of one VO, and says what the VO publishes about it.
func (f *Federation) startVO(s *vomsd.Server, faults faults.Set) (VO, error) {
	s.Faults = vomsFaults(faults)
	if faults[VOMSRESTEmpty] && s.Flavour != vomsd.IAM {
		s.Flavour = vomsd.Debian
	}
	raw, err := ca.HostName()
	if err != nil {
		return VO{}, err
	}
	subject, issuer := proxycert.OneLine(raw), proxycert.OneLine(f.HostCA.RawSubject)
	vo := VO{Name: s.VO.Name, Host: s.Host, LSC: subject + "\n" + issuer + "\n"}
	switch {
	case faults[VOMSLSCMissing]:
		vo.LSC = ""
	case faults[VOMSLSCMismatch]:
		vo.LSC = "/DC=org/DC=example/O=Example Hosts/CN=voms.example.net\n" + issuer + "\n"
	}
	host, address := s.Host, vomsAddress
	if faults[VOMSIPv6Only] {
		host, address = "::1", "[::1]:0"
	}
	servers := []*vomsd.Server{s}
	if faults[VOMSDeadFirst] {
		servers = []*vomsd.Server{{Connected: s.Connected, Faults: vomsd.Faults{Dead: true}}, s}
	}
	for _, server := range servers {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return VO{}, err
		}
		server.Port = l.Addr().(*net.TCPAddr).Port
		vo.Vomses += fmt.Sprintf("%q %q %q %q %q\n", vo.Name, host, strconv.Itoa(server.Port), subject, vo.Name)
		f.vomsd = append(f.vomsd, server)
		go server.Serve(l)
	}
	return vo, nil
}

// members are the users as a VO knows them: all but the strangers. The first is in groups, has roles and attributes.
func (f *Federation) members(vo string) []vomsd.Member {
	var members []vomsd.Member
	for i, u := range f.Users {
		if u.Stranger {
			continue
		}
		m := vomsd.Member{Subject: u.Subject, Suspended: u.Suspended}
		if i == 0 {
			m.Groups = []string{"/" + vo + "/analysis", "/" + vo + "/analysis/top"}
			m.Roles = []string{"/" + vo + "/Role=production", "/" + vo + "/analysis/Role=VO-Admin"}
			m.Attributes = []voms.Attribute{
				{Name: "nickname", Value: u.Username},
				{Name: "institute", Value: `Jünger & Söhne = "JS"`},
				{Name: "quota", Value: "10 GB", Qualifier: "/" + vo + "/analysis"},
				{Name: "quota", Value: "1 TB", Qualifier: "/" + vo + "/Role=production"},
			}
		}
		members = append(members, m)
	}
	return members
}

// vomsFaults are those that the server itself has.
func vomsFaults(faults faults.Set) vomsd.Faults {
	return vomsd.Faults{
		WrongHolder:  faults[VOMSWrongHolder],
		Expired:      faults[VOMSExpired],
		NotYetValid:  faults[VOMSNotYetValid],
		BadSignature: faults[VOMSBadSignature],
		Critical:     faults[VOMSCritical],
		NoRevAvail:   faults[VOMSNoRevAvail],
		WrongKeyID:   faults[VOMSWrongKeyID],
		ForeignFQANs: faults[VOMSForeignFQANs],
		UnknownUser:  faults[VOMSUnknownUser],
		Suspended:    faults[VOMSSuspended],
		Unsigned:     faults[VOMSUnsignedAUP],
		NoAttribute:  faults[VOMSNoAttribute],
		LegacyOnly:   faults[VOMSLegacyOnly],
		NotFound:     faults[VOMSREST404],
		Slow:         faults[VOMSSlow],
		Reset:        faults[VOMSReset],
		Garbage:      faults[VOMSGarbage],
		Huge:         faults[VOMSHuge],
	}
}
