// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package credstore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/x509up/x509up/proxycert"
)

// NotCredentialError says that a file holds something else than what a
// credential can take the place of, and what.
type NotCredentialError struct {
	Path   string
	Reason string
}

// Error quotes the path and gives the reason.
func (e *NotCredentialError) Error() string {
	return fmt.Sprintf("credstore: checking %q: %s; it is not touched", e.Path, e.Reason)
}

// CheckContents says whether what is in a file may be replaced by a credential,
// or destroyed as one: it is no file, an empty one, or holds a certificate, be
// it a damaged one. A slip such as "-f .bashrc" must not cost the file, nor one
// such as "-f userkey.pem" a key that cannot be had again. The error is a
// [*NotCredentialError], a [*SymlinkError] or [*NotRegularError] for what is no
// file, or what the system says.
func CheckContents(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("credstore: checking %q: %w", path, cause(err))
	case info.Mode()&fs.ModeSymlink != 0:
		return &SymlinkError{Path: path}
	case !info.Mode().IsRegular():
		return &NotRegularError{Path: path, Mode: info.Mode()}
	}
	f, err := os.OpenFile(path, os.O_RDONLY|noFollow|noWait, 0)
	if err != nil {
		return fmt.Errorf("credstore: checking %q: %w", path, cause(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, proxycert.MaxSize))
	if err != nil {
		return fmt.Errorf("credstore: checking %q: %w", path, cause(err))
	}
	switch {
	case len(data) == 0:
		return nil
	case !bytes.Contains(data, []byte("-----BEGIN ")):
		return &NotCredentialError{path, "it holds no credential"}
	case bytes.Contains(data, []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----")) || bytes.Contains(data, []byte("Proc-Type: 4,ENCRYPTED")):
		return &NotCredentialError{path, "it holds an encrypted key"}
	case !bytes.Contains(data, []byte("CERTIFICATE-----")):
		return &NotCredentialError{path, "it holds no certificate"}
	}
	return nil
}
