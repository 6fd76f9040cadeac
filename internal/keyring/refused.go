// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/secret"
)

// saltSize is that of the salt in a note of a refusal, in bytes.
const saltSize = 16

var errNote = errors.New("what is noted about its refusal cannot be read")

// refused is the name, in the keyring, of the note that a password has been refused.
func (i Item) refused() string { return refusedMark + i.account() }

// Refuse notes that a password was refused at a time, so that Get does not return it again: after several wrong ones an account is
// locked. Another password under the same name is not meant by the note, whoever has stored it. Errors are those of [Keyring.Get], and
// an [*ItemError] for a passphrase, which no server counts.
func (k Keyring) Refuse(ctx context.Context, item Item, password secret.Text, at time.Time) error {
	if item.Kind != Password {
		return &ItemError{Item: item, Reason: "only passwords are refused"}
	}
	salt := make([]byte, saltSize)
	if _, err := rand.Read(salt); err != nil {
		return &FailedError{Doing: noting, Item: item, Err: err}
	}
	plain := password.Reveal()
	_, err := k.call(ctx, noting, item, plain, func(ctx context.Context, s Store) (found, error) {
		return found{}, put(ctx, s, item.refused(), note(salt, plain, at))
	})
	return err
}

const noting = "noting the refusal of"

// note is a time, a salt, and the hash of that and the password, which lies beside it in the same keyring.
func note(salt []byte, plain string, at time.Time) string {
	return strings.Join([]string{at.UTC().Format(time.RFC3339), hex.EncodeToString(salt), hex.EncodeToString(digest(salt, plain))}, " ")
}

func digest(salt []byte, plain string) []byte {
	sum := sha256.Sum256(append(salt[:len(salt):len(salt)], plain...))
	return sum[:]
}

// refusal is a RefusedError if the note is about the secret. A note that nobody can read might be: then it is a FailedError.
func (f found) refusal(item Item) error {
	if f.note == "" {
		return nil
	}
	words := strings.Fields(f.note)
	if len(words) != 3 {
		return &FailedError{Doing: "reading", Item: item, Err: errNote}
	}
	at, err := time.Parse(time.RFC3339, words[0])
	salt, saltErr := hex.DecodeString(words[1])
	sum, sumErr := hex.DecodeString(words[2])
	if err != nil || saltErr != nil || sumErr != nil || len(salt) != saltSize || len(sum) != sha256.Size {
		return &FailedError{Doing: "reading", Item: item, Err: errNote}
	}
	if subtle.ConstantTimeCompare(sum, digest(salt, f.text)) != 1 {
		return nil
	}
	return &RefusedError{Item: item, At: at}
}

// forget removes the note, if there is one.
func forget(ctx context.Context, s Store, item Item) error {
	if item.Kind != Password {
		return nil
	}
	if err := remove(ctx, s, item.refused()); !errors.Is(err, ErrNotFound) {
		return err
	}
	return nil
}
