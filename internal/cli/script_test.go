// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/compat"
	"github.com/x509up/x509up/internal/fed"
	"github.com/x509up/x509up/proxycert"
)

// quickExit keeps the race detector from waiting a second at the end of each process for races that are still to come.
const quickExit = "atexit_sleep_ms=0"

func TestMain(m *testing.M) {
	programs := map[string]func(){"x509up": func() { os.Exit(process()) }}
	for _, name := range compat.Names() { // as links would be
		programs[name] = programs["x509up"]
	}
	testscript.Main(m, programs)
}

// TestScripts runs testdata/*.txtar. Beside the commands of testscript they have
//
//	fed [FAULT…]            a federation, until the script ends, and its variables; with kerberos one that takes tickets
//	exits CODE COMMAND…     COMMAND must end with this exit code
//	logins N                the identity provider has accepted N passwords
//	passwords N             it was sent N, good or bad
//	assertions N            the service provider was sent N assertions
//	mode OCTAL FILE         the mode of FILE
//	pkcs12 FOLDER FILE PW   FILE is made of FOLDER's usercert.pem and userkey.pem
//	encrypt FOLDER FILE PW  FILE is made of FOLDER's userkey.pem, encrypted
//	front [client-cert]     a web server before the identity provider; with client-cert it logs in the owners of such,
//	                        and client.pem, client.key, client-both.pem are one, another… is one of an unknown CA
//	[!] sent FIELD [VALUE]  the last request to it had this header
//	unasked                 there was none
//	attributes VO…          the stored credential becomes one with attributes of the VOs; "broken" is an extension that cannot be read
//	cache FILE PRINCIPAL…   FILE is made a credential cache with a ticket; see ticketCache for the words behind it
//	lines FILE LINE…        FILE is made of these lines, 0600, with variables expanded
func TestScripts(t *testing.T) {
	t.Parallel()
	ids := newIdentities(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			home := filepath.Join(env.WorkDir, "home")
			for name, value := range map[string]string{
				"HOME": home, "X509_USER_PROXY": filepath.Join(env.WorkDir, "x509up.pem"), "GORACE": quickExit,
			} {
				env.Setenv(name, value)
			}
			env.Values[stateKey{}] = &state{}
			return os.Mkdir(home, 0o700)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"fed":        startFederation,
			"exits":      exits,
			"logins":     logins,
			"passwords":  passwords,
			"assertions": assertions,
			"mode":       mode,
			"lines":      lines,
			"front":      startFront(ids),
			"sent":       sent,
			"unasked":    unasked,
			"pkcs12":     pkcs12File,
			"encrypt":    encryptKey,
			"attributes": attributes,
			"cache":      ticketCache,
		},
	})
}

func startFederation(ts *testscript.TestScript, _ bool, args []string) {
	var o fed.Options
	for _, arg := range args {
		if arg == "challenge" || arg == "kerberos" {
			o.Challenge, o.Kerberos = o.Challenge || arg == "challenge", o.Kerberos || arg == "kerberos"
			continue
		}
		fault, err := fed.ParseFault(arg)
		ts.Check(err)
		o.Faults = append(o.Faults, fault)
	}
	f, err := fed.Start(o)
	ts.Check(err)
	ts.Defer(func() { f.Close() })
	dir, err := f.WriteDir(ts.MkAbs("fed"))
	ts.Check(err)
	for _, v := range dir.Environ() {
		name, value, _ := strings.Cut(v, "=")
		ts.Setenv(name, value)
	}
	ts.Setenv("PASSWORD", f.Password)
	ts.Setenv("PAGE", f.ProtectedURL)
	ts.Setenv("PUBLIC", f.PublicURL)
	ts.Setenv("ENTITYID", f.EntityID)
	u, err := url.Parse(f.IdPURL)
	ts.Check(err)
	ts.Setenv("IDP_HOST", u.Host)
	ts.Setenv("LIST", f.ListURL)
	ts.Setenv("METADATA", f.MetadataURL)
	ts.Setenv("MDQ", f.MDQURL)
	ts.Setenv("TICKETS", f.KerberosURL)
	ts.Setenv("AWAY", f.AwayURL)
	ts.Setenv("EXPIRED", dir.ExpiredCache)
	ts.Setenv("KEYTAB", dir.Keytab)
	ts.Value(stateKey{}).(*state).fed = f
}

// state is what the commands of one script share.
type state struct {
	fed   *fed.Federation
	front *front
}

type stateKey struct{}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

func logins(ts *testscript.TestScript, _ bool, args []string) {
	wantCount(ts, "logins", ts.Value(stateKey{}).(*state).fed.Logins(), args)
}

func passwords(ts *testscript.TestScript, _ bool, args []string) {
	n := 0
	for _, r := range ts.Value(stateKey{}).(*state).fed.Requests() {
		if r.Server == "idp" && r.Method == "POST" {
			n++
		}
	}
	wantCount(ts, "passwords", n, args)
}

func assertions(ts *testscript.TestScript, _ bool, args []string) {
	n := 0
	for _, r := range ts.Value(stateKey{}).(*state).fed.Requests() {
		if r.Assertion {
			n++
		}
	}
	wantCount(ts, "assertions", n, args)
}

func wantCount(ts *testscript.TestScript, what string, have int, args []string) {
	if len(args) != 1 || args[0] != strconv.Itoa(have) {
		ts.Fatalf("%d %s, want %v", have, what, args)
	}
}

func mode(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: mode OCTAL FILE")
	}
	info, err := os.Lstat(ts.MkAbs(args[1]))
	ts.Check(err)
	if have := strconv.FormatUint(uint64(info.Mode().Perm()), 8); have != args[0] {
		ts.Fatalf("%s has mode %s, want %s", args[1], have, args[0])
	}
}

// lines writes a file of lines in which variables are expanded, unlike those of
// a script's own files.
func lines(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 1 {
		ts.Fatalf("usage: lines FILE LINE…")
	}
	text := strings.Join(args[1:], "\n") + "\n"
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

func pkcs12File(ts *testscript.TestScript, _ bool, args []string) {
	c := loadPair(ts, args)
	data, err := pkcs12.Modern2023.Encode(c.Key, c.Leaf(), nil, args[2])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o600))
}

func encryptKey(ts *testscript.TestScript, _ bool, args []string) {
	key := loadPair(ts, args).Key
	kind, der := "RSA PRIVATE KEY", []byte(nil)
	switch key := key.(type) {
	case *rsa.PrivateKey:
		der = x509.MarshalPKCS1PrivateKey(key)
	case *ecdsa.PrivateKey:
		var err error
		kind = "EC PRIVATE KEY"
		der, err = x509.MarshalECPrivateKey(key)
		ts.Check(err)
	}
	//lint:ignore SA1019 as grid tools of old wrote keys; PKCS #8 takes the race detector a second each time it is opened
	block, err := x509.EncryptPEMBlock(rand.Reader, kind, der, []byte(args[2]), x509.PEMCipherAES256)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), pem.EncodeToMemory(block), 0o600))
}

func loadPair(ts *testscript.TestScript, args []string) *proxycert.Credential {
	if len(args) != 3 {
		ts.Fatalf("usage: pkcs12|encrypt FOLDER FILE PASSPHRASE")
	}
	c, err := credstore.LoadPair(ts.MkAbs(args[0]))
	ts.Check(err)
	return c
}
