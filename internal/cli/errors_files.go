// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"io/fs"
	"syscall"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/cookiefile"
	"github.com/x509up/x509up/internal/pemfile"
	"github.com/x509up/x509up/proxycert"
)

// This is the part of errors.go about files and what they hold.

func (e *refusedFileError) Error() string { return e.err.Error() }

func (e *refusedFileError) Unwrap() error { return e.err }

// refusedHint is what to do about a file that was refused.
func refusedHint(e *refusedFileError) string {
	mode, ok := errors.AsType[*credstore.ModeError](e.err)
	switch {
	case e.keyless && ok && mode.Max == 0o600:
		return "it holds no private key: --key FILE names the file with that"
	case e.mounted:
		return "it seems to be mounted, as from a Kubernetes Secret: --allow-key-mode reads it as it is; " +
			"defaultMode: 0400 in the volume makes it private"
	case !ok:
		return "--allow-key-mode reads it all the same; its owner can run the command without"
	case mode.Max == 0o600:
		return "chmod 600 " + shellQuote(e.path)
	}
	return "chmod go-w " + shellQuote(e.path)
}

// closedHint is what to do about a path that one may not go, which need not be the fault of its last part.
const closedHint = "the permissions of the file, or of a folder above it, keep you out: its owner can let you in"

func (e *userFileError) Error() string { return e.err.Error() }

func (e *userFileError) Unwrap() error { return e.err }

// userFile gives what is in the way of reading a file of the user's its exit
// code: one of a certificate or a key, not where proxies are stored.
func userFile(err error) error {
	_, folder := errors.AsType[*credstore.FolderError](err)
	_, ofVO := errors.AsType[*acquire.VOMSError](err)
	if !folder && !ofVO && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)) {
		return &userFileError{err}
	}
	return err
}

// judgeImport judges what is wrong with one of the two ends of an import.
func judgeImport(err error, v *verdict) bool {
	if _, half := errors.AsType[*importHalfError](err); half {
		return v.is(exitUnfit, "import takes one file that holds certificate and private key; two in PEM can be joined with cat")
	}
	target, ok := errors.AsType[*importTargetError](err)
	if !ok {
		return false
	}
	const elsewhere = "--to FOLDER names another place"
	if _, ok := errors.AsType[*credstore.FolderError](target); ok {
		return v.is(exitFailure, elsewhere)
	}
	_, link := errors.AsType[*credstore.SymlinkError](target)
	_, owner := errors.AsType[*credstore.OwnerError](target)
	_, other := errors.AsType[*credstore.NotRegularError](target)
	return (link || owner || other) && v.is(exitUnfit, elsewhere)
}

// judgeFiles judges what is wrong with a file.
func judgeFiles(err error, v *verdict) bool {
	switch e := err.(type) {
	case *credstore.ModeError:
		return v.is(exitUnfit, "chmod 600 "+shellQuote(e.Path))
	case *cookiefile.ModeError:
		return v.is(exitFailure, "chmod 600 "+shellQuote(e.Path))
	case *credstore.OwnerError:
		return v.is(exitUnfit, "choose another file with -f or X509_USER_PROXY, or have its owner or root remove it")
	case *credstore.NotRegularError:
		return v.is(exitUnfit, "name a file")
	case *credstore.SymlinkError:
		return v.is(exitUnfit, "name the file itself, with -f or X509_USER_PROXY")
	case *credstore.FolderError:
		return v.is(exitFailure, "choose another file with -f or X509_USER_PROXY")
	case *credstore.NotCredentialError:
		return v.is(exitUnfit, "name another file with -f or X509_USER_PROXY, or remove this one yourself")
	case *acquire.NewCredentialError:
		return v.is(exitServer)
	case *acquire.OccupiedError:
		return v.is(exitUnfit, "move usercert.pem and userkey.pem away first, or store elsewhere with -f")
	case *credstore.LinkedError:
		return v.is(exitUnfit, "remove its other names first, if they are yours: ls -i tells which have its number")
	case *credstore.ManagedError:
		return v.is(exitUnfit, "a file without write permission is someone else's to renew; choose another with -f, or chmod u+w it")
	case syscall.Errno:
		switch e {
		case syscall.ENOSPC, syscall.EDQUOT:
			return v.is(exitFailure, "the disk or the quota is full")
		case syscall.ELOOP:
			return v.is(exitUnfit, "the link leads back to itself: name the file")
		case syscall.EFBIG:
			return v.is(exitFailure, "the size of files is limited here: see ulimit -f")
		}
	}
	return judgeContents(err, v)
}

// judgeContents judges what is wrong in a file.
func judgeContents(err error, v *verdict) bool {
	if _, ok := errors.AsType[*pemfile.UnsupportedError](err); ok {
		return v.is(exitUnfit, "the file may be good, but is of a kind that is not read here; openssl pkcs8 -topk8 writes a key anew, "+
			"and openssl pkcs12 -export a PKCS #12 file")
	}
	if _, ok := errors.AsType[*proxycert.UnsupportedKeyError](err); ok {
		return v.is(exitUnfit, "the file may be good; ask the CA for a certificate of an RSA key, or one on the curve P-256, P-384 or P-521")
	}
	switch e := err.(type) {
	case *proxycert.NoPEMError, *pemfile.NothingError:
		return v.is(exitUnfit, "name a file with a credential in PEM; x509up import takes PKCS #12, DER and UTF-16, too")
	case *proxycert.NoCertificateError:
		return v.is(exitUnfit, "a private key alone is no credential: x509up init --cert FILE --key FILE takes both")
	case *proxycert.BlockError, *proxycert.SizeError, *pemfile.FormatError, *pemfile.LimitError:
		return v.is(exitUnfit, "the file is damaged or no credential: get it anew from where it came, or name another")
	case *proxycert.EncryptedKeyError:
		return v.is(exitUnfit, "x509up init --cert FILE --key FILE asks for the passphrase")
	case *proxycert.KeyMismatchError, *pemfile.MismatchError, *pemfile.SecondKeyError:
		return v.is(exitUnfit, "a certificate works only with the key that it was asked for with; look where that was made")
	case *pemfile.MissingError, *proxycert.NoKeyError:
		return v.is(exitUnfit, "x509up init takes both from one file, or from two with --cert FILE and --key FILE; x509up import takes them from one")
	case *proxycert.ValidityError:
		if e.Expired() {
			return v.is(exitUnfit, "get a new one from where it came; of a proxy, x509up init and x509up get-cert make a new one")
		}
		return v.is(exitUnfit, "is this machine's clock right?")
	case *proxycert.KeyTypeError:
		return v.is(exitUnfit, "proxies are signed with RSA keys or those of the curves P-256, P-384 and P-521")
	case *proxycert.RuleError, *proxycert.PathLengthError, *proxycert.PolicyError:
		return v.is(exitUnfit)
	}
	return false
}
