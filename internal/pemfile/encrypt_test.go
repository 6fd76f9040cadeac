// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pemfile_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/pemfile"
	"github.com/x509up/x509up/internal/testca"
)

var (
	oidScrypt   = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11591, 4, 11}
	oidMD5DES   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 3}
	oid3DES     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 1, 3}
	oidHMACGOST = asn1.ObjectIdentifier{1, 2, 643, 7, 1, 1, 4, 1}
	oidTripleCB = asn1.ObjectIdentifier{1, 2, 840, 113549, 3, 7}
)

// encryptedKey is the PEM of an EncryptedPrivateKeyInfo with four blocks of nothing.
func encryptedKey(algorithm []byte, data ...byte) []byte {
	if data == nil {
		data = make([]byte, 64)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: list(algorithm, octets(data))})
}

func algorithm(oid asn1.ObjectIdentifier, params ...[]byte) []byte {
	return list(append([][]byte{der(oid)}, params...)...)
}

// pbes2With is PBES2 with any key derivation, and AES-256.
func pbes2With(kdf []byte) []byte {
	return algorithm(oidPBES2, list(kdf, algorithm(oidAES256CBC, octets(make([]byte, 16)))))
}

// shorten takes n bytes off the end of what is encrypted.
func shorten(t *testing.T, data []byte, n int) []byte {
	t.Helper()
	var info struct {
		Algorithm asn1.RawValue
		Data      []byte
	}
	if _, err := asn1.Unmarshal(data, &info); err != nil {
		t.Fatal(err)
	}
	return list(info.Algorithm.FullBytes, octets(info.Data[:len(info.Data)-n]))
}

// TestBombs: what a key asks for is bounded before anybody is asked or any work is done.
func TestBombs(t *testing.T) {
	t.Parallel()
	scrypt := func(n, r, p int) []byte {
		return encryptedKey(pbes2With(algorithm(oidScrypt, list(octets(salt), integer(n), integer(r), integer(p)))))
	}
	pbkdf2 := func(params ...[]byte) []byte {
		return encryptedKey(pbes2With(algorithm(oidPBKDF2, list(append([][]byte{octets(salt)}, params...)...))))
	}
	const rounds, memory, malformed = "more than 4000000 rounds of key derivation", "more than 134217728 bytes of memory for scrypt",
		"malformed EncryptedPrivateKeyInfo"
	huge := der(asn1.RawValue{Tag: asn1.TagInteger, Bytes: bytes.Repeat([]byte{0x7f}, 100)})
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"PBES2", encryptedKey(pbes2(bomb, make([]byte, 16))), rounds},
		{"PBES2, huge", pbkdf2(huge), rounds},
		{"PBES2, none", pbkdf2(integer(0)), malformed},
		{"PBES2, negative", pbkdf2(integer(-1)), malformed},
		{"PBES2, missing", pbkdf2(), malformed},
		{"PBES1", encryptedKey(algorithm(oidMD5DES, list(octets(salt), integer(bomb)))), rounds},
		{"PKCS #12's 3DES", encryptedKey(algorithm(oid3DES, list(octets(salt), integer(bomb)))), rounds},
		{"scrypt, N", scrypt(1<<30, 8, 1), memory},
		{"scrypt, r", scrypt(2, 1<<30, 1), memory},
		{"scrypt, p", scrypt(1024, 8, 1<<30), memory},
		{"scrypt, all", scrypt(1<<62, 1<<62, 1<<62), memory},
		{"scrypt, N of no power of 2", scrypt(1000, 8, 1), malformed},
		{"scrypt, N of 1", scrypt(1, 8, 1), malformed},
		{"scrypt, no r", scrypt(1024, 0, 1), malformed},
		{"scrypt, negative p", scrypt(1024, 8, -1), malformed},
		{"scrypt, nothing", encryptedKey(pbes2With(algorithm(oidScrypt))), malformed},
		{"key of another length", pbkdf2(integer(1), integer(16)), malformed},
		{"key of huge length", pbkdf2(integer(1), integer(bomb)), malformed},
		{"unknown HMAC", pbkdf2(integer(1), algorithm(oidHMACGOST)), "the algorithm 1.2.643.7.1.1.4.1 is not supported"},
		{"no HMAC", pbkdf2(integer(1), octets(nil)), malformed},
		{"more behind the HMAC", pbkdf2(integer(1), algorithm(oidHMACSHA256), integer(1)), malformed},
		{"unknown key derivation", encryptedKey(pbes2With(algorithm(oidData))), "the algorithm 1.2.840.113549.1.7.1 is not supported"},
		{"unknown algorithm", encryptedKey(algorithm(oidData)), "the algorithm 1.2.840.113549.1.7.1 is not supported"},
		{"short vector", encryptedKey(pbes2(1, make([]byte, 8))), malformed},
		{"long vector", encryptedKey(algorithm(oidPBES2, list(
			algorithm(oidPBKDF2, list(octets(salt), integer(1))), algorithm(oidTripleCB, octets(make([]byte, 16)))))), malformed},
		{"nothing in PBES2", encryptedKey(algorithm(oidPBES2, list())), malformed},
		{"nothing in PBES1", encryptedKey(algorithm(oidMD5DES, list())), malformed},
		{"more in PBES1", encryptedKey(algorithm(oidMD5DES, list(octets(salt), integer(1), integer(1)))), malformed},
		{"no data", encryptedKey(pbes2(1, make([]byte, 16)), []byte{}...), "0 encrypted bytes are not whole blocks: they are truncated or damaged"},
		{"half a block", encryptedKey(pbes2(1, make([]byte, 16)), 1, 2, 3), "3 encrypted bytes are not whole blocks: they are truncated or damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.name == "no data" {
				c.data = pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: list(pbes2(1, make([]byte, 16)), octets(nil))})
			}
			want := `pemfile: reading PEM block 1, "ENCRYPTED PRIVATE KEY": ` + c.want
			if _, err := pemfile.Read(c.data, never(t)); err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

// TestWithinBounds: the largest that is allowed is done, and soon.
func TestWithinBounds(t *testing.T) {
	t.Parallel()
	start := time.Now()
	data := encryptedKey(pbes2With(algorithm(oidScrypt, list(octets(salt), integer(1<<17), integer(8), integer(1), integer(32)))))
	if _, err := pemfile.Read(data, (&asker{answer: "x"}).ask); !errors.Is(err, pemfile.ErrPassphrase) {
		t.Errorf("scrypt: %v", err)
	}
	if _, err := pemfile.Read(encryptedKey(pbes2(pemfile.EncryptRounds, make([]byte, 16))), (&asker{answer: "x"}).ask); !errors.Is(err, pemfile.ErrPassphrase) {
		t.Errorf("PBKDF2: %v", err)
	}
	if took := time.Since(start); took > time.Minute {
		t.Errorf("it took %v", took)
	}
}

// keys are one of each kind.
func keys(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	got, err := pemfile.Read(read(t, "throwaway-keys/other-ed25519.pem"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]crypto.Signer{
		"RSA":     testca.RSA(0),
		"EC":      testca.New(t, testca.Options{}).Issue(t, testca.Leaf{}).Key,
		"Ed25519": got.Key,
	}
}

// TestEncryptKey reads what it writes, with this package and with OpenSSL.
func TestEncryptKey(t *testing.T) {
	t.Parallel()
	for name, key := range keys(t) {
		secrets := []string{passphrase}
		if name == "EC" {
			secrets = []string{"x", "Straße-€", strings.Repeat("long ", 30)}
		}
		for _, secret := range secrets {
			t.Run(name+"/"+secret[:1], func(t *testing.T) {
				t.Parallel()
				data, err := pemfile.EncryptKey(key, secret)
				if err != nil {
					t.Fatal(err)
				}
				a := &asker{answer: secret}
				got, err := pemfile.Read(data, a.ask)
				if err != nil {
					t.Fatal(err)
				}
				if !got.Encrypted || a.asked != 1 || !equal(got.Key.Public(), key.Public()) {
					t.Errorf("encrypted: %v, asked %d times, or another key", got.Encrypted, a.asked)
				}
				if _, err := pemfile.Read(data, (&asker{answer: secret + "x"}).ask); !errors.Is(err, pemfile.ErrPassphrase) {
					t.Errorf("wrong passphrase: %v", err)
				}
				want, err := x509.MarshalPKCS8PrivateKey(key)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(opened(t, data, secret), want) {
					t.Error("OpenSSL reads another key")
				}
			})
		}
	}
}

// opened is the key in DER that OpenSSL finds.
func opened(t *testing.T, data []byte, secret string) []byte {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "openssl", "pkcs8", "-topk8", "-nocrypt", "-passin", "file:"+filepath.Join(dir, "secret"), "-outform", "DER")
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		exit, _ := errors.AsType[*exec.ExitError](err)
		t.Fatalf("openssl: %v: %s", err, exit.Stderr)
	}
	return out
}

// TestEncryptKeyIsSalted: the same key and passphrase never give the same text, or a part of it.
func TestEncryptKeyIsSalted(t *testing.T) {
	t.Parallel()
	key := keys(t)["EC"]
	var seen [2][]byte
	for i := range seen {
		data, err := pemfile.EncryptKey(key, passphrase)
		if err != nil {
			t.Fatal(err)
		}
		block, rest := pem.Decode(data)
		if block.Type != "ENCRYPTED PRIVATE KEY" || len(block.Headers) > 0 || len(rest) > 0 {
			t.Errorf("block %q, %d bytes behind it", block.Type, len(rest))
		}
		seen[i] = block.Bytes
	}
	var same int
	for i := 0; i+8 <= len(seen[0]); i++ {
		if bytes.Contains(seen[1], seen[0][i:i+8]) {
			same = i + 8
		}
	}
	if same > len(seen[0])/2 { // the object identifiers are the same, the second half is encrypted
		t.Errorf("byte %d is the same in both", same)
	}
}

// device is a key that cannot leave where it is.
type device struct{ ed25519.PublicKey }

func (d device) Public() crypto.PublicKey { return d.PublicKey }

func (device) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, nil }

func TestEncryptKeyRefuses(t *testing.T) {
	t.Parallel()
	if _, err := pemfile.EncryptKey(keys(t)["EC"], ""); err == nil ||
		err.Error() != "pemfile: encrypting a private key: the passphrase is empty" {
		t.Errorf("empty passphrase: %v", err)
	}
	_, err := pemfile.EncryptKey(device{make(ed25519.PublicKey, 32)}, passphrase)
	if !as[*pemfile.UnsupportedError](err) ||
		err.Error() != "pemfile: encrypting a private key: a key of type pemfile_test.device is not supported" {
		t.Errorf("a device: %v", err)
	}
}

// FuzzRead: no input makes it panic or run for long, nobody is asked twice, and a key that it reads is the same after
// it has been encrypted and read again.
func FuzzRead(f *testing.F) {
	for _, pattern := range []string{"*.pem", "*.p12", "throwaway-keys/*"} {
		for _, file := range glob(f, pattern) {
			f.Add(read(f, file), passphrase)
		}
	}
	f.Add(encryptedKey(pbes2(1, make([]byte, 16))), "")
	f.Fuzz(func(t *testing.T, data []byte, secret string) {
		if pemfile.Rounds(data) > 50_000 {
			return // TestRefused has those; they would take all the time
		}
		start := time.Now()
		a := &asker{answer: secret}
		got, err := pemfile.Read(data, a.ask)
		if took := time.Since(start); took > 30*time.Second || a.asked > 1 {
			t.Errorf("it took %v and asked %d times", took, a.asked)
		}
		if errors.Is(err, pemfile.ErrPassphrase) && a.asked == 0 {
			t.Error("the passphrase is wrong, and was never asked for")
		}
		if err != nil {
			return
		}
		if got.Key == nil && len(got.Certificates) == 0 {
			t.Error("it is empty, and that is no error")
		}
		if got.Key == nil || secret == "" {
			return
		}
		again, err := pemfile.EncryptKeyFast(got.Key, secret)
		if err != nil {
			t.Fatal(err)
		}
		same, err := pemfile.Read(again, a.ask)
		if err != nil || !same.Encrypted || !equal(same.Key.Public(), got.Key.Public()) {
			t.Errorf("after it was encrypted: %v", err)
		}
	})
}
