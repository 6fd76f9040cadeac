// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/idp/internal/bounded"
	"github.com/x509up/x509up/internal/idp/internal/download"
	"github.com/x509up/x509up/internal/idp/internal/saml"
	"github.com/x509up/x509up/internal/printable"
)

var errNotURL = errors.New("it is not a URL")

// NotFoundError says that no provider fits what was asked for.
type NotFoundError struct {
	Query string
	// Nearest is the name of a provider that may have been meant; "" if there is none like it.
	Nearest string
	// Kerberos is the name of the provider that is meant, if its only endpoint in the list is for Kerberos tickets, and others
	// were looked for.
	Kerberos string
	// EntityIDsOnly tells that the metadata comes from a server that can be asked for entityIDs only.
	EntityIDsOnly bool
	// Skipped tells of lines of the list that are not used, where the provider may stand; nil if there are none.
	Skipped *SkippedError
}

func (e *NotFoundError) Error() string {
	text := fmt.Sprintf("idp: looking for identity provider %q: there is none of that name", e.Query)
	switch {
	case e.Kerberos != "":
		text = fmt.Sprintf("idp: looking for identity provider %q: %q is listed for Kerberos tickets alone", e.Query, e.Kerberos)
	case e.Nearest != "":
		text += fmt.Sprintf("; the nearest is %q", e.Nearest)
	}
	if e.EntityIDsOnly {
		text += "; the metadata server can be asked for entityIDs only"
	}
	if e.Skipped != nil {
		text += "; in the list, " + e.Skipped.what()
	}
	return text
}

// AmbiguousError says that several providers fit what was asked for.
type AmbiguousError struct {
	Query      string
	Candidates []Provider // two or more, in the order of the list
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("idp: looking for identity provider %q: there are several: %s", e.Query, namesOf(e.Candidates))
}

func namesOf(list []Provider) string {
	const shown = 5
	names := make([]string, 0, shown+1)
	for i, c := range list {
		if i == shown {
			names = append(names, fmt.Sprintf("and %d more", len(list)-shown))
			break
		}
		names = append(names, fmt.Sprintf("%q", c.Name))
	}
	return strings.Join(names, ", ")
}

// RealmError says that of the providers none belongs to a realm of Kerberos, or more than one does.
type RealmError struct {
	Realm string
	// Candidates are those that belong to it, two or more, or none.
	Candidates []Provider
	// NoSource tells that there is neither a list nor metadata to look in, EntityIDsOnly that the metadata comes from a server
	// that can be asked for entityIDs only.
	NoSource, EntityIDsOnly bool
	// Skipped tells of lines of the list that are not used, where the provider may stand; nil if there are none.
	Skipped *SkippedError
}

func (e *RealmError) Error() string {
	text := "idp: looking for the identity provider of the realm " + cleanName(e.Realm)
	switch {
	case len(e.Candidates) > 0:
		return text + ": there are several: " + namesOf(e.Candidates)
	case e.NoSource:
		return text + ": there is no list to look it up in"
	}
	text += ": there is none of its domain"
	if e.EntityIDsOnly {
		text += "; the metadata server can be asked for entityIDs only"
	}
	if e.Skipped != nil {
		text += "; in the list, " + e.Skipped.what()
	}
	return text
}

// NoECPError says that the provider is in the metadata, but without an endpoint for ECP.
type NoECPError struct {
	Query    string
	Provider Provider
}

func (e *NoECPError) Error() string {
	return fmt.Sprintf("idp: looking for identity provider %q: the metadata of %q has no ECP endpoint", e.Query, e.Provider.Name)
}

// NoSourceError says that a name was given, but neither a list nor metadata to look it up in.
type NoSourceError struct {
	Query string
}

func (e *NoSourceError) Error() string {
	return fmt.Sprintf("idp: looking for identity provider %q: it is not a URL, and there is no list to look it up in", e.Query)
}

// InsecureURLError says that a URL is not https. The URL is the endpoint, the list's, the metadata's, or one that their
// server redirected to.
type InsecureURLError = download.InsecureURLError

// SourceError says that a list or metadata could not be read. It wraps the cause: a [*ListError], [*MetadataError],
// [*ExpiredError], [*StatusError], [*SizeError], [*InsecureURLError], or an error of the network or the file.
type SourceError struct {
	Kind   string // "list" or "metadata"
	Source string // path, or URL without a password
	Err    error
}

func (e *SourceError) Error() string {
	// TLS and HTTP proxies bring the words of others into errors.
	return fmt.Sprintf("idp: reading the %s %s: %s", e.Kind, e.Source, printable.Text(e.Err.Error(), 2000))
}

// Unwrap returns the cause.
func (e *SourceError) Unwrap() error { return e.Err }

// ListError says that a line is not of the form "URL NAME".
type ListError struct {
	Line   int    `json:"line"` // counted from 1
	Reason string `json:"reason"`
}

func (e *ListError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

// SkippedError is a warning: lines of a list are not of the form "URL NAME", and are not used.
type SkippedError struct {
	Source string    `json:"-"` // path, or URL without a password
	Lines  int       `json:"lines"`
	First  ListError `json:"first"`
}

func (e *SkippedError) Error() string {
	return fmt.Sprintf("idp: reading the list %s: %s", e.Source, e.what())
}

func (e *SkippedError) what() string {
	if e.Lines == 1 {
		return fmt.Sprintf("line %d is not used: %s", e.First.Line, e.First.Reason)
	}
	return fmt.Sprintf("%d lines are not used, the first is %v", e.Lines, &e.First)
}

// MetadataError says that a document is not SAML metadata.
type MetadataError = saml.Error

// ExpiredError says that metadata was valid until a time that has passed.
type ExpiredError struct {
	Until time.Time
}

func (e *ExpiredError) Error() string {
	return "it was valid until " + e.Until.UTC().Format(time.RFC3339)
}

// StatusError says that a server answered, but not with what was asked for.
type StatusError = download.StatusError

// SizeError says that a list or metadata is larger than it can sensibly be.
type SizeError = bounded.SizeError

// StaleError is a warning: the server could not be asked, so that a copy on disk is used.
type StaleError struct {
	Fetched time.Time // when the server was last asked
	Err     error     // a [*SourceError]
}

func (e *StaleError) Error() string {
	return fmt.Sprintf("%v; a copy of %s is used", e.Err, e.Fetched.UTC().Format(time.RFC3339))
}

// Unwrap returns why the server could not be asked.
func (e *StaleError) Unwrap() error { return e.Err }
