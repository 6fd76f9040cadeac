// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vo_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/vo"
)

// card is a VO ID card as the Operations Portal writes it: a VO with VOMS, one that is run with another system, and people who
// have DNs, too.
const card = `<VoDump>
  <IDCard CIC_ID="213" Name="dteam" Serial="1" Status="Production" Alias="dteam" GridId="EGI">
    <ValidationDate TimeZone="UTC">2014-02-03</ValidationDate>
    <AUP type="Text"><![CDATA[Be <nice> & kind.]]></AUP>
    <gLiteConf>
      <FQANs><FQAN IsGroupUsed="1" GroupType=""><FqanExpr>/dteam/Role=lcgadmin</FqanExpr><Description/></FQAN></FQANs>
      <VOMSServers>
        <VOMS_Server HttpsPort="8443" VomsesPort="15004" IsVomsAdminServer="1" MembersListUrl="https://voms.example.org:8443/">
          <hostname>voms.example.org</hostname>
          <X509Cert>
            <DN>/DC=org/DC=example/CN=voms.example.org</DN>
            <CA_DN>/DC=org/DC=example/CN=Test CA</CA_DN>
            <X509PublicKey>-----BEGIN CERTIFICATE-----
MIIB
-----END CERTIFICATE-----
</X509PublicKey>
            <SerialNumber>34339</SerialNumber>
          </X509Cert>
        </VOMS_Server>
        <VOMS_Server HttpsPort="8443" VomsesPort="15004" IsVomsAdminServer="0" MembersListUrl="">
          <hostname>voms2.example.org</hostname>
        </VOMS_Server>
        <VOMS_Server HttpsPort="8443" VomsesPort="" IsVomsAdminServer="1" MembersListUrl="">
          <hostname>admin.example.org</hostname>
          <X509Cert><DN>/DC=org/DC=example/CN=admin.example.org</DN><CA_DN>/DC=org/DC=example/CN=Test CA</CA_DN></X509Cert>
        </VOMS_Server>
      </VOMSServers>
    </gLiteConf>
    <Contacts><Individuals><Contact><Name>Jane Doe</Name><DN>/DC=org/DC=example/CN=Jane Doe</DN></Contact></Individuals></Contacts>
  </IDCard>
  <IDCard Name="perun.example.org"><gLiteConf><VOMSServers><Perun MembersListUrl="https://perun.example.org/"/></VOMSServers></gLiteConf></IDCard>
</VoDump>
`

const (
	subject = "/DC=org/DC=example/CN=voms.example.org"
	issuer  = "/DC=org/DC=example/CN=Test CA"
	line    = `"dteam" "voms.example.org" "15004" "` + subject + `" "dteam"` + "\n"
	lsc     = subject + "\n" + issuer + "\n"
)

// told is what cards say, a line for each fact.
func told(cards []vo.Card) []string {
	var lines []string
	for _, c := range cards {
		lines = append(lines, "VO "+c.VO)
		for _, e := range c.Endpoints {
			lines = append(lines, e.Entry())
		}
		for _, l := range c.LSC {
			for _, chain := range l.Chains {
				lines = append(lines, l.Host+": "+strings.Join(chain, " < "))
			}
		}
		for _, f := range c.Findings {
			lines = append(lines, "finding "+f.String())
		}
	}
	return lines
}

// archive is a tar file, or a compressed one, of names and contents.
func archive(t *testing.T, compress bool, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: files[i], Mode: 0o644, Size: int64(len(files[i+1])), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if compress {
		return packed(t, b.String())
	}
	return b.String()
}

func packed(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRead(t *testing.T) {
	t.Parallel()
	dteam := []string{"VO dteam", strings.TrimSpace(line)}
	whole := append(dteam, "voms.example.org: "+subject+" < "+issuer)
	fromCard := []string{"VO dteam", strings.TrimSpace(line), `"dteam" "voms2.example.org" "15004" "" "dteam"`,
		"voms.example.org: " + subject + " < " + issuer, "admin.example.org: /DC=org/DC=example/CN=admin.example.org < " + issuer,
		`finding x: the server "voms2.example.org" of the VO "dteam": the card does not name its certificate, so that its LSC file must come from elsewhere`,
		`finding x: the server "admin.example.org" of the VO "dteam": the port "" is no number from 1 to 65535`,
		"VO perun.example.org"}
	single, _, _ := strings.Cut(card, "  <IDCard Name=\"perun")
	single = strings.TrimPrefix(single, "<VoDump>")
	server := func(host, rest string) string {
		return `<IDCard Name="v"><VOMS_Server VomsesPort="1"><hostname>` + host + `</hostname>` + rest + `</VOMS_Server></IDCard>`
	}
	type source struct{ name, data string }
	tests := map[string]struct {
		vo       string
		sources  []source
		want     []string
		findings string
		err      string
	}{
		"a dump":            {sources: []source{{"x", card}}, want: fromCard},
		"a card":            {sources: []source{{"x", "\ufeff<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + single}}, want: fromCard[:7]},
		"a card in Latin 1": {sources: []source{{"x", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>" + strings.Replace(single, "Jane", "Zo\xeb", 1)}}, want: fromCard[:7]},
		"a card, wrapped":   {sources: []source{{"x", `<root current="v2"><e:entries xmlns:e="urn:e">` + single + "</e:entries></root>"}}, want: fromCard[:7]},
		"a card in EBCDIC":  {sources: []source{{"x", `<?xml version="1.0" encoding="ebcdic"?><IDCard/>`}}, err: "it is written in"},
		"two certificates": {sources: []source{{"x", server("h.x", "<X509Cert><DN>/CN=a</DN><CA_DN>/CN=b</CA_DN></X509Cert><X509Cert><DN>/CN=c</DN><CA_DN>/CN=d</CA_DN></X509Cert>")}},
			want: []string{"VO v", `"v" "h.x" "1" "/CN=a" "v"`, "h.x: /CN=a < /CN=b", "h.x: /CN=c < /CN=d"}},
		"more lines in a name": {sources: []source{{"x", server("h.x&#10;&quot;cms&quot; &quot;evil.example&quot; &quot;1&quot; &quot;&quot; &quot;cms&quot;", "")}},
			want: []string{"VO v", `finding x: the server "h.x\n\"cms\" \"evil.example\" \"1\" \"\" \"cms\"" of the VO "v": it has characters that no name has`}},
		"more columns in a name": {sources: []source{{"x", server("h.x", `<X509Cert><DN>/CN=a" "b</DN></X509Cert>`)}},
			want: []string{"VO v", `"v" "h.x" "1" "" "v"`, `finding x: the server "h.x" of the VO "v": the card does not name its certificate, so that its LSC file must come from elsewhere`}},
		"names that are none": {sources: []source{{"x", server("h.x", `<X509Cert><DN>CN=a</DN><CA_DN>/CN=b</CA_DN></X509Cert>`)}},
			want: []string{"VO v", `"v" "h.x" "1" "CN=a" "v"`, `finding x: the server "h.x" of the VO "v": the issuer of "/CN=b" is missing`}},
		"a web page":         {sources: []source{{"x", "<!DOCTYPE html><html><body><p>Not found<br></body></html>"}}, err: "it is no XML"},
		"other XML":          {sources: []source{{"x", "<a/>"}}, err: "neither"},
		"XML that is nested": {sources: []source{{"x", strings.Repeat("<a>", 100)}}, err: "nested more than 64"},
		"XML cut short":      {sources: []source{{"x", card[:700]}}, err: "it is no XML"},
		"lines":              {sources: []source{{"x", "# a\n\n" + line + line}}, want: dteam},
		"one line is wrong":  {sources: []source{{"x", line + "\"dteam\"\n"}}, want: dteam, findings: "x:2: the line has 1 quoted columns"},
		"all lines are":      {sources: []source{{"x", "\"dteam\"\n"}}, err: "the line has 1 quoted columns"},
		"a text":             {sources: []source{{"x", "Hello\n"}}, err: "neither"},
		"nothing":            {sources: []source{{"x", ""}}, err: "neither"},
		"a pair":             {sources: []source{{"vomses", line}, {"Downloads/voms.example.org.lsc", lsc}}, want: whole},
		"a pair, exchanged":  {sources: []source{{"voms.example.org.lsc", lsc}, {"vomses", line}}, want: whole},
		"an LSC file in its folder": {sources: []source{{"https://example.org/vomsdir/other/voms.example.org.lsc", lsc}},
			want: []string{"VO other", "voms.example.org: " + subject + " < " + issuer}},
		"an LSC file of a VO that is named": {vo: "third", sources: []source{{"voms.example.org.lsc", lsc}},
			want: []string{"VO third", "voms.example.org: " + subject + " < " + issuer}},
		"an LSC file of nobody":    {sources: []source{{"Downloads/voms.example.org.lsc", lsc}}, findings: "nothing says to which VO it belongs"},
		"an LSC file of several":   {sources: []source{{"x", line + strings.ReplaceAll(line, "dteam", "ops")}, {"voms.example.org.lsc", lsc}}, want: append(dteam, "VO ops", strings.TrimSpace(strings.ReplaceAll(line, "dteam", "ops"))), findings: "nothing says"},
		"an LSC file that is none": {sources: []source{{"a.lsc", "hello"}}, err: "there is no name in it"},
		"a package": {sources: []source{{"p.tar", archive(t, false, "./etc/vomses/dteam", line, "./etc/grid-security/vomsdir/dteam/voms.example.org.lsc", lsc,
			"usr/share/doc/README", "read me", "usr/share/logo.svg", "<svg>", "usr/quotes", `"a"`)}}, want: whole},
		"a package, compressed": {sources: []source{{"p.tgz", archive(t, true, "vomses/x", line, "vomsdir/dteam/voms.example.org.lsc", lsc)}}, want: whole},
		"a package that leads out of its folder": {sources: []source{{"p.tar", archive(t, false, "../../../vomsdir/dteam/voms.example.org.lsc", lsc)}},
			want: []string{"VO dteam", "voms.example.org: " + subject + " < " + issuer}},
		"a package of one VO with the server of another": {sources: []source{{"p.tar", archive(t, false, "vomses", line, "vomsdir/ops/voms.example.org.lsc", lsc)}},
			want: append(dteam, "VO ops", "voms.example.org: "+subject+" < "+issuer)},
		"a package with a bad file": {sources: []source{{"p.tar", archive(t, false, "vomses", line, "vomsdir/dteam/voms.example.org.lsc", "x")}}, want: dteam, findings: "there is no name in it"},
		"a package, cut short":      {sources: []source{{"p.tar", archive(t, false, "vomses", line)[:540]}}, err: "the archive is damaged"},
		"compressed twice":          {sources: []source{{"p", packed(t, packed(t, line))}}, err: "it is compressed twice"},
		"compressed lines":          {sources: []source{{"p.gz", packed(t, line)}}, want: dteam},
		"compressed and damaged":    {sources: []source{{"p", packed(t, line)[:20]}}, err: "unexpected EOF"},
		"a bomb":                    {sources: []source{{"p", packed(t, strings.Repeat(" ", 33<<20))}}, err: "it holds too much"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := vo.Collection{VO: tt.vo}
			var err error
			for _, s := range tt.sources {
				if err = c.Add(s.name, []byte(s.data)); err != nil {
					break
				}
			}
			if tt.err != "" {
				if _, ok := errors.AsType[*vo.NothingError](err); !ok || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("got %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			cards, findings := c.Cards()
			if diff := cmp.Diff(tt.want, told(cards)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var all []string
			for _, f := range findings {
				all = append(all, f.String())
			}
			if tt.findings == "" && len(all) > 0 || !strings.Contains(strings.Join(all, "; "), tt.findings) {
				t.Errorf("findings %q, want %q", all, tt.findings)
			}
		})
	}
}

// write writes a file, and the folders above it.
func write(t testing.TB, data string, path ...string) string {
	t.Helper()
	file := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestReadFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, line, dir, "etc/vomses/dteam")
	write(t, lsc, dir, "etc/grid-security/vomsdir/dteam/voms.example.org.lsc")
	write(t, "nothing", dir, "README")
	write(t, strings.ReplaceAll(line, "dteam", "hidden"), dir, ".git/vomses")
	write(t, strings.ReplaceAll(line, "dteam", "old"), dir, "etc/vomses/dteam~")
	if err := os.Symlink("nowhere", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	var c vo.Collection
	if err := c.AddFile(dir); err != nil {
		t.Fatal(err)
	}
	cards, findings := c.Cards()
	want := []string{"VO dteam", strings.TrimSpace(line), "voms.example.org: " + subject + " < " + issuer}
	if diff := cmp.Diff(want, told(cards)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(findings) != 1 || findings[0].File != filepath.Join(dir, "link") || !errors.Is(findings[0].Err, fs.ErrNotExist) {
		t.Errorf("findings: %v", findings)
	}
}

func TestReadNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ring := filepath.Join(dir, "ring")
	if err := os.MkdirAll(filepath.Join(ring, "a"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(ring, filepath.Join(ring, "a", "again")); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"no file": filepath.Join(dir, "none"), "a device": os.DevNull, "an empty folder": t.TempDir(),
		"a folder of other things": filepath.Dir(filepath.Dir(write(t, "hello", dir, "other", "x", "file"))),
	} {
		var c vo.Collection
		err := c.AddFile(path)
		if _, ok := errors.AsType[*vo.NothingError](err); !ok || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	var c vo.Collection
	_ = c.AddFile(ring) // it ends
	if cards, _ := c.Cards(); len(cards) != 0 {
		t.Errorf("in a ring of folders: %v", cards)
	}
}

// FuzzRead: whatever is read can be written, to files that are below their folders and say the same.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{card, line, lsc, "\x1f\x8b", packed(f, line)} {
		f.Add("vomsdir/v/h.lsc", []byte(seed))
		f.Add("x", []byte(seed))
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		var c vo.Collection
		if c.Add(name, data) != nil {
			return
		}
		cards, _ := c.Cards()
		dir := t.TempDir()
		folders := vo.Folders{Vomses: filepath.Join(dir, "vomses"), VOMSDir: filepath.Join(dir, "vomsdir")}
		changes, err := vo.Install(cards, folders, vo.InstallOptions{})
		if err != nil {
			return
		}
		for _, change := range changes {
			if !filepath.IsLocal(strings.TrimPrefix(change.Path, dir+"/")) {
				t.Errorf("%q was written", change.Path)
			}
			var again vo.Collection
			if err := again.AddFile(change.Path); err != nil {
				t.Errorf("%q cannot be read: %v", change.Path, err)
			}
		}
		if same, err := vo.Install(cards, folders, vo.InstallOptions{}); err != nil {
			t.Errorf("a second time: %v, %v", same, err)
		}
	})
}
