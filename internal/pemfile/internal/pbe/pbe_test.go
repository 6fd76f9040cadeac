// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pbe_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/pemfile/internal/pbe"
)

const passphrase = "correct horse"

func block(t testing.TB, file string) *pem.Block {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := pem.Decode(data)
	if b == nil {
		t.Fatalf("%s holds no PEM", file)
	}
	return b
}

func parse(b *pem.Block) (*pbe.Closed, error) {
	if b.Headers["DEK-Info"] != "" {
		return pbe.ParseRFC1423(b)
	}
	return pbe.ParsePKCS8(b.Bytes)
}

// sequence says that any SEQUENCE is right.
func sequence(plain []byte) bool { return plain[0] == 0x30 && plain[1] >= 0x70 }

// TestFiles opens what OpenSSL wrote, which is always the same key.
func TestFiles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, plain string
		least          int
	}{
		{"ec-pbes*.pem", "ec-pkcs8.pem", 15},
		{"ec-scrypt*.pem", "ec-pkcs8.pem", 2},
		{"ec-rfc1423*.pem", "ec-traditional.pem", 1},
		{"rsa-pbes*.pem", "rsa-pkcs8.pem", 2},
		{"rsa-rfc1423*.pem", "rsa-traditional.pem", 5},
	} {
		files, err := filepath.Glob("../../testdata/throwaway-keys/" + c.pattern)
		if err != nil || len(files) < c.least {
			t.Fatalf("%s: %d files, %v", c.pattern, len(files), err)
		}
		want := block(t, "../../testdata/throwaway-keys/"+c.plain).Bytes
		for _, file := range files {
			t.Run(filepath.Base(file), func(t *testing.T) {
				t.Parallel()
				closed, err := parse(block(t, file))
				if err != nil {
					t.Fatal(err)
				}
				got, err := closed.Open(passphrase, sequence)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					t.Errorf("got  %x\nwant %x", got, want)
				}
				never := func([]byte) bool { return false }
				if _, err := closed.Open(passphrase, never); !errors.Is(err, pbe.ErrPassphrase) {
					t.Errorf("where nothing is right: %v", err)
				}
				always := func([]byte) bool { return true }
				if got, err := closed.Open("wrong", always); err == nil && bytes.Equal(got, want) {
					t.Error("any passphrase opens it")
				}
			})
		}
	}
}

// TestRightPassphrase: the function is shown what comes out, and decides.
func TestRightPassphrase(t *testing.T) {
	t.Parallel()
	const text = "a text of a bit more than one block"
	der, err := pbe.Encrypt([]byte(text), passphrase, 1)
	if err != nil {
		t.Fatal(err)
	}
	closed, err := pbe.ParsePKCS8(der)
	if err != nil {
		t.Fatal(err)
	}
	for secret, want := range map[string]bool{passphrase: true, "wrong": false, "": false} {
		var shown string
		got, err := closed.Open(secret, func(plain []byte) bool {
			shown = string(plain)
			return strings.HasPrefix(shown, "a text")
		})
		if strings.HasPrefix(shown, text) != want || len(shown) != 48 {
			t.Errorf("%q: shown %q", secret, shown)
		}
		if want && (err != nil || string(got) != text) || !want && !errors.Is(err, pbe.ErrPassphrase) {
			t.Errorf("%q: %q, %v", secret, got, err)
		}
	}
}

// TestDerivePKCS12 has the vectors by which implementations of RFC 7292, appendix B.2, are compared (they go back to
// Peter Gutmann's, and are in OpenSSL, Bouncy Castle and NSS).
func TestDerivePKCS12(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		id           byte
		secret, salt string
		rounds       int
		want         string
	}{
		{pbe.IDKey, "smeg", "0A58CF64530D823F", 1, "8AAAE6297B6CB04642AB5B077851284EB7128F1A2A7FBCA3"},
		{pbe.IDIV, "smeg", "0A58CF64530D823F", 1, "79993DFE048D3B76"},
		{pbe.IDKey, "smeg", "642B99AB44FB4B1F", 1, "F3A95FEC48D7711E985CFE67908C5AB79FA3D7C5CAA5D966"},
		{pbe.IDIV, "smeg", "642B99AB44FB4B1F", 1, "C0A38D64A79BEA1D"},
		{pbe.IDMAC, "smeg", "3D83C0E4546AC140", 1, "8D967D88F6CAA9D714800AB3D48051D63F73A312"},
		{pbe.IDKey, "queeg", "05DEC959ACFF72F7", 1000, "ED2034E36328830FF09DF1E1A07DD357185DAC0D4F9EB3D4"},
		{pbe.IDIV, "queeg", "05DEC959ACFF72F7", 1000, "11DEDAD7758D4860"},
		{pbe.IDKey, "queeg", "1682C0FC5B3F7EC5", 1000, "483DD6E919D7DE2E8E648BA8F862F3FBFBDC2BCB2C02957F"},
		{pbe.IDIV, "queeg", "1682C0FC5B3F7EC5", 1000, "9D461D1B00355C50"},
		{pbe.IDMAC, "queeg", "263216FCC2FAB31C", 1000, "5EC4C7A80DF652294C3925B6489A7AB857C83476"},
	} {
		salt, err := hex.DecodeString(c.salt)
		if err != nil {
			t.Fatal(err)
		}
		got := pbe.DerivePKCS12(sha1.New, c.id, pbe.Encodings(c.secret)[0], salt, c.rounds, len(c.want)/2)
		if s := strings.ToUpper(hex.EncodeToString(got)); s != c.want {
			t.Errorf("%d, %s, %s: got %s, want %s", c.id, c.secret, c.salt, s, c.want)
		}
	}
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	for secret, want := range map[string][]string{
		"":      {"0000", ""},
		"a":     {"00610000"},
		"ß€":    {"00df20ac0000"},
		"𝄞":     {"d834dd1e0000"},
		"a\x00": {"006100000000"},
	} {
		var got []string
		for _, encoding := range pbe.Encodings(secret) {
			got = append(got, hex.EncodeToString(encoding))
		}
		if strings.Join(got, ",") != strings.Join(want, ",") {
			t.Errorf("%q: %q, want %q", secret, got, want)
		}
	}
}

// rfc7914 is the example of RFC 7914, §13. It asks for a gigabyte, and OpenSSL refuses it as well, unless told.
const rfc7914 = `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHiME0GCSqGSIb3DQEFDTBAMB8GCSsGAQQB2kcECzASBAVNb3VzZQIDEAAAAgEI
AgEBMB0GCWCGSAFlAwQBKgQQyYmguHMsOwzGMPoyObk/JgSBkJb47EWd5iAqJlyy
+ni5ftd6gZgOPaLQClL7mEZc2KQay0VhjZm/7MbBUNbqOAXNM6OGebXxVp6sHUAL
iBGY/Dls7B1TsWeGObE0sS1MXEpuREuloZjcsNVcNXWPlLdZtkSH6uwWzR0PyG/Z
+ZXfNodZtd/voKlvLOw5B3opGIFaLkbtLZQwMiGtl42AS89lZg==
-----END ENCRYPTED PRIVATE KEY-----
`

func TestScryptOfRFC7914(t *testing.T) {
	t.Parallel()
	b, _ := pem.Decode([]byte(rfc7914))
	_, err := pbe.ParsePKCS8(b.Bytes)
	limit, ok := errors.AsType[*pbe.LimitError](err)
	if !ok || limit.Limit != 128<<20 {
		t.Errorf("%v, want a LimitError", err)
	}
}

// TestTruncated: no beginning of a file is taken for a whole one, and none of them panics.
func TestTruncated(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ec-pbes2-aes-256-cbc.pem", "ec-scrypt.pem", "ec-pbes1-SHA1-3DES.pem", "ec-pbes1-MD5-DES.pem"} {
		b := block(t, "../../testdata/throwaway-keys/"+name)
		for i := range b.Bytes {
			if _, err := pbe.ParsePKCS8(b.Bytes[:i]); err == nil {
				t.Errorf("%s: the first %d bytes are taken", name, i)
			}
		}
		if _, err := pbe.ParsePKCS8(append(bytes.Clone(b.Bytes), 0)); err == nil {
			t.Errorf("%s: a byte too many is taken", name)
		}
	}
}

func TestRFC1423Refused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, header string
		size         int
		want         string
	}{
		{"no header", "", 16, "it has no header DEK-Info that says how it is encrypted"},
		{"no vector", "AES-128-CBC", 16, "it has no header DEK-Info that says how it is encrypted"},
		{"an empty vector", "AES-128-CBC,", 16, "its header DEK-Info has no initialization vector of 16 bytes"},
		{"a vector for DES", "AES-128-CBC,0011223344556677", 16, "its header DEK-Info has no initialization vector of 16 bytes"},
		{"a vector for AES", "DES-CBC,00112233445566770011223344556677", 16, "its header DEK-Info has no initialization vector of 8 bytes"},
		{"no data", "DES-CBC,0011223344556677", 0, "0 encrypted bytes are not whole blocks: they are truncated or damaged"},
		{"half a block", "DES-CBC,0011223344556677", 12, "12 encrypted bytes are not whole blocks: they are truncated or damaged"},
		{"RC2", "RC2-CBC,0011223344556677", 16, `the encryption "RC2-CBC" is not supported`},
		{"lower case", "aes-128-cbc,00112233445566770011223344556677", 16, `the encryption "aes-128-cbc" is not supported`},
		{"a control character", "\x1b[31m,00", 16, `the encryption "\x1b[31m" is not supported`},
	} {
		_, err := pbe.ParseRFC1423(&pem.Block{Headers: map[string]string{"DEK-Info": c.header}, Bytes: make([]byte, c.size)})
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
}

// FuzzEncrypt: what is encrypted comes back, and only with the same passphrase.
func FuzzEncrypt(f *testing.F) {
	f.Add([]byte("text"), passphrase)
	f.Add([]byte{}, "")
	f.Add(make([]byte, 32), "\x00")
	f.Fuzz(func(t *testing.T, plain []byte, secret string) {
		der, err := pbe.Encrypt(plain, secret, 1)
		if err != nil {
			t.Fatal(err)
		}
		closed, err := pbe.ParsePKCS8(der)
		if err != nil {
			t.Fatal(err)
		}
		right := func(begin []byte) bool { return bytes.HasPrefix(begin, plain) }
		got, err := closed.Open(secret, right)
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%x, %v, want %x", got, err, plain)
		}
		if _, err := closed.Open(secret+"x", right); len(plain) > 8 && !errors.Is(err, pbe.ErrPassphrase) {
			t.Errorf("with another passphrase: %v", err)
		}
	})
}

// FuzzParse: no input makes the parsers panic, or leave a bound to the work.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("../../testdata/throwaway-keys/*-pbes*.pem")
	if err != nil || len(files) == 0 {
		f.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		f.Add(block(f, file).Bytes, "")
	}
	f.Add(block(f, "../../testdata/throwaway-keys/rsa-rfc1423-des.pem").Bytes, "DES-CBC,0011223344556677")
	f.Fuzz(func(t *testing.T, data []byte, header string) {
		b := &pem.Block{Bytes: data, Headers: map[string]string{"DEK-Info": header}}
		closed, err := parse(b)
		if (err == nil) != (closed != nil) {
			t.Errorf("%v, %v", closed, err)
		}
		if header == "" || closed == nil {
			return // the work of PKCS #8 is bounded, but not small
		}
		if _, err := closed.Open("x", sequence); err == nil && len(data) < 8 {
			t.Error("less than a block was decrypted")
		}
	})
}
