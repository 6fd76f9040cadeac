// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pemfile_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/pemfile"
)

// asker answers with a passphrase and counts how often it is asked.
type asker struct {
	answer string
	asked  int
}

func (a *asker) ask() (string, error) {
	a.asked++
	return a.answer, nil
}

// never fails the test when a passphrase is asked for.
func never(t testing.TB) func() (string, error) {
	return func() (string, error) {
		t.Error("a passphrase was asked for")
		return "", nil
	}
}

func certificate(t testing.TB, file string) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(read(t, file))
	if block == nil {
		t.Fatalf("%s holds no PEM", file)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// glob lists files of testdata, and fails where there are none.
func glob(t testing.TB, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob("testdata/" + pattern)
	if err != nil || len(found) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(found), err)
	}
	for i := range found {
		found[i] = strings.TrimPrefix(found[i], "testdata/")
	}
	return found
}

// TestReadKeys reads all that OpenSSL writes for the two keys.
func TestReadKeys(t *testing.T) {
	t.Parallel()
	files := slices.Concat(glob(t, "throwaway-keys/rsa-*"), glob(t, "throwaway-keys/ec-*"))
	if len(files) < 40 {
		t.Fatalf("only %d files", len(files))
	}
	for _, file := range files {
		name := strings.TrimPrefix(file, "throwaway-keys/")
		if name == "rsa-certificate.der" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kind, _, _ := strings.Cut(name, "-")
			plain := strings.Contains(name, "-traditional.") || strings.Contains(name, "-pkcs8.")
			a := &asker{answer: passphrase}
			if strings.Contains(name, "umlaut") {
				a.answer = "Straße-€"
			}
			data := read(t, file)
			got, err := pemfile.Read(data, a.ask)
			if err != nil {
				t.Fatal(err)
			}
			if !equal(got.Key.Public(), certificate(t, kind+".pem").PublicKey) {
				t.Error("it is another key")
			}
			if got.Encrypted == plain || a.asked == 1 == plain || a.asked > 1 {
				t.Errorf("encrypted: %v, asked %d times", got.Encrypted, a.asked)
			}
			if plain {
				return
			}
			for _, wrong := range []string{"", "wrong", a.answer + " ", strings.ToUpper(a.answer)} {
				if _, err := pemfile.Read(data, (&asker{answer: wrong}).ask); !errors.Is(err, pemfile.ErrPassphrase) {
					t.Errorf("passphrase %q: %v, want ErrPassphrase", wrong, err)
				}
			}
		})
	}
}

// TestReadPKCS12 reads PKCS #12 by its content, tries the empty passphrase, and
// asks once if that is not it.
func TestReadPKCS12(t *testing.T) {
	t.Parallel()
	for _, file := range glob(t, "good-*.p12") {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			a, want := &asker{answer: passphrase}, 1
			switch {
			case strings.Contains(file, "empty"):
				want = 0
			case strings.Contains(file, "umlaut"):
				a.answer = "Straße-€"
			}
			got, err := pemfile.Read(read(t, file), a.ask)
			if err != nil {
				t.Fatal(err)
			}
			if a.asked != want || got.Encrypted != (want == 1) {
				t.Errorf("asked %d times, want %d; encrypted: %v", a.asked, want, got.Encrypted)
			}
			if !equal(got.Key.Public(), got.Certificates[0].PublicKey) {
				t.Error("the key is not that of the first certificate")
			}
			if want == 0 {
				return
			}
			if _, err := pemfile.Read(read(t, file), (&asker{answer: "wrong"}).ask); !errors.Is(err, pemfile.ErrPassphrase) {
				t.Errorf("wrong passphrase: %v", err)
			}
			if _, err := pemfile.Read(read(t, file), nil); !as[*pemfile.PassphraseMissingError](err) {
				t.Errorf("nobody to ask: %v", err)
			}
		})
	}
}

func as[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// TestReadForms reads the same contents in the many forms that they have in the wild.
func TestReadForms(t *testing.T) {
	t.Parallel()
	key := string(read(t, "throwaway-keys/rsa-traditional.pem"))
	closed := string(read(t, "throwaway-keys/rsa-rfc1423-aes256.pem"))
	leaf, ca := string(read(t, "rsa.pem")), string(read(t, "ca.pem"))
	windows := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	wide := func(order binary.AppendByteOrder, s string) string {
		var b []byte
		for _, unit := range utf16.Encode([]rune("\ufeff" + s)) {
			b = order.AppendUint16(b, unit)
		}
		return string(b)
	}
	both := []string{"rsa.pem", "ca.pem"}
	for _, c := range []struct {
		name, data string
		want       []string // certificates
		encrypted  bool
		extra      []string
	}{
		{"certificates, key", leaf + ca + key, both, false, nil},
		{"key in the middle", leaf + key + ca, both, false, nil},
		{"order of the file", key + ca + leaf, []string{"ca.pem", "rsa.pem"}, false, nil},
		{"the same twice", key + leaf + leaf, []string{"rsa.pem", "rsa.pem"}, false, nil},
		{"X509 CERTIFICATE", key + strings.ReplaceAll(leaf, "CERTIFICATE", "X509 CERTIFICATE"), []string{"rsa.pem"}, false, nil},
		{"Windows line ends", windows(key + leaf), []string{"rsa.pem"}, false, nil},
		{"Windows line ends, RFC 1423", windows(closed + leaf), []string{"rsa.pem"}, true, nil},
		{"blanks at line ends", strings.ReplaceAll(key+leaf, "\n", " \t\n"), []string{"rsa.pem"}, false, nil},
		{"byte order mark", "\ufeff" + key + leaf, []string{"rsa.pem"}, false, nil},
		{"UTF-16, little-endian", wide(binary.LittleEndian, windows(key+leaf)), []string{"rsa.pem"}, false, nil},
		{"UTF-16, big-endian", wide(binary.BigEndian, closed+leaf), []string{"rsa.pem"}, true, nil},
		{"text around", "Bag Attributes\n    localKeyID: 01\n" + key + "subject=/CN=x\n" + leaf + "\nEnd.", []string{"rsa.pem"}, false, nil},
		{"no line end at the end", key + strings.TrimSpace(leaf), []string{"rsa.pem"}, false, nil},
		{"a key under a wrong name", strings.ReplaceAll(string(read(t, "throwaway-keys/rsa-pkcs8.pem")), "PRIVATE", "RSA PRIVATE") + leaf,
			[]string{"rsa.pem"}, false, nil},
		{"encrypted under a wrong name", strings.ReplaceAll(string(read(t, "throwaway-keys/rsa-pbes2-default.pem")), "ENCRYPTED ", "") + leaf,
			[]string{"rsa.pem"}, true, nil},
		{"blocks of other types", key + "-----BEGIN DIRACX-----\nAAAA\n-----END DIRACX-----\n" + leaf + string(read(t, "throwaway-keys/request.pem")),
			[]string{"rsa.pem"}, false, []string{"DIRACX", "CERTIFICATE REQUEST"}},
		{"as from openssl pkcs12", string(read(t, "throwaway-keys/rsa-from-pkcs12-all.pem")), both, true, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := &asker{answer: passphrase}
			got, err := pemfile.Read([]byte(c.data), a.ask)
			if err != nil {
				t.Fatal(err)
			}
			if !equal(got.Key.Public(), certificate(t, "rsa.pem").PublicKey) {
				t.Error("it is another key")
			}
			var want [][]byte
			for _, file := range c.want {
				want = append(want, certificate(t, file).Raw)
			}
			if diff := cmp.Diff(want, raw(got.Certificates)); diff != "" {
				t.Errorf("certificates (-want +got):\n%s", diff)
			}
			var extra []string
			for _, block := range got.Extra {
				extra = append(extra, block.Type)
			}
			if diff := cmp.Diff(c.extra, extra); diff != "" {
				t.Errorf("extra blocks (-want +got):\n%s", diff)
			}
			if got.Encrypted != c.encrypted || (a.asked == 1) != c.encrypted {
				t.Errorf("encrypted: %v, asked %d times", got.Encrypted, a.asked)
			}
		})
	}
}

// TestReadParts reads files with a key alone, or certificates alone.
func TestReadParts(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"rsa.pem":                                     "no key, 1 certificates",
		"throwaway-keys/rsa-certificate.der":          "no key, 1 certificates",
		"throwaway-keys/other-ed25519.pem":            "ed25519.PrivateKey, 0 certificates",
		"throwaway-keys/other-ec-with-parameters.pem": "*ecdsa.PrivateKey, 0 certificates",
		"throwaway-keys/rsa-pkcs8.der":                "*rsa.PrivateKey, 0 certificates",
	} {
		got, err := pemfile.Read(read(t, file), never(t))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		key := "no key"
		if got.Key != nil {
			key = fmt.Sprintf("%T", got.Key)
		}
		if s := fmt.Sprintf("%s, %d certificates", key, len(got.Certificates)); s != want || len(got.Extra) > 0 || got.Encrypted {
			t.Errorf("%s: %s, %d extra blocks; want %s", file, s, len(got.Extra), want)
		}
	}
}

// TestReadRefused: each error is found before a passphrase is asked for, says
// what is wrong with what, and is never that of a wrong passphrase.
func TestReadRefused(t *testing.T) {
	t.Parallel()
	file := func(name string) string { return string(read(t, "throwaway-keys/"+name)) }
	key, cert := file("ec-pkcs8.pem"), string(read(t, "ec.pem"))
	closed := file("rsa-rfc1423-aes256.pem")
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	headers := func(kind string, headers map[string]string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Headers: headers, Bytes: der}))
	}
	encrypted := map[string]string{"Proc-Type": "4,ENCRYPTED"}
	for _, c := range []struct{ name, data, want string }{
		{"nothing", "", `reading a file: it is empty`},
		{"text", "hello", `reading a file: its 5 bytes are neither PEM nor DER nor PKCS #12`},
		{"a mark within a line", " -----BEGIN CERTIFICATE-----", `reading a file: its 28 bytes are neither PEM nor DER nor PKCS #12`},
		{"a JSON token", `{"access_token":"x"}`, `reading a file: its 20 bytes are neither PEM nor DER nor PKCS #12`},
		{"too large", strings.Repeat("x", pemfile.MaxSize+1), `reading a file: more than 1048576 bytes`},
		{"a request", file("request.pem"), `reading a file: there is no private key and no certificate in it, only "CERTIFICATE REQUEST"`},
		{"PKCS #7 in PEM", file("unsupported-pkcs7.pem"), `reading a file: there is no private key and no certificate in it, only "PKCS7"`},
		{"PKCS #7 in DER", file("unsupported-pkcs7.der"), `reading DER: PKCS #7 is not supported`},
		{"truncated PEM", cert + key[:len(key)-10], `reading PEM block 2: malformed or truncated PEM`},
		{"truncated base64", strings.Replace(key, "\n-----END", "x\n-----END", 1), `reading PEM block 1: malformed or truncated PEM`},
		{"a block in a block", "-----BEGIN CERTIFICATE-----\n" + cert, `reading PEM block 1: malformed or truncated PEM`},
		{"garbage in a key", block("PRIVATE KEY", []byte("garbage")), `reading PEM block 1, "PRIVATE KEY": it is not a private key`},
		{"garbage in a certificate", key + block("CERTIFICATE", []byte("garbage")), `reading PEM block 2, "CERTIFICATE": x509: malformed certificate`},
		{"a certificate as key", block("PRIVATE KEY", certificate(t, "ec.pem").Raw), `reading PEM block 1, "PRIVATE KEY": it is not a private key`},
		{"a strange type", block("PRIVATE KEY\x1b[31m", nil), `reading a file: there is no private key and no certificate in it, only "PRIVATE KEY\x1b[31m"`},
		{"two keys", key + cert + closed, `reading PEM block 3, "RSA PRIVATE KEY": it is the second private key`},
		{"two encrypted keys", closed + closed, `reading PEM block 2, "RSA PRIVATE KEY": it is the second private key`},
		{"a broken certificate behind an encrypted key", closed + block("CERTIFICATE", nil), `reading PEM block 2, "CERTIFICATE": x509: malformed certificate`},
		{"a large key", block("PRIVATE KEY", make([]byte, 1<<14+1)), `reading PEM block 1, "PRIVATE KEY": more than 16384 bytes of a private key`},
		{"many certificates", strings.Repeat(cert, 101), `reading PEM block 101, "CERTIFICATE": more than 100 certificates`},
		{"truncated certificate in DER", file("rsa-certificate.der")[:100], `reading DER: x509: malformed certificate`},
		{"truncated key in DER", file("rsa-traditional.der")[:100], `reading DER: asn1: syntax error: data truncated`},
		{"truncated encrypted key in DER", file("ec-pbes2.der")[:200], `reading DER: malformed EncryptedPrivateKeyInfo`},
		{"X25519", file("unsupported-x25519.pem"), `reading PEM block 1, "PRIVATE KEY": a key of type *ecdh.PrivateKey, which cannot sign, is not supported`},
		{"secp256k1", file("unsupported-secp256k1.pem"), `reading PEM block 1, "EC PRIVATE KEY": a key for the curve secp256k1 is not supported`},
		{"DSA", file("unsupported-dsa.pem"), `reading PEM block 1, "PRIVATE KEY": a key for DSA is not supported`},
		{"DSA, OpenSSL's form", file("unsupported-dsa-traditional.pem"), `reading PEM block 1, "DSA PRIVATE KEY": a key for DSA is not supported`},
		{"RSA-PSS", file("unsupported-rsa-pss.pem"), `reading PEM block 1, "PRIVATE KEY": a key for RSA-PSS is not supported`},
		{"Ed448", file("unsupported-ed448.pem"), `reading PEM block 1, "PRIVATE KEY": a key for Ed448 is not supported`},
		{"a curve by its parameters", file("unsupported-explicit.pem"), `reading PEM block 1, "EC PRIVATE KEY": a key for a curve that has no name is not supported`},
		{"brainpool", file("unsupported-brainpool.pem"), `reading PEM block 1, "PRIVATE KEY": a key for the curve brainpoolP256r1 is not supported`},
		{"brainpool, certificate", file("unsupported-brainpool-certificate.pem"), `reading PEM block 1, "CERTIFICATE": a key for the curve brainpoolP256r1 is not supported`},
		{"brainpool, PKCS #12", string(read(t, "unsupported-brainpool.p12")), `reading PKCS #12: a key for the curve brainpoolP256r1 is not supported`},
		{"brainpool, PKCS #12, key not encrypted", string(read(t, "unsupported-brainpool-plain.p12")),
			`reading PKCS #12: a key for the curve brainpoolP256r1 is not supported`},
		{"no DEK-Info", headers("RSA PRIVATE KEY", encrypted, nil), `reading PEM block 1, "RSA PRIVATE KEY": it has no header DEK-Info that says how it is encrypted`},
		{"a short vector", strings.Replace(closed, "AES-256-CBC,", "AES-256-CBC,00", 1),
			`reading PEM block 1, "RSA PRIVATE KEY": its header DEK-Info has no initialization vector of 16 bytes`},
		{"no hexadecimal vector", strings.Replace(closed, "AES-256-CBC,", "DES-CBC,xyz", 1),
			`reading PEM block 1, "RSA PRIVATE KEY": its header DEK-Info has no initialization vector of 8 bytes`},
		{"Camellia, RFC 1423", file("unsupported-rfc1423-camellia.pem"),
			`reading PEM block 1, "RSA PRIVATE KEY": the encryption "CAMELLIA-256-CBC" is not supported`},
		{"RC2", file("unsupported-pbes1-SHA1-RC2-40.pem"), `reading PEM block 1, "ENCRYPTED PRIVATE KEY": PBE with SHA-1 and RC2 is not supported`},
		{"RC2, MD5", file("unsupported-pbes1-MD5-RC2-64.pem"), `reading PEM block 1, "ENCRYPTED PRIVATE KEY": PBE with MD5 and RC2 is not supported`},
		{"RC2, PKCS #5", file("unsupported-pbes1-SHA1-RC2-64.pem"), `reading PEM block 1, "ENCRYPTED PRIVATE KEY": PBE with SHA-1 and RC2 is not supported`},
		{"RC4", file("unsupported-pbes1-SHA1-RC4-128.pem"), `reading PEM block 1, "ENCRYPTED PRIVATE KEY": PBE with SHA-1 and RC4 is not supported`},
		{"PBES2 with DES", file("unsupported-pbes2-des.pem"), `reading PEM block 1, "ENCRYPTED PRIVATE KEY": PBES2 with DES is not supported`},
		{"PBES2 with RC2", file("unsupported-pbes2-rc2.pem"), `reading PEM block 1, "ENCRYPTED PRIVATE KEY": RC2 is not supported`},
		{"Camellia", file("unsupported-pbes2-camellia-256-cbc.pem"), `reading PEM block 1, "ENCRYPTED PRIVATE KEY": Camellia is not supported`},
		{"PKCS #12 cut off", string(read(t, "good-openssl3.p12")[:500]), `reading PKCS #12: it is not PKCS #12`},
		{"PKCS #12 without a key", string(read(t, "wrong-no-key.p12")),
			`reading PKCS #12: there is no private key in it, or only one that is encrypted with the certificates`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := pemfile.Read([]byte(c.data), never(t))
			if err == nil || err.Error() != "pemfile: "+c.want {
				t.Errorf("got  %v\nwant pemfile: %s", err, c.want)
			}
			if got != nil || errors.Is(err, pemfile.ErrPassphrase) {
				t.Errorf("%v came with it", got)
			}
			if strings.HasSuffix(c.want, "is not supported") != (as[*pemfile.UnsupportedError](err) || as[*pemfile.UnsupportedKeyError](err)) ||
				strings.Contains(c.want, ": more than ") != as[*pemfile.LimitError](err) {
				t.Errorf("its type is %T around %T", err, errors.Unwrap(err))
			}
		})
	}
}

// TestUnsupportedEncryptedKey: of what kind a key is turns out with its passphrase.
func TestUnsupportedEncryptedKey(t *testing.T) {
	t.Parallel()
	data := read(t, "throwaway-keys/unsupported-brainpool-encrypted.pem")
	_, err := pemfile.Read(data, func() (string, error) { return passphrase, nil })
	if e, ok := errors.AsType[*pemfile.UnsupportedKeyError](err); !ok || e.Name != "the curve brainpoolP256r1" {
		t.Errorf("got %v", err)
	}
}

// TestAsk: what ask says is returned, and without it the error has a type.
func TestAsk(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"throwaway-keys/ec-scrypt.pem", "throwaway-keys/ec-rfc1423-aes256.pem", "good-openssl3.p12"} {
		refused := errors.New("not now")
		if _, err := pemfile.Read(read(t, file), func() (string, error) { return "", refused }); !errors.Is(err, refused) {
			t.Errorf("%s: %v, want %v", file, err, refused)
		}
		_, err := pemfile.Read(read(t, file), nil)
		missing, ok := errors.AsType[*pemfile.PassphraseMissingError](err)
		if !ok || !strings.Contains(err.Error(), missing.What+": it is encrypted") {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestDamagedKeys: with the right passphrase, a key that lost its end is broken,
// and no other key than the right one ever comes out.
func TestDamagedKeys(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ec-pbes2-aes-256-cbc.pem", "ec-pbes2-des3.pem", "ec-pbes1-MD5-DES.pem", "ec-rfc1423-aes256.pem", "ec-scrypt-wide.pem"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good, _ := pem.Decode(read(t, "throwaway-keys/"+name))
			want := certificate(t, "ec.pem").PublicKey
			try := func(der []byte) (crypto.Signer, error) {
				data := pem.EncodeToMemory(&pem.Block{Type: good.Type, Headers: good.Headers, Bytes: der})
				got, err := pemfile.Read(data, (&asker{answer: passphrase}).ask)
				if err != nil {
					return nil, err
				}
				return got.Key, nil
			}
			for i := range good.Bytes {
				for _, flip := range []byte{0x01, 0x80} {
					der := bytes.Clone(good.Bytes)
					der[i] ^= flip
					if key, err := try(der); err == nil && !equal(key.Public(), want) {
						t.Errorf("byte %d ^ %#x: another key came out", i, flip)
					}
				}
			}
			cut := good.Bytes[:len(good.Bytes)-16]
			if len(good.Headers) == 0 {
				cut = shorten(t, good.Bytes, 16)
			}
			if _, err := try(cut); err == nil || errors.Is(err, pemfile.ErrPassphrase) ||
				!strings.Contains(err.Error(), "the passphrase is right, but") {
				t.Errorf("without its last block: %v", err)
			}
			cut = cut[:len(cut)-1]
			if len(good.Headers) == 0 {
				cut = shorten(t, good.Bytes, 17)
			}
			if _, err := try(cut); err == nil || !strings.Contains(err.Error(), "bytes are not whole blocks") {
				t.Errorf("with half a block: %v", err)
			}
		})
	}
}

// TestMacHashes: the MAC is checked with any hash, so that what was altered is
// never taken for good. (The decoder below does not know SHA-224 and SHA-384.)
func TestMacHashes(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"good-sha224mac.p12", "good-sha384mac.p12", "good-openssl3.p12", "good-nss.p12"} {
		data := read(t, file)
		i := bytes.LastIndex(data, salted(t, data)) + 3
		data[i] ^= 1 // of the MAC's salt
		if _, err := pemfile.Read(data, (&asker{answer: passphrase}).ask); !errors.Is(err, pemfile.ErrPassphrase) {
			t.Errorf("%s with another salt: %v", file, err)
		}
	}
}

// salted is the last OCTET STRING of a PKCS #12 file, the salt of its MAC, with
// its header.
func salted(t *testing.T, data []byte) []byte {
	t.Helper()
	for _, size := range []int{8, 16, 20} {
		if i := bytes.LastIndex(data, []byte{4, byte(size)}); i >= len(data)-size-12 && i >= 0 {
			return data[i : i+2+size]
		}
	}
	t.Fatal("there is no salt")
	return nil
}

// TestReadAgain: after ErrPassphrase the same data can be read again.
func TestReadAgain(t *testing.T) {
	t.Parallel()
	data := read(t, "throwaway-keys/rsa-pbes2-default.pem")
	before := bytes.Clone(data)
	for _, c := range []struct {
		passphrase string
		want       error
	}{{"wrong", pemfile.ErrPassphrase}, {passphrase, nil}} {
		if _, err := pemfile.Read(data, (&asker{answer: c.passphrase}).ask); !errors.Is(err, c.want) {
			t.Errorf("%q: %v, want %v", c.passphrase, err, c.want)
		}
	}
	if !bytes.Equal(data, before) {
		t.Error("Read changed what it was given")
	}
}
