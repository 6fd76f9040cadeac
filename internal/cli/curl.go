// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/internal/cookiefile"
)

// curlOptions are the options of curl, with the letters that curl has for them.
type curlOptions struct {
	login    loginOptions
	method   string
	headers  []string
	data     []string
	binary   []string
	output   string
	location bool
	include  bool
	head     bool
	fail     bool
	cookies  string
}

func (o *curlOptions) addFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.method, "request", "X", "", "use this `METHOD`")
	f.StringArrayVarP(&o.headers, "header", "H", nil, "send this header `FIELD`, \"Name: value\"; repeatable")
	f.StringArrayVarP(&o.data, "data", "d", nil, "send `DATA` by POST, @FILE for that of a file; repeatable, joined by &")
	f.StringArrayVar(&o.binary, "data-binary", nil, "like --data, but the line ends of a file are kept")
	f.StringVarP(&o.output, "output", "o", "", "write the answer to `FILE`")
	f.BoolVarP(&o.location, "location", "L", false, "follow redirects")
	f.BoolVarP(&o.include, "include", "i", false, "show the header of the answer, too")
	f.BoolVarP(&o.head, "head", "I", false, "ask for the header alone, and show it")
	f.BoolVarP(&o.fail, "fail", "f", false, "show nothing and exit 22 when the server answers 400 or above")
	f.StringVarP(&o.cookies, "cookie-jar", "c", "", "read cookies from `FILE` if it is there, and write them back at the end")
	o.login.addFlags(f, false)
}

func (a *app) newCurl() *cobra.Command {
	var o curlOptions
	cmd := &cobra.Command{
		Use:     "curl URL",
		GroupID: "web",
		Short:   "fetch a page, logging in if its service provider asks for it",
		Long: `curl requests a URL as curl does, and logs in at the identity provider when the
service provider behind the URL asks for that (SAML ECP). The session's cookies
are kept with -c FILE, in the format that curl and browsers' tools read.

The exit codes are those of curl: 0 done, 2 wrong usage, 3 malformed URL, 6 host
not found, 7 no connection, 22 an answer of 400 or above with --fail, 23 writing
failed, 26 reading the data failed, 28 no answer in time, 35 no TLS, 47 too many
redirects, 56 the answer broke off, 60 the server's certificate is not trusted,
67 login refused. Besides: 130 interrupted, 1 any other failure of the login.`,
		Example: `  $ export ECP_IDP=https://idp.example.org/idp/profile/SAML2/SOAP/ECP
  $ x509up curl -i -u jdoe https://data.example.org/secure/
  $ x509up curl -L -c cookies.txt -o file.h5 https://data.example.org/secure/file.h5`,
		Args: oneURL,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := exclusivePasswords(cmd.Flags()); err != nil {
				return err
			}
			profile, err := a.profile(o.login.profile)
			if err != nil {
				return err
			}
			o.login.fill(a.Env, profile)
			if err := a.curl(cmd.Context(), o, args[0]); err != nil {
				return &exitError{curlCode(err), err}
			}
			return nil
		},
	}
	o.addFlags(cmd.Flags())
	a.addTalkFlags(cmd.Flags(), false)
	return cmd
}

func (a *app) curl(ctx context.Context, o curlOptions, target string) error {
	page, err := parsePageURL(target)
	if err != nil {
		return err
	}
	ctx, patience := withPatience(ctx, o.login.timeout)
	defer patience.stop()
	jar := cookiefile.New(a.Now)
	client, err := a.newPageClient(ctx, o.login, patience, jar, o.cookies)
	if err != nil {
		return err
	}
	request, err := a.curlRequest(ctx, o, page)
	if err != nil {
		return err
	}
	answer, err := fetch(client, request, o.location)
	if err != nil {
		return patience.explain(ctx, err)
	}
	defer answer.Body.Close()
	if err := a.writeAnswer(o, answer); err != nil {
		return patience.explain(ctx, err)
	}
	if o.cookies != "" {
		return jar.Save(o.cookies)
	}
	return nil
}

// oneURL is cobra.ExactArgs(1) with a message that says what is missing.
func oneURL(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usagef("one URL is expected, not %d", len(args))
	}
	return nil
}

// parsePageURL reads a URL as people type it for curl; without a scheme it is https.
func parsePageURL(text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return nil, &urlError{text}
	}
	return u, nil
}

// urlError is a malformed URL.
type urlError struct{ text string }

func (e *urlError) Error() string { return fmt.Sprintf("%q is not a URL", e.text) }

// newPageClient makes a client for pages. It can do without an identity
// provider until a service provider asks for a login.
func (a *app) newPageClient(ctx context.Context, o loginOptions, p *patience, jar *cookiefile.Jar, file string) (*ecp.Client, error) {
	if file != "" {
		// A login, and a push to a telephone, must not be in vain.
		if err := credstore.CheckTarget(file); err != nil {
			return nil, err
		}
		if err := jar.Load(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	login, err := a.newLogin(o, p)
	if err != nil {
		return nil, err
	}
	login.ecp.Jar = jar
	if o.identityProvider != "" {
		if login.ecp.IdP, err = login.findIdP(ctx); err != nil {
			return nil, err
		}
	}
	return login.ecp, nil
}

func (a *app) curlRequest(ctx context.Context, o curlOptions, page *url.URL) (*http.Request, error) {
	body, hasBody, err := a.curlBody(o)
	if err != nil {
		return nil, err
	}
	method := http.MethodGet
	switch {
	case o.method != "":
		method = o.method
	case o.head:
		method = http.MethodHead
	case hasBody:
		method = http.MethodPost
	}
	var reader io.Reader
	if hasBody {
		reader = bytes.NewReader(body)
	}
	request, err := http.NewRequestWithContext(ctx, method, page.String(), reader)
	if err != nil {
		return nil, usagef("%v", err)
	}
	if hasBody {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	request.Header.Set("Accept", "*/*")
	for _, field := range o.headers {
		if err := setHeader(request, field); err != nil {
			return nil, err
		}
	}
	return request, nil
}

// setHeader sets a field as curl does: "Name:" removes it.
func setHeader(request *http.Request, field string) error {
	name, value, ok := strings.Cut(field, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	switch {
	case !ok || name == "" || strings.ContainsAny(field, "\r\n"):
		return usagef("-H %q: it is \"Name: value\"", field)
	case value == "":
		request.Header.Del(name)
	case strings.EqualFold(name, "host"):
		request.Host = value
	default:
		request.Header.Set(name, value)
	}
	return nil
}

// curlBody joins the data. Curl takes the line ends out of a file unless it is
// told to keep the bytes.
func (a *app) curlBody(o curlOptions) ([]byte, bool, error) {
	var parts [][]byte
	for _, source := range slices.Concat(o.data, o.binary) {
		path, isFile := strings.CutPrefix(source, "@")
		if !isFile {
			parts = append(parts, []byte(source))
			continue
		}
		data, err := a.readData(path)
		if err != nil {
			return nil, false, &readError{err}
		}
		if slices.Contains(o.data, source) {
			data = bytes.NewBuffer(bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("\r"), nil), []byte("\n"), nil)).Bytes()
		}
		parts = append(parts, data)
	}
	return bytes.Join(parts, []byte("&")), len(parts) > 0, nil
}

// maxUpload bounds what is read into memory to be sent.
const maxUpload = 1 << 30

func (a *app) readData(path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(io.LimitReader(a.In, maxUpload))
	}
	return readSmall(path, maxUpload)
}

// maxRedirects is curl's default.
const maxRedirects = 50

// fetch sends a request and, if it may, follows redirects.
func fetch(client *ecp.Client, request *http.Request, follow bool) (*http.Response, error) {
	for hop := 0; ; hop++ {
		answer, err := client.Do(request)
		if err != nil || !follow || !isRedirect(answer) {
			return answer, err
		}
		answer.Body.Close()
		if hop == maxRedirects {
			return nil, errRedirects
		}
		if request, err = redirected(request, answer); err != nil {
			return nil, err
		}
	}
}

var errRedirects = fmt.Errorf("more than %d redirects", maxRedirects)

func isRedirect(answer *http.Response) bool {
	return slices.Contains([]int{301, 302, 303, 307, 308}, answer.StatusCode) && answer.Header.Get("Location") != ""
}

// redirected makes the next request as curl does: a POST becomes a GET unless
// the code is 307 or 308, and a header that may hold a secret stays with its host.
func redirected(request *http.Request, answer *http.Response) (*http.Request, error) {
	to, err := answer.Location()
	if err != nil {
		return nil, fmt.Errorf("the server redirects to what is no URL: %w", err)
	}
	keep := answer.StatusCode == http.StatusTemporaryRedirect || answer.StatusCode == http.StatusPermanentRedirect
	next := request.Clone(request.Context())
	next.URL, next.Host = to, ""
	switch {
	case keep && request.GetBody != nil:
		if next.Body, err = request.GetBody(); err != nil {
			return nil, err
		}
	case !keep && request.Method != http.MethodHead:
		next.Method, next.Body, next.GetBody, next.ContentLength = http.MethodGet, nil, nil, 0
		next.Header.Del("Content-Type")
	}
	if to.Host != request.URL.Host || to.Scheme != request.URL.Scheme {
		next.Header.Del("Authorization")
		next.Header.Del("Cookie")
	}
	return next, nil
}

// writeAnswer writes the answer where it is wanted.
func (a *app) writeAnswer(o curlOptions, answer *http.Response) error {
	if o.fail && answer.StatusCode >= 400 {
		return &statusError{answer.StatusCode}
	}
	if o.output == "" || o.output == "-" {
		return writeTo(a.Out, o, answer)
	}
	f, err := os.Create(o.output)
	if err != nil {
		return &writeError{err}
	}
	if err := writeTo(f, o, answer); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return &writeError{err}
	}
	return nil
}

func writeTo(out io.Writer, o curlOptions, answer *http.Response) error {
	if o.include || o.head {
		if err := writeHead(out, answer); err != nil {
			return &writeError{err}
		}
	}
	return copyBody(out, answer.Body)
}

func writeHead(out io.Writer, answer *http.Response) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s\r\n", answer.Proto, answer.Status)
	if err := answer.Header.Write(&b); err != nil {
		return err
	}
	b.WriteString("\r\n")
	_, err := out.Write(b.Bytes())
	return err
}

// copyBody tells a server that breaks off from a disk that is full.
func copyBody(out io.Writer, body io.Reader) error {
	buffer := make([]byte, 64<<10)
	for {
		n, readErr := body.Read(buffer)
		if n > 0 {
			if _, err := out.Write(buffer[:n]); err != nil {
				return &writeError{err}
			}
		}
		if errors.Is(readErr, io.EOF) {
			return nil
		}
		if readErr != nil {
			return &brokenOffError{readErr}
		}
	}
}
