// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kerberos

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/printable"
	"github.com/x509up/x509up/kerberos/internal/kdc"
	"github.com/x509up/x509up/kerberos/internal/message"
	"github.com/x509up/x509up/kerberos/internal/ticket"
	"github.com/x509up/x509up/kerberos/krb5"
)

// What a [*KDCError] or a [*RefusedError] may mean, for [errors.Is].
var (
	// ErrClockSkew: clocks differ by more than the five minutes or so that are allowed.
	ErrClockSkew = errors.New("the clocks differ too much")
	// ErrUnknownService: the realm has no such service, or has it by another name.
	ErrUnknownService = errors.New("the service is not known")
	// ErrUnknownRealm: there is no way from the client's realm to that of the service, or none that its KDCs know.
	ErrUnknownRealm = errors.New("the realm is not known")
	// ErrUnknownClient: the realm has no such client, or not any more.
	ErrUnknownClient = errors.New("the client is not known")
	// ErrPreauth: the key of the keytab is not the client's, most often because its password was changed since.
	ErrPreauth = errors.New("the key is not the client's")
	// ErrExpired: a ticket, the client's account or its key is out of date.
	ErrExpired = errors.New("it has expired")
)

// NoKDCError means that nothing says where the KDCs of a realm are.
type NoKDCError = kdc.NoKDCError

// UnreachableError means that no KDC of a realm has answered.
type UnreachableError = kdc.UnreachableError

// NoCacheError means that there is no credential cache of that name: nobody has logged in (kinit), or not here.
type NoCacheError struct {
	Name string // as in KRB5CCNAME
	Err  error  // what reading it gave
}

// Error names the cache.
func (e *NoCacheError) Error() string {
	return fmt.Sprintf("there is no credential cache %s", shown(e.Name))
}

// Unwrap is what reading it gave.
func (e *NoCacheError) Unwrap() error { return e.Err }

// Is makes it [fs.ErrNotExist].
func (e *NoCacheError) Is(target error) bool { return target == fs.ErrNotExist }

// NoTicketError means that a cache has no ticket-granting ticket.
type NoTicketError struct {
	Principal krb5.Principal
	Source    string // the cache's name
}

// Error names the cache and whose it is.
func (e *NoTicketError) Error() string {
	return fmt.Sprintf("%s of %s has no ticket-granting ticket", shown(e.Source), shown(e.Principal.String()))
}

// ExpiredError means that the ticket-granting ticket of a cache is over. It is [ErrExpired].
type ExpiredError struct {
	Principal krb5.Principal
	Source    string    // the cache's name
	End       time.Time // by the clock of the KDC
}

// Error says whose ticket it was, where, and when it ended.
func (e *ExpiredError) Error() string {
	return fmt.Sprintf("the ticket of %s in %s expired at %s", shown(e.Principal.String()), shown(e.Source), e.End.UTC().Format(time.RFC3339))
}

// Is makes it [ErrExpired].
func (e *ExpiredError) Is(target error) bool { return target == ErrExpired }

// NoPrincipalError means that the principal that was asked for has nothing here.
type NoPrincipalError struct {
	Principal string           // as it was asked for
	Source    string           // where it was looked for
	Have      []krb5.Principal // those that have something
	Keytab    bool             // nothing but a keytab was looked at
}

// Error names the principal, and those that would do.
func (e *NoPrincipalError) Error() string {
	var have []string
	for _, p := range e.Have {
		if name := shown(p.String()); !slices.Contains(have, name) {
			have = append(have, name)
		}
	}
	if len(have) == 0 {
		return fmt.Sprintf("%s has nothing of %s", shown(e.Source), shown(e.Principal))
	}
	return fmt.Sprintf("%s has nothing of %s; it is of %s", shown(e.Source), shown(e.Principal), strings.Join(have, ", "))
}

// EncTypeError means that a ticket or key is of a type that is not supported here: a ticket of a realm from the days of DES, or
// of one that uses Camellia.
type EncTypeError struct {
	Source string
	Type   krb5.EncType
}

// Error names the type.
func (e *EncTypeError) Error() string {
	return fmt.Sprintf("%s has keys of the type %s, which is not supported", shown(e.Source), e.Type)
}

// KeytabError means that a keytab cannot be read.
type KeytabError struct {
	Path string
	Err  error // of package keytab, or what the system says
}

// Error is the text of the cause, which names the file.
func (e *KeytabError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *KeytabError) Unwrap() error { return e.Err }

// NoKeyError means that the KDC wants a key of a type that the keytab has none of for the client.
type NoKeyError struct {
	Principal    krb5.Principal
	Wanted, Have []krb5.EncType
}

// Error names the types.
func (e *NoKeyError) Error() string {
	return fmt.Sprintf("the keytab has keys of %s of the types %v, and the KDC wants %v", shown(e.Principal.String()), e.Have, e.Wanted)
}

// KDCError is a KDC that says no.
type KDCError struct {
	Realm string
	From  string // which KDC
	Code  int32  // RFC 4120 §7.5.9
	Name  string // of the code, such as KDC_ERR_S_PRINCIPAL_UNKNOWN
	Text  string // what the KDC says besides; often empty
	// Server is the service that a ticket was asked for.
	Server krb5.Principal
	// Offset is how far the clock of the KDC is ahead of this machine's, as it says itself.
	Offset time.Duration
}

// Error says what was asked for, of whom, and what is wrong.
func (e *KDCError) Error() string {
	from := "the KDC of " + shown(e.Realm)
	if e.From != "" {
		from += " (" + shown(e.From) + ")"
	}
	return fmt.Sprintf("%s gives no ticket for %s: %s%s", from, shown(e.Server.String()), e.said(), inQuotes(e.Text))
}

func (e *KDCError) said() string {
	if errors.Is(e, ErrUnknownRealm) {
		return "it knows no way to that realm (" + e.Name + ")"
	}
	return message.Code(e.Code).String()
}

// Is tells what it means: whether it is one of the errors Err… of this package.
func (e *KDCError) Is(target error) bool {
	means := meaning(e.Code)
	if means == ErrUnknownService && len(e.Server.Names) == 2 && e.Server.Names[0] == "krbtgt" {
		means = ErrUnknownRealm
	}
	return means != nil && means == target
}

// ReplyError is an answer of a KDC that breaks the rules, or that was not made with the right key.
type ReplyError struct {
	Realm, From string
	Reason      string
}

// Error says whose answer, and what is wrong with it.
func (e *ReplyError) Error() string {
	return fmt.Sprintf("the answer of the KDC of %s is not acceptable: %s", shown(e.Realm), shown(e.Reason))
}

// URLError is a URL that no ticket is sent to.
type URLError struct {
	URL    string // without a password
	Reason string // a predicate, such as "is not https"
}

// Error quotes the URL and says what is wrong with it.
func (e *URLError) Error() string { return fmt.Sprintf("URL %q %s", e.URL, e.Reason) }

// SPNError is a text that is no name of a service.
type SPNError struct{ SPN string }

// Error quotes the text.
func (e *SPNError) Error() string {
	return fmt.Sprintf("%q is no name of a service, such as HTTP/idp.example.org or HTTP/idp.example.org@EXAMPLE.ORG", shown(e.SPN))
}

// RefusedError means that the server did not take the ticket: it answered 401 to a request with a token. It has another key
// than the KDC thinks, another name, or another time; or it does not know the user.
type RefusedError struct {
	Host, SPN string
	Principal krb5.Principal
	// Code and Name are what the server has against the ticket (RFC 4120 §7.5.9), and Text what it says besides; zero if it
	// does not say.
	Code       int32
	Name, Text string
	// Offset is how far the clock of the KDC is ahead of this machine's, as far as it is known.
	Offset time.Duration
	// Ahead is how far the clock of the server is ahead of that of the KDC, by the Date of its answer; zero if it does not say.
	// Web servers seldom say what they have against a ticket, but what time they think it is.
	Ahead time.Duration
}

// allowedSkew is how far clocks may be apart for most servers (clockskew in krb5.conf), but for what an answer takes.
const allowedSkew = 5*time.Minute - 10*time.Second

func (e *RefusedError) skewed() bool { return e.Code == 0 && e.Ahead.Abs() >= allowedSkew }

// Error says whose ticket was refused, and why if the server says so.
func (e *RefusedError) Error() string {
	text := fmt.Sprintf("%s refused the ticket of %s for %s", shown(e.Host), shown(e.Principal.String()), shown(e.SPN))
	if e.Code != 0 {
		text += ": " + message.Code(e.Code).String() + inQuotes(e.Text)
	}
	if e.skewed() {
		text += fmt.Sprintf(": its clock is %v from that of the KDC", e.Ahead.Abs())
	}
	return text
}

// Is tells what the server says it means, see [KDCError.Is], or its clock.
func (e *RefusedError) Is(target error) bool {
	if e.skewed() {
		return target == ErrClockSkew
	}
	return meaning(e.Code) != nil && meaning(e.Code) == target
}

// NotOfferedError means that the server wants a login, but does not take a ticket (401 without Negotiate).
type NotOfferedError struct {
	Host    string
	Offered []string // schemes, such as Basic
}

// Error names what it takes.
func (e *NotOfferedError) Error() string {
	if len(e.Offered) == 0 {
		return fmt.Sprintf("%s does not take a Kerberos ticket, and does not say what it takes", shown(e.Host))
	}
	return fmt.Sprintf("%s does not take a Kerberos ticket, but asks for %s", shown(e.Host), strings.Join(e.Offered, " or "))
}

// MutualError means that the server has accepted the ticket, but could not prove that it was able to read it. Its answer was thrown
// away.
type MutualError struct {
	Host, SPN string
	Reason    string
}

// Error names the server.
func (e *MutualError) Error() string {
	return fmt.Sprintf("%s did not prove that it is %s: %s", shown(e.Host), shown(e.SPN), shown(e.Reason))
}

// judged gives what the rooms below say its type here, in words that are fit to be shown.
func judged(err error, source string) error {
	switch e := err.(type) {
	case *ticket.NoTGTError:
		return &NoTicketError{e.Client, source}
	case *ticket.NoKeyError:
		return &NoKeyError{e.Client, e.Wanted, e.Have}
	case *ticket.KDCError:
		return &KDCError{Realm: e.Realm, From: e.From, Code: e.Code, Name: message.Code(e.Code).Name(), Text: shown(e.Text), Server: e.Server, Offset: e.Offset}
	case *ticket.ReplyError:
		return &ReplyError{e.Realm, e.From, shown(e.Reason)}
	case *message.KeyError:
		return &EncTypeError{source, e.Type}
	}
	return err
}

// maxText bounds what others have written within an error, in characters.
const maxText = 300

func shown(text string) string { return printable.Text(text, maxText) }

func inQuotes(text string) string {
	if text == "" {
		return ""
	}
	return " (“" + shown(text) + "”)"
}

// meaning is which of the errors Err… of this package a code is; nil if it is none.
func meaning(code int32) error {
	switch message.Code(code) {
	case message.ClientExpired, message.ServiceExpired, message.KeyExpired, message.TicketExpired:
		return ErrExpired
	case message.UnknownClient, message.WrongRealm:
		return ErrUnknownClient
	case message.UnknownServer:
		return ErrUnknownService
	case message.PreauthFailed:
		return ErrPreauth
	case message.NotYetValid, message.Skewed:
		return ErrClockSkew
	}
	return nil
}
