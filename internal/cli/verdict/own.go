// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"errors"
	"fmt"
	"strings"
)

// This file has what the commands themselves have to say. Their hints are in judgeUsage and judgeVOFiles.

// What is missing on a command line, in the environment and in the profile.
var (
	ErrNoServiceProvider = errors.New("no service provider is named: there is no default one")
	ErrNoList            = errors.New("there is no list of identity providers")
)

// KeylessError means that what should be destroyed is no credential.
type KeylessError struct{ Path string }

// Error says which file that is.
func (e *KeylessError) Error() string {
	return e.Path + " holds certificates and no private key; it is not touched"
}

// OccupiedError means that import would replace a file.
type OccupiedError struct{ Path string }

// Error says which file that is.
func (e *OccupiedError) Error() string { return e.Path + " is there already; it is not replaced" }

// TakenError means that there are other programs where links are to be made or removed.
type TakenError struct {
	Dir   string
	Names []string
}

// Error says which these are.
func (e *TakenError) Error() string {
	return e.Dir + " has these, which are no links to x509up: " + strings.Join(e.Names, ", ") + "; nothing is changed"
}

// ImportTargetError is what is wrong with the place that import writes to, which another option names than that of
// commands that store proxies.
type ImportTargetError struct{ Err error }

// Error is the text of the cause.
func (e *ImportTargetError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *ImportTargetError) Unwrap() error { return e.Err }

// ImportHalfError means that the file to be imported holds a certificate or a key alone.
type ImportHalfError struct{ Err error }

// Error is the text of the cause.
func (e *ImportHalfError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *ImportHalfError) Unwrap() error { return e.Err }

// SeveralVOsError means that vo add was given more than one VO.
type SeveralVOsError struct{ VOs []string }

// Error names the VOs, or the first of them.
func (e *SeveralVOsError) Error() string {
	shown := e.VOs
	if len(shown) > 10 {
		shown = append(shown[:10:10], "…")
	}
	return fmt.Sprintf("there are %d VOs: %s", len(e.VOs), strings.Join(shown, ", "))
}

// NoServerError means that a VO has no VOMS server.
type NoServerError struct{ VO string }

// Error says which VO that is.
func (e *NoServerError) Error() string {
	return fmt.Sprintf("the VO %q has no VOMS server: it is run with another system", e.VO)
}

// NoAttributesError means that the credential in a file has no attributes. Problem says what is wrong with those that cannot be
// read, or is empty.
type NoAttributesError struct{ Path, Problem string }

// Error says which file that is.
func (e *NoAttributesError) Error() string {
	text := e.Path + " has no attributes of any VO"
	if e.Problem != "" {
		text += " that can be read: " + e.Problem
	}
	return text
}

// DownloadError is what is in the way of getting what is at a URL, as it may be shown.
type DownloadError struct {
	URL string
	Err error // of net/http, or what the server answered
}

// Error says which URL that is, and why.
func (e *DownloadError) Error() string {
	return "getting " + e.URL + ": " + strings.TrimPrefix(e.Err.Error(), fmt.Sprintf("Get %q: ", e.URL))
}

// Unwrap returns the cause.
func (e *DownloadError) Unwrap() error { return e.Err }
