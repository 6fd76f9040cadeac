// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package cookiefile keeps the cookies of HTTP sessions in a file that other tools read, too: the format that
// Netscape's browser began and that curl (-b, -c), wget (--load-cookies) and Python (http.cookiejar) share.
//
//	jar := cookiefile.New(time.Now)
//	if err := jar.Load(path); err != nil && !errors.Is(err, fs.ErrNotExist) { … }
//	client := &http.Client{Jar: jar}
//	…
//	err := jar.Save(path)
//
// # The jar
//
// A [Jar] does what that of net/http/cookiejar does with the public suffix list (RFC 6265), and can say what it holds,
// which that one cannot. It differs in two things. Paths are compared as they stand in the request line, as the RFC
// has it (§5.1.4) and curl does, not after decoding. And it takes no cookie that the file could not hold.
//
// # The file
//
// A line is a cookie, in seven fields between tabs:
//
//	.example.org  TRUE  /  TRUE  0  _shibsession_64656661  _b8a7…
//
// The domain; whether hosts below it get the cookie; the path; whether it goes over TLS alone; when it ends, in
// seconds since 1970; name; value. These are the finer points, on which tools differ:
//
//   - HttpOnly cookies, as those of service providers are, have "#HttpOnly_" before the domain: curl's invention, which
//     older readers take for a comment. Other lines that begin with # are comments. They are lost on [Jar.Save].
//   - The end of a session cookie is 0, as curl writes it; Python's empty field is understood, but curl does not
//     understand it. Session cookies are saved: the session at a service provider is what the file is for. Python reads
//     them by load(ignore_discard=True, ignore_expires=True).
//   - A domain has a leading dot if and only if hosts below get the cookie. Python insists on it; curl goes by the
//     second field and so does this package.
//   - Wget binds a cookie to a port other than 80 and 443 ("host:port"); such a line is kept, and its cookie not sent.
//   - A value may be missing with its tab, if it is empty. Line ends may be CRLF.
//
// Whatever else is no cookie makes the file unreadable ([*SyntaxError]): curl passes over it, and then writes its cookies
// over what may have been something else.
//
// # Who may read it
//
// Whoever has the cookies has the session. A file that others may read or write, or that is somebody else's, is not
// loaded ([*ModeError], ownfile.OwnerError): the default is in /tmp, where others could leave cookies of a session of
// their own. A file is saved with mode 0600, whole or not at all, and never through a symbolic link. There is no lock: of
// two processes that save at once, the later wins. A public suffix list is held against what servers set, not against
// the file.
package cookiefile
