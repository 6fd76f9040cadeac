// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/fed"
	"github.com/x509up/x509up/internal/fed/krbclient"
	"github.com/x509up/x509up/internal/fed/realms"
)

// asMain is set where this test binary is to be the program.
const asMain = "X509UP_FED_TEST_AS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
	}
	os.Exit(m.Run())
}

// program is this program with arguments, as a process of its own.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asMain+"=1")
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// TestServesUntilTold runs it as make demo does: wait for ready, read env.sh, use the servers, stop it by a signal.
func TestServesUntilTold(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]os.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": os.Interrupt} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "fed")
			logFile := filepath.Join(t.TempDir(), "log")
			cmd := program(t, "--dir", dir, "--log", logFile, "--latency", "1ms", "--fault", "disabled-ca", "--fault", "dtd")
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewReader(stdout)
			if line, err := lines.ReadString('\n'); line != "ready\n" || err != nil {
				t.Fatalf("it said %q, %v; %s", line, err, &stderr)
			}
			useServers(t, dir)
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			rest, _ := io.ReadAll(lines)
			if err := cmd.Wait(); err != nil || len(rest) > 0 || stderr.Len() > 0 {
				t.Errorf("it ended with %v and said %q, %q", err, rest, &stderr)
			}
			checkLog(t, logFile)
		})
	}
}

// useServers fetches a page from the service provider with what the folder says.
func useServers(t *testing.T, dir string) {
	t.Helper()
	sh := exec.Command("/bin/sh", "-c", `. "$0"/env.sh && printf %s "$X509UP_SERVICE_PROVIDER" && cmp -s "$SSL_CERT_FILE" "$0"/ca.pem && `+
		`test -s "$X509_VOMSES"/vo.example.org && test -s "$X509_VOMS_DIR"/other.example.org/localhost.lsc`, dir)
	provider, err := sh.Output()
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	c := &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	res, err := c.Get(string(provider))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusFound {
		t.Errorf("%s answers %s", provider, res.Status)
	}
}

// checkLog wants the one request of useServers.
func checkLog(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var r fed.Request
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatalf("%v in %q", err, data)
	}
	if r.Server != "sp" || r.Path != "/secure/getcert" || r.Status != 302 || r.Conn != 1 {
		t.Errorf("the log holds %+v", r)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the log has the mode %v, %v", info.Mode(), err)
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name           string
		args           []string
		code           int
		stdout, stderr string
	}{
		{"help", []string{"--help"}, 0, "Usage: x509up-fed --dir DIR", ""},
		{"short help", []string{"-h"}, 0, "wrong-password-200", ""},
		{"no folder", nil, 2, "", "x509up-fed: --dir is missing\nhint: x509up-fed --help\n"},
		{"unknown fault", []string{"--dir", file, "--fault", "dtd", "--fault", "typo"}, 2, "", `no fault is named "typo"`},
		{"unknown fault lists them", []string{"--fault", "typo"}, 2, "", "acs-mismatch"},
		{"unknown flag", []string{"--typo"}, 2, "", "-typo"},
		{"argument", []string{"--dir", file, "more"}, 2, "", `unexpected argument "more"`},
		{"no duration", []string{"--dir", file, "--latency", "25"}, 2, "", "latency"},
		{"negative latency", []string{"--dir", file, "--latency", "-1ms"}, 2, "", "--latency -1ms is not between 0 and 1m"},
		{"negative life", []string{"--dir", file, "--ticket-life", "-1h"}, 2, "", "--ticket-life -1h0m0s is not between"},
		{"folder is a file", []string{"--dir", file}, 1, "", file},
		{"log in no folder", []string{"--dir", file + ".d", "--log", file + "/log"}, 1, "", "opening the log"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), tt.args, &stdout, &stderr)
			if code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			if !strings.Contains(stdout.String(), tt.stdout) || (tt.stdout == "") != (stdout.Len() == 0) {
				t.Errorf("stdout is %q, want %q", &stdout, tt.stdout)
			}
			if !strings.Contains(stderr.String(), tt.stderr) || (tt.stderr == "") != (stderr.Len() == 0) {
				t.Errorf("stderr is %q, want %q", &stderr, tt.stderr)
			}
		})
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{"--dir", "d", "--log", "l", "--latency", "25ms", "--challenge", "--iam", "--kerberos", "--ticket-life", "1h", "--fault", "dtd", "--fault", "voms-huge"})
	want := options{dir: "d", log: "l", fed: fed.Options{
		Latency: 25 * time.Millisecond, Challenge: true, IAM: true, Kerberos: true, TicketLife: time.Hour, Faults: []fed.Fault{fed.DTD, fed.VOMSHuge},
	}}
	if err != nil || !reflect.DeepEqual(o, want) {
		t.Errorf("got %+v, %v; want %+v", o, err, want)
	}
}

// TestHelpIsComplete: every fault and every flag is in the help.
func TestHelpIsComplete(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	help(&out)
	for _, f := range fed.Faults() {
		if !strings.Contains(out.String(), "\n  "+string(f.Fault)+" ") {
			t.Errorf("%s is missing", f.Fault)
		}
	}
	for _, name := range []string{"dir", "fault", "latency", "log", "challenge", "iam", "kerberos", "ticket-life", "help"} {
		if !strings.Contains(out.String(), "\n  --"+name) {
			t.Errorf("--%s is missing", name)
		}
	}
}

// TestKerberos: env.sh says where the files are, and the KDC that krb5.conf names answers.
func TestKerberos(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "fed")
	cmd := program(t, "--dir", dir, "--kerberos")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" || err != nil {
		t.Fatalf("it said %q, %v", line, err)
	}
	sh := exec.Command("/bin/sh", "-c", `. "$0"/env.sh && test -s "${KRB5CCNAME#FILE:}" && test -s "$0"/krb5cc.expired && `+
		`test -s "$0"/client.keytab && grep -q '(Kerberos)$' "$0"/idps.txt && sed -n 's/^ *kdc = //p' "$KRB5_CONFIG" | head -n 1`, dir)
	kdc, err := sh.Output()
	if err != nil {
		t.Fatal(err)
	}
	c := krbclient.Client{Addr: strings.TrimSpace(string(kdc))}
	refused, ok := errors.AsType[*krbclient.Error](c.Ask(realms.Home, "jdoe"))
	if !ok || refused.Code != 25 { // pre-authentication required
		t.Errorf("the KDC at %q answers %v", kdc, refused)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestSaysNoSecret looks at all that it says; the password is in a file that it has written.
func TestSaysNoSecret(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "fed")
	cmd := program(t, "--dir", dir, "--kerberos", "--log", "-")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stdout)
	said, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	useServers(t, dir)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(lines)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	env, err := os.ReadFile(filepath.Join(dir, "env.sh"))
	if err != nil {
		t.Fatal(err)
	}
	password, err := os.ReadFile(filepath.Join(dir, "password"))
	if err != nil {
		t.Fatal(err)
	}
	all := said + string(rest) + stderr.String() + string(env)
	if secret := strings.TrimSpace(string(password)); len(secret) < 12 || strings.Contains(all, secret) {
		t.Errorf("the password %q is in %q", secret, all)
	}
	if !strings.Contains(stderr.String(), `"server":"sp"`) {
		t.Errorf("the log on standard error is %q", &stderr)
	}
}
