// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package credstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/x509up/x509up/internal/atomicfile"
	"github.com/x509up/x509up/proxycert"
)

// The names of a certificate and its key in a folder, as all grid tools know them.
const (
	CertName = "usercert.pem"
	KeyName  = "userkey.pem"
)

// Save makes path a file with these contents that its owner alone can read and write. It checks as CheckTarget does, and
// the old file stays if anything goes wrong.
func Save(path string, data []byte) error {
	if err := CheckTarget(path); err != nil {
		return err
	}
	if err := atomicfile.Write(path, data, 0o600); err != nil {
		return fmt.Errorf("credstore: saving: %w", err)
	}
	return nil
}

// CheckPair says whether SavePair could write to the folder as things are now, with the errors of CheckTarget. The
// folder may be missing if the one above it is there.
func CheckPair(folder string) error {
	if _, err := os.Lstat(folder); errors.Is(err, fs.ErrNotExist) {
		err := CheckTarget(folder)
		if e, ok := errors.AsType[*NotRegularError](err); !ok || !e.Mode.IsDir() {
			return err
		}
		// Another process has made it since.
	}
	if err := CheckTarget(filepath.Join(folder, KeyName)); err != nil {
		return err
	}
	return CheckTarget(filepath.Join(folder, CertName))
}

// MakeFolder makes a folder that its owner alone can use, whatever the umask says; one that is there stays as it is. The
// error is a *FolderError.
func MakeFolder(folder string) error {
	err := os.Mkdir(folder, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err == nil {
		err = os.Chmod(folder, 0o700) //nolint:gosec // a folder needs the x
	}
	if err != nil {
		return &FolderError{Path: folder, Err: cause(err)}
	}
	return nil
}

// SavePair writes usercert.pem, readable for all, and userkey.pem, for the owner alone, into a folder, which it makes if it
// is missing. It checks as CheckPair does. If anything goes wrong, both files are as they were; only a loss of power
// between the two renames can leave a new key beside an old certificate.
func SavePair(folder string, cert, key []byte) error {
	if err := CheckPair(folder); err != nil {
		return err
	}
	if err := MakeFolder(folder); err != nil {
		return err
	}
	certPath, keyPath := filepath.Join(folder, CertName), filepath.Join(folder, KeyName)
	newKey, err := atomicfile.Prepare(keyPath, key, 0o600)
	if err != nil {
		return fmt.Errorf("credstore: saving: %w", err)
	}
	defer newKey.Abort()
	newCert, err := atomicfile.Prepare(certPath, cert, 0o644)
	if err != nil {
		return fmt.Errorf("credstore: saving: %w", err)
	}
	defer newCert.Abort()
	return commitPair(newKey, newCert, keyPath)
}

// commitPair renames both files or, if the second fails, none: the old key comes back.
func commitPair(newKey, newCert *atomicfile.Pending, keyPath string) error {
	oldKey, err := remember(keyPath)
	if err != nil {
		return err
	}
	if err := newKey.Commit(); err != nil {
		return fmt.Errorf("credstore: saving: %w", err)
	}
	if err := newCert.Commit(); err != nil {
		return errors.Join(fmt.Errorf("credstore: saving: %w", err), oldKey.restore(keyPath))
	}
	return nil
}

// memory is what a file was.
type memory struct {
	data []byte
	mode fs.FileMode
	none bool // there was no file
}

// remember reads the file that is about to be replaced. A key is small; what is not will not be replaced as one.
func remember(path string) (memory, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return memory{none: true}, nil
	}
	if err == nil && info.Size() > proxycert.MaxSize {
		return memory{}, fmt.Errorf("credstore: saving %q: what is there is too large for a key (%d bytes)", path, info.Size())
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return memory{}, fmt.Errorf("credstore: saving %q: reading what is there: %w", path, cause(err))
	}
	return memory{data: data, mode: info.Mode().Perm()}, nil
}

func (m memory) restore(path string) error {
	if m.none {
		return os.Remove(path)
	}
	return atomicfile.Write(path, m.data, m.mode)
}
