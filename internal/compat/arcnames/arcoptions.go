// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package arcnames

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/compat/prompt"
	"github.com/x509up/x509up/proxycert"
)

// wants is what constraints say of a proxy.
type wants struct {
	lifetime time.Duration
	acLife   time.Duration // 0: that of the proxy, and 12 hours at most
	text     []byte        // of the policy; nil: no policy
	key      proxycert.KeyType
	inherit  bool // the key is like that of the certificate
}

// usualLife is that of a proxy of which nobody says another one.
const usualLife = 12 * time.Hour

// refusal is a line that ends a run, as ARC words it.
type refusal string

func (r refusal) Error() string { return string(r) }

// constraints are those that there are, by name.
func constraints(list []string) (map[string]string, []string) {
	known := map[string]string{}
	var unknown []string
	for _, text := range list {
		name, value, _ := strings.Cut(text, "=")
		switch name {
		case "validityStart", "validityEnd", "validityPeriod", "vomsACvalidityPeriod", "myproxyvalidityPeriod", "proxyPolicy", "proxyPolicyFile", "keybits", "signingAlgorithm":
			known[name] = value
		default:
			unknown = append(unknown, name)
		}
	}
	return known, unknown
}

// wants reads the constraints.
func (o *arcOptions) wants(con *console.Console) (wants, error) {
	w := wants{}
	known, unknown := constraints(o.constraints)
	for _, name := range unknown {
		fmt.Fprintf(con.Err, "WARNING: The constraint '%s' is not known\n", name)
	}
	var err error
	if w.lifetime, err = validity(known, con.Now()); err != nil {
		return w, err
	}
	if text, given := known["vomsACvalidityPeriod"]; given {
		if w.acLife = period(text); w.acLife <= 0 {
			return w, refusal("The VOMS AC period that you set: " + text + " can't be recognized.")
		}
	} else {
		w.acLife = min(usualLife, w.lifetime)
	}
	if _, given := known["myproxyvalidityPeriod"]; given {
		return w, refusal("ERROR: The constraint 'myproxyvalidityPeriod' is known, but not there yet: " + noMyProxy)
	}
	if text, given := known["proxyPolicy"]; given {
		w.text = []byte(text)
	}
	if path, given := known["proxyPolicyFile"]; given {
		if w.text, err = files.ReadSmall(path, 1<<16); err != nil {
			return w, files.UserFile(err)
		}
	}
	switch text := known["signingAlgorithm"]; text {
	case "", "inherit", "sha2", "sha256":
	case "sha1":
		return w, refusal("ERROR: Signatures with sha1 are not made any more: servers refuse them")
	case "sha224", "sha384", "sha512":
		return w, refusal("ERROR: Signing algorithm " + text + " is known, but not there yet: sha256 is what all servers take")
	default:
		return w, refusal("ERROR: Unknown signing algorithm specified: " + text)
	}
	return w, w.setKey(con, known["keybits"])
}

// setKey reads keybits.
func (w *wants) setKey(con *console.Console, text string) error {
	if text == "inherit" {
		w.inherit = true
		return nil
	}
	if text == "" {
		return nil
	}
	bits, err := strconv.Atoi(text)
	switch {
	case err != nil || bits <= 0:
		return refusal("The keybits constraint is wrong: " + text + ".")
	case bits > 4096:
		return refusal("ERROR: Keys of more than 4096 bits are not there yet")
	case bits > 3072:
		w.key = proxycert.RSA4096
	case bits > 2048:
		w.key = proxycert.RSA3072
	case bits < 2048:
		fmt.Fprintf(con.Err, "WARNING: Keys of %d bits are refused by servers; one of 2048 bits is made\n", bits)
	}
	return nil
}

// validity is how long a proxy is to live from now on.
func validity(known map[string]string, now time.Time) (time.Duration, error) {
	startText, hasStart := known["validityStart"]
	endText, hasEnd := known["validityEnd"]
	text, hasPeriod := known["validityPeriod"]
	if hasStart && hasEnd && hasPeriod {
		return 0, refusal("The start, end and period can't be set simultaneously")
	}
	start := now
	if hasStart {
		if start = arcTime(startText, now); start.IsZero() {
			return 0, refusal("ERROR: Illegal time format: " + startText + "\nThe start time that you set: " + startText + " can't be recognized.")
		}
	}
	life := usualLife
	if hasPeriod {
		if life = period(text); life <= 0 {
			return 0, refusal("The period that you set: " + text + " can't be recognized.")
		}
	}
	end := start.Add(life)
	if hasEnd {
		if end = arcTime(endText, now); end.IsZero() {
			return 0, refusal("ERROR: Illegal time format: " + endText + "\nThe end time that you set: " + endText + " can't be recognized.")
		}
		if hasPeriod {
			start = end.Add(-life)
		}
	}
	said := func(t time.Time) string { return t.In(now.Location()).Format(time.DateTime) }
	switch {
	case end.Before(start):
		return 0, refusal(fmt.Sprintf("The end time that you set: %s is before start time: %s.", said(end), said(start)))
	case !end.After(now):
		return 0, refusal(fmt.Sprintf("The end time that you set: %s is before current time: %s", said(end), said(now)))
	case start.After(now.Add(time.Minute)):
		return 0, refusal("ERROR: A proxy that begins later is not there yet: make it then")
	}
	return max(time.Second, end.Sub(now).Round(time.Second)), nil
}

var periodForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(\d{1,9})([smhdw]?)$`) })

// period reads a time such as 43200, 12h or 7D; 0 if it is none.
func period(text string) time.Duration {
	m := periodForm().FindStringSubmatch(strings.ToLower(strings.TrimSpace(text)))
	if m == nil {
		return 0
	}
	n, _ := strconv.ParseInt(m[1], 10, 64) // nine digits
	unit := map[string]time.Duration{"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}[m[2]]
	return time.Duration(min(n*int64(unit), 100*366*86400)) * time.Second
}

// arcTime reads a time in one of the forms that ARC knows; zero if it is none.
func arcTime(text string, now time.Time) time.Time {
	for _, form := range []string{time.RFC3339, "20060102150405Z", "20060102T150405Z"} {
		if t, err := time.Parse(form, text); err == nil {
			return t
		}
	}
	for _, form := range []string{time.DateTime, "2006-01-02T15:04:05", "2006-01-02"} {
		if t, err := time.ParseInLocation(form, text, now.Location()); err == nil {
			return t
		}
	}
	return time.Time{}
}

// password says where the passphrase of a key comes from: nil is a person.
func (o *arcOptions) password() (source func(*arcRun) (string, error), err error) {
	for _, text := range o.passwords {
		kind, from, ok := strings.Cut(text, "=")
		if !ok {
			return nil, refusal("ERROR: Cannot parse password source expression " + text + " it must be of type=source format")
		}
		if !slices.Contains([]string{"key", "all", "myproxy", "myproxynew"}, kind) {
			return nil, refusal("ERROR: Cannot parse password type " + kind + ". Currently supported values are 'key','myproxy','myproxynew' and 'all'.")
		}
		got, err := passwordFrom(from)
		if err != nil {
			return nil, err
		}
		if kind == "key" || kind == "all" {
			source = got
		}
	}
	return source, nil
}

// passwordFrom reads what stands behind key=.
func passwordFrom(text string) (func(*arcRun) (string, error), error) {
	if len(text) > 1 && strings.HasPrefix(text, `"`) && strings.HasSuffix(text, `"`) {
		return func(*arcRun) (string, error) { return text[1 : len(text)-1], nil }, nil
	}
	kind, data, joined := strings.Cut(text, ":")
	switch {
	case text == "int":
		return nil, nil
	case text == "stdin", kind == "stream" && data == "0":
		return func(r *arcRun) (string, error) { return prompt.Line(r.ctx, r.con) }, nil
	case kind == "stream" && joined:
		return nil, refusal("ERROR: Only standard input is currently supported for password source.")
	case kind == "file" && joined:
		return func(r *arcRun) (string, error) {
			secret, err := ask.Secret(r.ctx, r.con, ask.SecretOptions{File: data}, new(ask.Terminal), ask.ThePassphrase, "")
			return secret.Reveal(), err
		}, nil
	case joined:
		return nil, refusal("ERROR: Cannot parse password source type " + kind + ". Supported source types are int,stdin,stream,file.")
	}
	return nil, refusal("ERROR: Cannot parse password source " + text + " it must be of source_type or source_type:data format. Supported source types are int,stdin,stream,file.")
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
