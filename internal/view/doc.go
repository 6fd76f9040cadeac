// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package view is what commands show of a credential: a value that is the JSON
// for programs, and text for people made from the same value.
//
//	v := view.New(credential, view.Facts{Path: path, Now: time.Now()})
//	err := v.Write(os.Stdout, view.Style{Width: 80, Colour: true}) // or encode v as JSON
//
// The JSON is documented in docs/json.md. It has a version; within that, fields
// are added and never taken away, and none changes its meaning.
//
// # Time left
//
// A credential ends when the first certificate of its chain does. All times and
// the picture of the lifetime are about that end. Less than [Soon] before it there
// is a warning: an hour, because that is the shortest job for which anybody gets
// a credential, and not a part of the lifetime, because a user certificate would
// then warn for weeks.
//
// # What comes from outside
//
// The room knows no terminal, no environment, no folder and no clock: width,
// colour, time and what a CA folder says are arguments. Times are shown in the
// location of the time that is given. Texts of certificates are made of
// printable characters, and cut where they are too long, by packages proxycert
// and certtext.
package view
