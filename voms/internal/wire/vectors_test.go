// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package wire_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/internal/wire"
)

// vectors are the answers of real servers; voms/testdata/vectors/README.md says how they were made.
const vectors = "../../testdata/vectors/answers"

var port = regexp.MustCompile(`localhost:\d+`)

// TestVectors reads them all.
func TestVectors(t *testing.T) {
	t.Parallel()
	const shortened = "localhost:PORT: The validity of this VOMS AC in your proxy is shortened to 86400 seconds!"
	warned := func(text string) wire.Answer { return wire.Answer{AC: []byte("AC"), Warnings: []string{text}} }
	refused := func(code, message string) wire.Answer { return wire.Answer{Faults: []wire.Fault{{code, message}}} }
	good := wire.Answer{AC: []byte("AC")}
	list := wire.Answer{List: []string{"/test.vo/Role=NULL/Capability=NULL", "/test.vo/Role=VO-Admin/Capability=NULL",
		"/test.vo/Role=production/Capability=NULL", "/test.vo/group/Role=NULL/Capability=NULL",
		"/test.vo/group/sub/Role=NULL/Capability=NULL", "/test.vo/group/sub/Role=x/Capability=NULL"}}
	const suspended = "User is currently suspended! Suspension reason: "
	want := map[string]wire.Answer{
		"legacy-base64.xml":            good,
		"legacy-letters.xml":           good,
		"legacy-no-lifetime.xml":       good,
		"legacy-list-base64.xml":       list,
		"legacy-list-letters.xml":      list,
		"legacy-shortened.xml":         warned(shortened),
		"legacy-shortened-letters.xml": warned(shortened),
		"legacy-not-first.xml":         warned("FQAN: /test.vo is not the first selected!"),
		"legacy-subset.xml":            warned("test.vo : your certificate already contains attributes, only a subset of them can be issued."),
		"legacy-warning-and-error.xml": {Warnings: []string{shortened}, Faults: []wire.Fault{{"1001", "test.vo: Unable to satisfy B/test.vo:x request!"}}},
		"legacy-garbage.xml":           refused("1005", "Unable to intepret command: hello"),
		"legacy-no-group.xml":          refused("1001", "test.vo: Unable to satisfy G/test.vo/none request!"),
		"legacy-no-role.xml":           refused("1001", "test.vo: Unable to satisfy B/test.vo:production request!"),
		"legacy-stranger.xml":          refused("1001", "test.vo: User unknown to this VO."),
		"legacy-stranger-letters.xml":  refused("1001", "test.vo: User unknown to this VO."),
		"legacy-suspended.xml":         refused("1004", suspended+"The AUP was not signed."),
		"legacy-suspended-markup.xml":  refused("1004", suspended+"AT&T <nobody@example.org>"),
		"rest.http":                    good,
		"rest-targets.http":            good,
		"rest-shortened.http":          warned(shortened),
		"rest-not-first.http":          warned("FQAN: /test.vo is not the first selected!"),
		"rest-unknown-parameter.http":  warned("Unknown parameters in the request were ignored!"),
		"rest-stranger.http":           refused("NoSuchUser", "test.vo: User unknown to this VO."),
		"rest-no-role.http":            refused("BadRequest", "test.vo: Unable to satisfy B/test.vo:production request!"),
		"rest-suspended.http":          refused("SuspendedUser", suspended+"The AUP was not signed."),
		"rest-suspended-markup.http":   refused("SuspendedUser", suspended+"AT&T <nobody@example.org>"),
		"rest-echo.http": refused("BadRequest", `Unable to interpret command: <?xml version="1.0" encoding="US-ASCII"?><voms><command>G/te%st<></command>`+
			`<base64>1</base64><version>4</version><lifetime>3600</lifetime></voms>`),
		"rest-not-found.http": {},
	}
	files := readVectors(t)
	if len(files) != len(want) {
		t.Errorf("%d files, want %d", len(files), len(want))
	}
	for name, data := range files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, ok := want[name]
			if !ok {
				t.Fatal("no word of it here")
			}
			got, err := readVector(t, name, data)
			if name == "rest-not-found.http" {
				if err != wire.ErrNotVOMS {
					t.Error(err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.AC != nil {
				if _, err := voms.ParseAC(got.AC); err != nil {
					t.Error(err)
				}
				got.AC = []byte("AC")
			}
			for i := range got.Warnings {
				got.Warnings[i] = port.ReplaceAllString(got.Warnings[i], "localhost:PORT")
			}
			if diff := cmp.Diff(&want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// readVectors returns the files by their names.
func readVectors(t testing.TB) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	entries, err := os.ReadDir(vectors)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if files[entry.Name()], err = os.ReadFile(filepath.Join(vectors, entry.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func readVector(t *testing.T, name string, data []byte) (*wire.Answer, error) {
	t.Helper()
	var err error
	if strings.HasSuffix(name, ".http") {
		_, data, err = wire.ReadHTTP(bytes.NewReader(data))
	} else {
		data, err = wire.Read(bytes.NewReader(data))
	}
	if err != nil {
		t.Fatal(err)
	}
	return wire.Parse(data)
}
