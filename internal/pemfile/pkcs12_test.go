// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pemfile_test

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/x509up/x509up/internal/pemfile"
	"github.com/x509up/x509up/internal/testca"
)

const passphrase = "correct horse"

// TestFilesOfOtherPrograms reads what OpenSSL and Java write.
func TestFilesOfOtherPrograms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, passphrase string
		want             []string
	}{
		{"good-openssl3.p12", passphrase, []string{"rsa.pem"}},
		{"good-openssl3-ec.p12", passphrase, []string{"ec.pem"}},
		{"good-openssl3-chain.p12", passphrase, []string{"rsa.pem", "ca.pem"}},
		{"good-legacy-rc2-3des.p12", passphrase, []string{"rsa.pem"}},
		{"good-legacy-3des.p12", passphrase, []string{"rsa.pem"}},
		{"good-legacy-rc2-128.p12", passphrase, []string{"rsa.pem"}},
		{"good-aes128-sha512mac.p12", passphrase, []string{"rsa.pem"}},
		{"good-plain-certificates.p12", passphrase, []string{"rsa.pem"}},
		{"good-plain-key.p12", passphrase, []string{"rsa.pem"}},
		{"good-empty-passphrase.p12", "", []string{"rsa.pem"}},
		{"good-empty-passphrase-legacy.p12", "", []string{"rsa.pem"}},
		{"good-umlaut.p12", "Straße-€", []string{"rsa.pem"}},
		{"good-keytool.p12", passphrase, []string{"rsa.pem"}},
		{"good-nss.p12", passphrase, []string{"rsa.pem", "ca.pem"}},
		{"good-nss-legacy.p12", passphrase, []string{"rsa.pem", "ca.pem"}},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			data := read(t, c.file)
			key, certificates, err := pemfile.DecodePKCS12(data, c.passphrase)
			if err != nil {
				t.Fatal(err)
			}
			var want [][]byte
			for _, file := range c.want {
				block, _ := pem.Decode(read(t, file))
				want = append(want, block.Bytes)
			}
			if diff := cmp.Diff(want, raw(certificates)); diff != "" {
				t.Errorf("certificates (-want +got):\n%s", diff)
			}
			if !equal(key.Public(), certificates[0].PublicKey) {
				t.Error("the key is not that of the first certificate")
			}
			for _, wrong := range []string{"wrong", c.passphrase + " ", strings.ToUpper(c.passphrase + "x")} {
				if _, _, err := pemfile.DecodePKCS12(data, wrong); !errors.Is(err, pemfile.ErrPassphrase) {
					t.Errorf("with the passphrase %q: %v, want ErrPassphrase", wrong, err)
				}
			}
		})
	}
}

// TestEncodings decodes what each encoder writes; what CAs of a browser put in
// front of the certificate does not matter.
func TestEncodings(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	for _, algorithms := range []struct {
		name    string
		encoder *pkcs12.Encoder
	}{
		{"LegacyRC2", pkcs12.LegacyRC2},
		{"LegacyDES", pkcs12.LegacyDES},
		{"Modern2023", pkcs12.Modern2023},
		{"Modern2026, PBMAC1", pkcs12.Modern2026},
	} {
		for _, rsa := range []bool{true, false} {
			for _, secret := range []string{"", "x", passphrase, strings.Repeat("long ", 60), "ключ"} {
				t.Run(algorithms.name+"/"+secret, func(t *testing.T) {
					t.Parallel()
					leaf := ca.Issue(t, testca.Leaf{RSA: rsa})
					data, err := algorithms.encoder.Encode(leaf.Key, ca.Cert, []*x509.Certificate{leaf.Chain[0], ca.Cert}, secret)
					if err != nil {
						t.Fatal(err)
					}
					key, certificates, err := pemfile.DecodePKCS12(data, secret)
					if err != nil {
						t.Fatal(err)
					}
					if !equal(key.Public(), leaf.Key.Public()) {
						t.Error("another key came out than went in")
					}
					want := [][]byte{leaf.Chain[0].Raw, ca.Cert.Raw, ca.Cert.Raw}
					if diff := cmp.Diff(want, raw(certificates)); diff != "" {
						t.Errorf("certificates (-want +got):\n%s", diff)
					}
				})
			}
		}
	}
}

func TestPasswordless(t *testing.T) {
	t.Parallel()
	leaf := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{})
	data, err := pkcs12.Passwordless.Encode(leaf.Key, leaf.Chain[0], nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, certificates, err := pemfile.DecodePKCS12(data, ""); err != nil || len(certificates) != 1 {
		t.Errorf("%d certificates, %v", len(certificates), err)
	}
	if _, _, err := pemfile.DecodePKCS12(data, "x"); err == nil || errors.Is(err, pemfile.ErrPassphrase) {
		t.Errorf("with a passphrase: %v", err)
	}
}

// TestWithoutMAC: the passphrase is asked for, and a wrong one is told from damage by what comes out.
func TestWithoutMAC(t *testing.T) {
	t.Parallel()
	leaf := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{})
	certificates := content(oidEncryptedData, encrypted(t, bags(bag(oidCertBag, certificateValue(leaf.Chain[0])))))
	legacy := encode(t, pkcs12.LegacyRC2.WithIterations(1), leaf)
	keyFirst := encode(t, pkcs12.Modern2023.WithIterations(1), leaf)
	for name, data := range map[string][]byte{
		"OpenSSL":        read(t, "good-no-mac.p12"),
		"RC2 and 3DES":   withoutMAC(t, legacy),
		"AES":            withoutMAC(t, keyFirst),
		"key in plain":   withoutMAC(t, pfx(plainKey(t, leaf.Key), certificates)),
		"certs in plain": withoutMAC(t, read(t, "good-plain-certificates.p12")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := pemfile.Read(data, func() (string, error) { return passphrase, nil })
			if err != nil {
				t.Fatal(err)
			}
			if !c.Encrypted || len(c.Certificates) != 1 || !equal(c.Key.Public(), c.Certificates[0].PublicKey) {
				t.Errorf("encrypted %v, %d certificates", c.Encrypted, len(c.Certificates))
			}
			for _, wrong := range []string{"", "wrong", passphrase + " "} {
				if _, _, err := pemfile.DecodePKCS12(data, wrong); !errors.Is(err, pemfile.ErrPassphrase) {
					t.Errorf("with the passphrase %q: %v, want ErrPassphrase", wrong, err)
				}
			}
		})
	}
}

// TestDamageWithoutMAC: the right passphrase is not called wrong for what is broken behind it.
func TestDamageWithoutMAC(t *testing.T) {
	t.Parallel()
	leaf := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{RSA: true})
	good := withoutMAC(t, encode(t, pkcs12.Modern2023.WithIterations(1), leaf))
	noCertificate := content(oidEncryptedData, encrypted(t, bags()))
	key := len(good) - 400 // within the encrypted key, which stands last
	broken := bytes.Clone(good)
	broken[key] ^= 0xff
	for name, data := range map[string][]byte{
		"in the key":     broken,
		"no certificate": withoutMAC(t, pfx(plainKey(t, leaf.Key), noCertificate)),
	} {
		_, _, err := pemfile.DecodePKCS12(data, passphrase)
		if _, ok := errors.AsType[*pemfile.FormatError](err); !ok {
			t.Errorf("%s: %v, want a FormatError", name, err)
		}
	}
}

// TestTrailing: what stands behind the file is not part of it; OpenSSL takes it so, too.
func TestTrailing(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"good-openssl3.p12", "good-nss.p12"} {
		for _, more := range []string{"\x00", "\n", "\r\n\r\n", "0\x03junk"} {
			if _, _, err := pemfile.DecodePKCS12(append(read(t, file), more...), passphrase); err != nil {
				t.Errorf("%s and %q: %v", file, more, err)
			}
		}
	}
}

// withoutMAC takes the MAC off a file.
func withoutMAC(t *testing.T, data []byte) []byte {
	t.Helper()
	var file struct {
		Version int
		Content asn1.RawValue
		MAC     asn1.RawValue
	}
	if _, err := asn1.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return list(integer(file.Version), file.Content.FullBytes)
}

// TestNoCertificateOfTheKey leaves the order to the file; whoever needs a
// certificate of the key must look.
func TestNoCertificateOfTheKey(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	leaf := ca.Issue(t, testca.Leaf{})
	data, err := pkcs12.Modern2023.Encode(ca.Issue(t, testca.Leaf{}).Key, leaf.Chain[0], []*x509.Certificate{ca.Cert}, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	_, certificates, err := pemfile.DecodePKCS12(data, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]byte{leaf.Chain[0].Raw, ca.Cert.Raw}, raw(certificates)); diff != "" {
		t.Errorf("certificates (-want +got):\n%s", diff)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	leaf := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{})
	good := encode(t, pkcs12.Modern2023.WithIterations(marked), leaf)
	mac2026 := encode(t, pkcs12.Modern2026.WithIterations(marked), leaf)
	weak := encode(t, pkcs12.Modern2026.WithIterations(1), leaf)
	hidden := bags(bag(oidShroudedKey, shrouded(bomb)))
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "it is not PKCS #12"},
		{"text", []byte("-----BEGIN CERTIFICATE-----\n"), "it is not PKCS #12"},
		{"a web page", []byte("<!DOCTYPE html>"), "it is not PKCS #12"},
		{"a certificate", leaf.Chain[0].Raw, "it is not PKCS #12"},
		{"too large", make([]byte, pemfile.MaxPKCS12+1), "1048577 bytes are too many"},
		{"cut off", good[:len(good)-1], "it is not PKCS #12"},
		{"BER without an end", append([]byte{0x30, 0x80}, good[4:]...), "it is not PKCS #12"},
		{"version 4", pfxVersion(4, oidData, octets(list())), "it is not PKCS #12"},
		{"signed", pfxVersion(3, oidSignedData, octets(list())), "protection by anything but a passphrase is not supported"},
		{"enveloped", pfx(content(oidEnvelopedData, octets(nil))), "protection by anything but a passphrase is not supported"},
		{"empty", pfx(), "there is no private key in it, or only one that is encrypted with the certificates"},
		{"no key", read(t, "wrong-no-key.p12"), "there is no private key in it, or only one that is encrypted with the certificates"},
		{"two keys", read(t, "wrong-two-keys.p12"), "there are 2 private keys in it"},
		{"a large key", pfx(content(oidData, octets(bags(bag(oidKeyBag, octets(make([]byte, 1<<14))))))), "more than 16384 bytes of a private key"},
		{"a short key of PBMAC1", bytes.ReplaceAll(weak, integer(32), integer(16)), "malformed MAC"},
		{"a long key of PBMAC1", bytes.ReplaceAll(weak, integer(32), integer(65)), "malformed MAC"},
		{"MAC with an unknown hash", bytes.Replace(pfx(plainKey(t, leaf.Key)), der(oidSHA1), der(asn1.ObjectIdentifier{1, 3, 14, 3, 2, 27}), 1),
			"the algorithm 1.3.14.3.2.27 is not supported"},
		{"MAC of no rounds", zeroRounds(pfx(plainKey(t, leaf.Key))), "malformed MAC"},
		{"a key that cannot sign", encodeKey(t, x25519(t), leaf.Chain[0]), "a key of type *ecdh.PrivateKey, which cannot sign, is not supported"},
		{"bomb: encrypted certificates", blown(t, good, 0), "more than 4000000 rounds of key derivation"},
		{"bomb: key", blown(t, good, 1), "more than 4000000 rounds of key derivation"},
		{"bomb: MAC", blown(t, good, 2), "more than 4000000 rounds of key derivation"},
		{"bomb: PBMAC1", blown(t, mac2026, 2), "more than 4000000 rounds of key derivation"},
		{"bomb: in small parts", bytes.ReplaceAll(good, integer(marked), integer(1_500_000)),
			"more than 4000000 rounds of key derivation"},
		{"bomb: negative", bytes.ReplaceAll(good, integer(marked), integer(-5_000_000)),
			"more than 4000000 rounds of key derivation"},
		{"bomb: deep", pfx(content(oidEncryptedData, deep(200_000)), plainKey(t, leaf.Key)), "it is not PKCS #12"},
		{"bomb: hidden behind a key", pfx(content(oidEncryptedData, encrypted(t, hidden)), plainKey(t, leaf.Key)),
			"pkcs12: expected exactly one key bag"},
		{"bomb: hidden before a key", pfx(plainKey(t, leaf.Key), content(oidEncryptedData, encrypted(t, hidden))),
			"pkcs12: expected exactly one key bag"},
		{"bomb: hidden without another key", pfx(content(oidEncryptedData, encrypted(t, hidden))),
			"there is no private key in it, or only one that is encrypted with the certificates"},
		{"bomb: hidden twice", pfx(content(oidEncryptedData, encrypted(t, hidden)), content(oidEncryptedData, encrypted(t, hidden)),
			plainKey(t, leaf.Key)), "pkcs12: expected between 1 and 2 items in the authenticated safe, but this file has 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			done := make(chan error, 1)
			go func() {
				_, _, err := pemfile.DecodePKCS12(c.data, passphrase)
				done <- err
			}()
			select {
			case err := <-done:
				want := "pemfile: reading PKCS #12: " + c.want // all of it, or up to a blank
				if err == nil || err.Error() != want && !(strings.HasSuffix(want, " ") && strings.HasPrefix(err.Error(), want)) {
					t.Errorf("got  %v\nwant %s", err, want)
				}
			case <-time.After(time.Minute):
				t.Fatal("it does not end")
			}
		})
	}
}

// zeroRounds takes away the rounds of the MAC, which stand at the end.
func zeroRounds(data []byte) []byte {
	data[len(data)-1] = 0
	return data
}

// TestRounds pins what the bound counts: the rounds for the certificates, the key
// and the MAC, and the lengths of keys where they are written down.
func TestRounds(t *testing.T) {
	t.Parallel()
	leaf := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{})
	for _, c := range []struct {
		name string
		data []byte
		want int64
	}{
		{"LegacyRC2", encode(t, pkcs12.LegacyRC2.WithIterations(1000), leaf), 3000},
		{"Modern2023", encode(t, pkcs12.Modern2023.WithIterations(1000), leaf), 3000},
		{"Modern2026", encode(t, pkcs12.Modern2026.WithIterations(1000), leaf), 3000 + 32},
		{"OpenSSL", read(t, "good-openssl3.p12"), 3 * 2048},
		{"Java", read(t, "good-keytool.p12"), 3*10000 + 2*32},
		{"bomb", blown(t, encode(t, pkcs12.Modern2023.WithIterations(marked), leaf), 0), 0},
	} {
		if got := pemfile.Rounds(c.data); got != c.want {
			t.Errorf("%s: %d rounds, want %d", c.name, got, c.want)
		}
	}
}

// TestHandmade shows that what TestRefused makes by hand is refused for its
// bomb alone.
func TestHandmade(t *testing.T) {
	t.Parallel()
	leaf := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{})
	certificates := bags(bag(oidCertBag, certificateValue(leaf.Chain[0])))
	for name, data := range map[string][]byte{
		"key last":  pfx(content(oidEncryptedData, encrypted(t, certificates)), plainKey(t, leaf.Key)),
		"key first": pfx(plainKey(t, leaf.Key), content(oidEncryptedData, encrypted(t, certificates))),
	} {
		if _, _, err := pemfile.DecodePKCS12(data, passphrase); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, _, err := pemfile.DecodePKCS12(data, "wrong"); !errors.Is(err, pemfile.ErrPassphrase) {
			t.Errorf("%s, wrong passphrase: %v", name, err)
		}
	}
}

// TestDamage: whatever byte is changed, the file is refused, or the change does
// not matter.
func TestDamage(t *testing.T) {
	t.Parallel()
	leaf := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{})
	good := encode(t, pkcs12.Modern2023.WithIterations(1), leaf)
	for i := range good {
		for _, flip := range []byte{0x01, 0x80, 0xff} {
			data := bytes.Clone(good)
			data[i] ^= flip
			key, certificates, err := pemfile.DecodePKCS12(data, passphrase)
			if err == nil && (!equal(key.Public(), leaf.Key.Public()) || !bytes.Equal(certificates[0].Raw, leaf.Chain[0].Raw)) {
				t.Errorf("byte %d ^ %#x: another credential came out", i, flip)
			}
		}
		if _, _, err := pemfile.DecodePKCS12(good[:i], passphrase); err == nil || errors.Is(err, pemfile.ErrPassphrase) {
			t.Errorf("the first %d bytes: %v", i, err)
		}
	}
}

// FuzzDecodePKCS12: no input makes the decoder panic or run for long, and what
// it takes is the same after it has been written and read again.
func FuzzDecodePKCS12(f *testing.F) {
	files, err := filepath.Glob("testdata/*.p12")
	if err != nil || len(files) == 0 {
		f.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, passphrase)
		f.Add(data, "")
	}
	leaf := testca.New(f, testca.Options{}).Issue(f, testca.Leaf{})
	for _, encoder := range []*pkcs12.Encoder{pkcs12.LegacyRC2, pkcs12.LegacyDES, pkcs12.Modern2026} {
		f.Add(encode(f, encoder.WithIterations(1), leaf), passphrase)
	}
	f.Fuzz(func(t *testing.T, data []byte, secret string) {
		if pemfile.Rounds(data) > 50_000 {
			return // TestRefused has those; they would take all the time
		}
		start := time.Now()
		key, certificates, err := pemfile.DecodePKCS12(data, secret)
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("it took %v", took)
		}
		if err != nil {
			return
		}
		again, err := pkcs12.Modern2023.WithIterations(1).Encode(key, certificates[0], certificates[1:], secret)
		if err != nil {
			t.Fatal(err)
		}
		key2, certificates2, err := pemfile.DecodePKCS12(again, secret)
		if err != nil {
			t.Fatal(err)
		}
		if !equal(key.Public(), key2.Public()) || !cmp.Equal(raw(certificates), raw(certificates2)) {
			t.Error("what was written and read again is not the same")
		}
	})
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func raw(certificates []*x509.Certificate) [][]byte {
	var all [][]byte
	for _, c := range certificates {
		all = append(all, c.Raw)
	}
	return all
}

func equal(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}

func x25519(t *testing.T) *ecdh.PrivateKey {
	t.Helper()
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
