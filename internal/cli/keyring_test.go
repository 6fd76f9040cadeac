// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/cli"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/fed"
	"github.com/x509up/x509up/internal/keyring"
	"github.com/x509up/x509up/internal/secret"
)

// process is the program of scripts. With the variable FAKE_KEYRING its keyring is that folder, and with KEYRING_FAULT it is locked,
// absent, silent, or locked for who would write.
func process() int {
	const version = "v0.0.0-test"
	dir := os.Getenv("FAKE_KEYRING")
	if dir == "" {
		return cli.Process(version)
	}
	s := console.System(version)
	s.Keyring.Store = fakeKeyring{dir, os.Getenv("KEYRING_FAULT")}
	if os.Getenv("KEYRING_FAULT") == "silent" {
		s.Keyring.Timeout = 100 * time.Millisecond
	}
	return cli.Main(context.Background(), os.Args[1:], s)
}

// fakeKeyring has each item in a file, of which the name is "service account" as in the path of a URL.
type fakeKeyring struct{ dir, fault string }

func (k fakeKeyring) path(service, account string) string {
	return filepath.Join(k.dir, url.PathEscape(service+" "+account))
}

func (k fakeKeyring) fails(ctx context.Context, write bool) error {
	switch k.fault {
	case "locked":
		return keyring.ErrLocked
	case "absent":
		return fmt.Errorf("%w: no bus", keyring.ErrAbsent)
	case "silent":
		<-ctx.Done()
		return ctx.Err()
	case "locked-for-writing":
		if write {
			return keyring.ErrLocked
		}
	}
	return nil
}

func notFound(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return keyring.ErrNotFound
	}
	return err
}

func (k fakeKeyring) Get(ctx context.Context, service, account string) (string, error) {
	if err := k.fails(ctx, false); err != nil {
		return "", err
	}
	data, err := os.ReadFile(k.path(service, account))
	return string(data), notFound(err)
}

func (k fakeKeyring) Set(ctx context.Context, service, account, secret string) error {
	if err := k.fails(ctx, true); err != nil {
		return err
	}
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(k.path(service, account), []byte(secret), 0o600)
}

func (k fakeKeyring) Delete(ctx context.Context, service, account string) error {
	if err := k.fails(ctx, true); err != nil {
		return err
	}
	return notFound(os.Remove(k.path(service, account)))
}

// TestRefusedAtOnce: of many runs at once with a wrong password in the keyring, one sends it.
func TestRefusedAtOnce(t *testing.T) {
	t.Parallel()
	f := start(t, fed.Options{})
	h := newHome(t, f)
	h.env["X509UP_PASSWORD_FILE"] = ""
	wrong := h.write(t, "wrong", "not-the-password\n")
	if _, stderr, code := h.run(t, "keyring", "set", "--password-file", wrong); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	var runs sync.WaitGroup
	for range 20 {
		runs.Go(func() {
			if _, stderr, code := h.run(t, "get-cert", "--reuse", "--keyring", "--key-type", "ec256"); code != 5 || !strings.Contains(stderr, "refused") {
				t.Errorf("exit code %d: %s", code, stderr)
			}
		})
	}
	runs.Wait()
	sent := 0
	for _, r := range f.Requests() {
		if r.Server == "idp" && r.Method == "POST" {
			sent++
		}
	}
	if sent != 1 {
		t.Errorf("the password was sent %d times", sent)
	}
}

// TestKeyringJSON: each field of status --json is in docs/json.md, with its type, and each that is always there.
func TestKeyringJSON(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(data), "\n## The keyring\n")
	section, _, _ = strings.Cut(section, "\n## ")
	documented := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| ([a-z]+) \\| (yes)? ?\\|").FindAllStringSubmatch(section, -1) {
		documented[m[1]] = m[2] + m[3]
	}
	seen := map[string]bool{}
	note := func(fields map[string]any, names ...string) {
		for name, value := range fields {
			kind := "string"
			switch value := value.(type) {
			case float64:
				kind = "number"
			case []any:
				kind = "list"
			case string:
				if _, err := time.Parse(time.RFC3339, value); err == nil {
					kind = "time"
				}
			}
			if strings.TrimSuffix(documented[name], "yes") != kind {
				t.Errorf("%s is a %s, and documented as %q", name, kind, documented[name])
			}
			seen[name] = true
		}
		for _, name := range names {
			if fields[name] == nil || !strings.HasSuffix(documented[name], "yes") {
				t.Errorf("%s is not always there, or not documented as such: %v", name, fields)
			}
		}
	}
	h := newHome(t, nil)
	status := func(store fakeKeyring) {
		h.keyring.Store = store
		out, stderr, _ := h.run(t, "keyring", "status", "-i", "https://idp.example.org/", "-u", "jdoe", "--json")
		var v struct {
			Version float64
			Items   []map[string]any
		}
		if err := json.Unmarshal([]byte(out), &v); err != nil || v.Version != 1 || len(v.Items) != 1 {
			t.Fatalf("%v: %s%s", err, out, stderr)
		}
		note(map[string]any{"version": v.Version, "items": []any{}}, "version", "items")
		note(v.Items[0], "kind", "account", "state")
	}
	whole, locked := fakeKeyring{dir: h.path("keyring")}, fakeKeyring{fault: "locked"}
	status(whole)
	status(locked)
	item, k := keyring.Item{Account: "jdoe", Server: "idp.example.org"}, keyring.Keyring{Store: whole}
	if err := errors.Join(k.Set(t.Context(), item, secret.New("x")), k.Refuse(t.Context(), item, secret.New("x"), time.Now())); err != nil {
		t.Fatal(err)
	}
	status(whole)
	if len(documented) < 5 || len(seen) != len(documented) {
		t.Errorf("documented %v, seen %v", documented, seen)
	}
}
