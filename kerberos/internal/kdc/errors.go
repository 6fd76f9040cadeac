// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kdc

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
)

// NoKDCError means that it is not known where the KDCs of a realm are.
type NoKDCError struct {
	Realm string
	Err   error // why DNS knows none, or was not asked
}

// Error names the realm.
func (e *NoKDCError) Error() string {
	return fmt.Sprintf("kdc: looking for the KDCs of %q: krb5.conf names none: %v", e.Realm, e.Err)
}

// Unwrap is why DNS knows none.
func (e *NoKDCError) Unwrap() error { return e.Err }

// Attempt is a KDC that was asked, or could not be.
type Attempt struct {
	KDC     string // host:port, or as it is written in krb5.conf where that is not understood
	Network string // udp or tcp; empty if it could not be asked
	Address string // with port; empty if it is not known
	Err     error
}

// UnreachableError means that no KDC of a realm answered with anything of use.
type UnreachableError struct {
	Realm string
	Tried []Attempt // in the order in which they were begun
}

// Error names each KDC, and what was wrong with it.
func (e *UnreachableError) Error() string {
	var texts []string
	by := map[string][]string{} // KDC and error to networks
	for _, a := range e.Tried {
		text := a.KDC + "%s: " + a.Err.Error()
		if _, ok := by[text]; !ok {
			texts = append(texts, text)
		}
		if !slices.Contains(by[text], a.Network) {
			by[text] = append(by[text], a.Network)
		}
	}
	more := ""
	if n := len(texts) - maxTexts; n > 0 {
		more = fmt.Sprintf("; and %d more", n)
		texts = texts[:maxTexts]
	}
	for i, text := range texts {
		networks := strings.Join(by[text], ", ")
		if networks != "" {
			networks = " (" + networks + ")"
		}
		texts[i] = strings.Replace(text, "%s", networks, 1)
	}
	return fmt.Sprintf("kdc: asking the KDCs of %q: %s%s", e.Realm, strings.Join(texts, "; "), more)
}

const maxTexts = 6

// Unwrap are what was wrong with each KDC.
func (e *UnreachableError) Unwrap() []error {
	var errs []error
	for _, a := range e.Tried {
		errs = append(errs, a.Err)
	}
	return errs
}

// What can be wrong with a KDC, beside what package net says.
var (
	errSilent   = errors.New("no answer")
	errTooBig   = errors.New("the answer is too big for UDP")
	errBusy     = errors.New("it says that its service is not available")
	errNonsense = errors.New("the answer is not one to what was asked")
)

// plain takes off what package net says of its calls and of addresses.
func plain(err error) error {
	if e, ok := errors.AsType[*net.OpError](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[*os.SyscallError](err); ok {
		err = e.Err
	}
	return err
}
