// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
)

// aspect is one thing of which a line of a shell has two: that of the original, and ours.
type aspect string

const (
	toStdout aspect = "stdout"
	toStderr aspect = "stderr"
	exitCode aspect = "exit code"
	allFiles aspect = "files" // what was made, changed and removed, as facts, one a line
)

// outcome is what a line has done.
type outcome map[aspect]string

// compatTolerance is how far apart times may be that two runs of the same line show. (One makes its key sooner than the other.)
const compatTolerance = time.Minute

var (
	// What differs from run to run, and how to read it as seconds.
	variable = []struct {
		pattern *regexp.Regexp
		seconds func(match []string) (int64, bool)
		columns bool // how many digits there are counts
	}{
		{regexp.MustCompile(`(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ 0-9]\d \d\d:\d\d:\d\d (?:UTC )?\d{4}`), parsedAs(time.ANSIC, time.UnixDate), false},
		{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`), parsedAs(time.DateTime), true},
		{regexp.MustCompile(`\d{14}Z`), parsedAs("20060102150405Z"), true},
		{regexp.MustCompile(`\b(?:\d+ (?:days?|hours?|minutes?|seconds?)(?: |\b)){1,4}`), func(m []string) (int64, bool) {
			d, err := parseTimeLeft(m[0])
			return int64(d.Seconds()), err == nil
		}, false},
		{regexp.MustCompile(`\b(\d+)h:(\d+)m:(\d+)s\b`), clock, false},
		{regexp.MustCompile(`\b(\d+):(\d\d):(\d\d)\b`), clock, true},
		{regexp.MustCompile(`(?m)^\d{3,9}$`), func(m []string) (int64, bool) {
			n, err := strconv.ParseInt(m[0], 10, 64)
			return n, err == nil && n%256 != 0 && n != 576 // no size of a key
		}, true},
	}
	madeName  = regexp.MustCompile(`/CN=\d{5,}`)          // of a proxy that the line has made
	madeIn253 = regexp.MustCompile(`(^|[,:] ?)CN=\d{5,}`) // and so in RFC 2253
	dots      = regexp.MustCompile(`[.+*]{4,}`)
	progress  = regexp.MustCompile(`(Creating (?:temporary )?proxy )[.+*\n]*( Done)`)
)

// clock reads hours, minutes and seconds, but not zero, which is said of what has ended.
func clock(m []string) (int64, bool) {
	var seconds int64
	for _, part := range m[1:] {
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil {
			return 0, false
		}
		seconds = 60*seconds + n
	}
	return seconds, seconds > 0
}

func parsedAs(layouts ...string) func([]string) (int64, bool) {
	return func(m []string) (int64, bool) {
		for _, layout := range layouts {
			if t, err := time.Parse(layout, m[0]); err == nil {
				return t.Unix(), true
			}
		}
		return 0, false
	}
}

// times takes the times out of a text.
func times(text string) (rest string, seconds []int64) {
	for i, v := range variable {
		text = v.pattern.ReplaceAllStringFunc(text, func(s string) string {
			n, ok := v.seconds(v.pattern.FindStringSubmatch(s))
			if !ok {
				return s
			}
			seconds = append(seconds, n)
			if !v.columns {
				return fmt.Sprintf("<time %d>", i)
			}
			return fmt.Sprintf("<time %d: %s>", i, regexp.MustCompile(`\d`).ReplaceAllString(s, "9"))
		})
	}
	return text, seconds
}

// sameText compares texts but for times that are near each other.
func sameText(a, b string) bool {
	restA, timesA := times(a)
	restB, timesB := times(b)
	return restA == restB && slices.EqualFunc(timesA, timesB, func(x, y int64) bool {
		return time.Duration(max(x-y, y-x))*time.Second <= compatTolerance
	})
}

// lineDiff are the lines of two texts that the other has not.
func lineDiff(a, b string) string {
	var diff strings.Builder
	for _, side := range []struct{ mark, text, other string }{{"- ", a, b}, {"+ ", b, a}} {
		shown := 0
		for line := range strings.Lines(side.text) {
			if strings.Contains("\n"+side.other, "\n"+line) {
				continue
			}
			if shown++; shown > 20 {
				diff.WriteString(side.mark + "…\n")
				break
			}
			diff.WriteString(side.mark + strings.TrimSuffix(line, "\n") + "\n")
		}
	}
	if diff.Len() == 0 {
		return fmt.Sprintf("- %q\n+ %q\n", a, b)
	}
	return diff.String()
}

// without takes the lines away that match an expression; "" is all of them.
func without(text, expression string) (rest, taken string) {
	e := regexp.MustCompile(expression)
	for line := range strings.Lines(text) {
		if e.MatchString(strings.TrimSuffix(line, "\n")) {
			taken += line
		} else {
			rest += line
		}
	}
	return rest, taken
}

// outcomeOf puts together what a line has said and what it has done to its home and to /tmp.
func (s compatSite) outcomeOf(t *testing.T, r result, dir string, before map[string][]byte, start time.Time) outcome {
	t.Helper()
	after := contents(t, dir)
	var files []string
	made := false
	was := func(cert *x509.Certificate) bool {
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
		for _, data := range before {
			if bytes.Contains(data, text) {
				return true
			}
		}
		return false
	}
	for path, data := range after {
		old, is := before[path]
		if is && bytes.Equal(old, data) {
			continue
		}
		facts := fileFacts(t, filepath.Join(dir, path), data, start, was)
		made = made || slices.ContainsFunc(facts, func(f string) bool { return strings.HasPrefix(f, "certificate: ") })
		files = append(files, prefixed(path+": ", facts)...)
	}
	for path := range before {
		if _, is := after[path]; !is {
			files = append(files, path+": removed")
		}
	}
	slices.SortStableFunc(files, func(a, b string) int {
		a, _, _ = strings.Cut(a, ": ")
		b, _, _ = strings.Cut(b, ": ")
		return strings.Compare(a, b)
	})
	clean := func(text string) string {
		text = progress.ReplaceAllString(text, "$1....$2")
		if made {
			text = madeName.ReplaceAllString(text, "/CN=<number>")
			text = madeIn253.ReplaceAllString(text, "${1}CN=<number>")
		}
		return text
	}
	return outcome{
		toStdout: clean(r.Stdout), toStderr: dots.ReplaceAllString(clean(r.Stderr), "...."), exitCode: strconv.Itoa(r.Code) + "\n",
		allFiles: strings.Join(append(files, ""), "\n"),
	}
}

func prefixed(prefix string, lines []string) []string {
	for i := range lines {
		lines[i] = prefix + lines[i]
	}
	return lines
}

// contents reads all files below home and tmp, but for what we remember of servers, and folders as nothing.
func contents(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		var data []byte
		if info.Mode().IsRegular() {
			if data, err = os.ReadFile(path); err != nil {
				return err
			}
		}
		all["/"+name] = fmt.Appendf(data, "mode %v", info.Mode())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// fileFacts are what counts of a file that was made since start, of certificates that were there before only their names. Data ends
// with its mode.
func fileFacts(t *testing.T, path string, data []byte, start time.Time, was func(*x509.Certificate) bool) []string {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	facts := []string{"mode " + info.Mode().String()}
	var blocks []string
	for rest := data; ; {
		block, next := pem.Decode(rest)
		if block == nil {
			break
		}
		blocks, rest = append(blocks, block.Type), next
	}
	if blocks == nil {
		return append(facts, fmt.Sprintf("text %.60q, %d bytes", data, len(data)))
	}
	facts = append(facts, "blocks "+strings.Join(blocks, ", "))
	c, err := proxycert.Parse(bytes.TrimSuffix(data, []byte("mode "+info.Mode().String())))
	if err != nil {
		return append(facts, "of no use: "+err.Error())
	}
	for i, cert := range c.Chain {
		if was(cert) {
			facts = append(facts, "certificate that was there: "+proxycert.OneLine(cert.RawSubject))
			continue
		}
		facts = append(facts, certFacts(cert, c.Chain[i+1:], start)...)
	}
	return append(facts, acFacts(c.Chain, start)...)
}

// certFacts are those of a proxy that was made, below those above it.
func certFacts(cert *x509.Certificate, above []*x509.Certificate, start time.Time) []string {
	facts := []string{
		fmt.Sprintf("certificate: %v, %s", proxycert.TypeOf(cert), madeName.ReplaceAllString(proxycert.OneLine(cert.RawSubject), "/CN=<number>")),
		fmt.Sprintf("key: %v %d", cert.PublicKeyAlgorithm, proxycert.Strength(cert.PublicKey)),
		fmt.Sprintf("signature: %v", cert.SignatureAlgorithm),
		"begins: " + fromStart(start, cert.NotBefore),
		"ends: " + fromStart(start, cert.NotAfter),
	}
	if len(above) > 0 && cert.NotAfter.Equal(above[0].NotAfter) {
		facts[len(facts)-1] = "ends: with its issuer"
	}
	var extensions []string
	for _, e := range cert.Extensions {
		value := fmt.Sprintf("%x", e.Value)
		if e.Id.String() == "1.3.6.1.4.1.8005.100.100.5" || e.Id.String() == "2.5.29.14" || e.Id.String() == "2.5.29.35" {
			value = "…" // attributes, key identifiers
		}
		extensions = append(extensions, fmt.Sprintf("extension: %v critical=%v %s", e.Id, e.Critical, value))
	}
	slices.Sort(extensions)
	facts = append(facts, extensions...)
	serial := fmt.Sprintf("its name, of more than 4 bytes: %v", cert.SerialNumber.BitLen() > 32)
	if !strings.HasSuffix(proxycert.OneLine(cert.RawSubject), "/CN="+cert.SerialNumber.String()) {
		serial = "other than its name"
	}
	return append(facts, "serial number: "+serial)
}

// acFacts are those of the attributes in a chain.
func acFacts(chain []*x509.Certificate, start time.Time) (facts []string) {
	acs, _, err := voms.FromChain(chain)
	if err != nil {
		return []string{"attributes: " + err.Error()}
	}
	for _, ac := range acs {
		facts = append(facts, fmt.Sprintf("attributes of %s: %q %q, targets %q, for %v", ac.VO, ac.FQANs, ac.Attributes, ac.Targets,
			ac.NotAfter.Sub(ac.NotBefore).Round(time.Minute)))
	}
	return facts
}

// fromStart is a time counted from the start of the program, to the minute.
func fromStart(start, at time.Time) string { return at.Sub(start).Round(time.Minute).String() }
