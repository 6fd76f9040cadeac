// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/printable"
)

// What a [Store] says by its errors.
var (
	ErrNotFound = errors.New("it is not there")
	ErrLocked   = errors.New("the keyring is locked")
	ErrAbsent   = errors.New("there is no keyring")
)

var errNotKept = errors.New("the keyring did not keep it")

// maxText bounds what is shown of the words of a keyring, in characters.
const maxText = 500

// NotFoundError says that the keyring has no such item.
type NotFoundError struct {
	Doing string // reading, storing, deleting, or noting the refusal of
	Item  Item
}

func (e *NotFoundError) Error() string { return text(e.Doing, e.Item, ErrNotFound.Error()) }

// Is tells that it is an [ErrNotFound].
func (e *NotFoundError) Is(target error) bool { return target == ErrNotFound }

// RefusedError says that the password in the keyring is one that has been refused; see [Keyring.Refuse].
type RefusedError struct {
	Item Item
	At   time.Time // when that was, in UTC, to the second
}

func (e *RefusedError) Error() string {
	return text("reading", e.Item, "it was refused at "+e.At.UTC().Format(time.RFC3339)+", and is not tried again")
}

// LockedError says that the keyring is there, and locked: its owner has to unlock it, which takes a password and mostly a screen.
type LockedError struct {
	Doing string // reading, storing, deleting, or noting the refusal of
	Item  Item
}

func (e *LockedError) Error() string { return text(e.Doing, e.Item, ErrLocked.Error()) }

// Is tells that it is an [ErrLocked].
func (e *LockedError) Is(target error) bool { return target == ErrLocked }

// AbsentError says that this session has no keyring: there is no session bus of D-Bus, no program on it that keeps secrets, or that
// program has no keyring yet.
type AbsentError struct {
	Doing string // reading, storing, deleting, or noting the refusal of
	Item  Item
	Err   error // why; it wraps [ErrAbsent]
}

func (e *AbsentError) Error() string { return text(e.Doing, e.Item, e.Err.Error()) }

// Unwrap returns the cause.
func (e *AbsentError) Unwrap() error { return e.Err }

// TimeoutError says that the keyring did not answer in time. Whether something was stored or deleted is then not known.
type TimeoutError struct {
	Doing string // reading, storing, deleting, or noting the refusal of
	Item  Item
	After time.Duration
}

func (e *TimeoutError) Error() string {
	return text(e.Doing, e.Item, fmt.Sprintf("the keyring has not answered within %v", e.After))
}

// Timeout reports that it is one, as errors of package net do.
func (e *TimeoutError) Timeout() bool { return true }

// ItemError says that an item, or the secret that was to be stored, cannot be in a keyring.
type ItemError struct {
	Item   Item
	Reason string
}

func (e *ItemError) Error() string { return text("naming", e.Item, e.Reason) }

// FailedError says that the keyring refused for another reason, or that the caller's context ended.
type FailedError struct {
	Doing string // reading, storing, deleting, or noting the refusal of
	Item  Item
	Err   error
}

func (e *FailedError) Error() string { return text(e.Doing, e.Item, e.Err.Error()) }

// Unwrap returns the cause.
func (e *FailedError) Unwrap() error { return e.Err }

// text is that of an error. Programs of others bring their words into it.
func text(doing string, item Item, why string) string {
	return fmt.Sprintf("keyring: %s %s: %s", doing, item, printable.Text(why, maxText))
}

// explain turns the error of a store into one of this package.
func explain(doing string, item Item, hidden string, err error) error {
	switch {
	case hidden != "" && strings.Contains(err.Error(), hidden):
		return &FailedError{Doing: doing, Item: item, Err: errors.New("the keyring refused it, in words that repeat it")}
	case errors.Is(err, ErrNotFound):
		return &NotFoundError{Doing: doing, Item: item}
	case errors.Is(err, ErrLocked):
		return &LockedError{Doing: doing, Item: item}
	case errors.Is(err, ErrAbsent):
		return &AbsentError{Doing: doing, Item: item, Err: err}
	}
	return &FailedError{Doing: doing, Item: item, Err: err}
}
