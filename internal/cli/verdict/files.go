// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"errors"
	"syscall"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/cookiefile"
	"github.com/x509up/x509up/internal/pemfile"
	"github.com/x509up/x509up/proxycert"
)

// refusedHint is what to do about a file that was refused.
func refusedHint(e *files.RefusedError) string {
	mode, ok := errors.AsType[*credstore.ModeError](e.Err)
	switch {
	case e.Keyless && ok && mode.Max == 0o600:
		return "it holds no private key: --key FILE names the file with that"
	case e.Mounted:
		return "it seems to be mounted, as from a Kubernetes Secret: --allow-key-mode reads it as it is; " +
			"defaultMode: 0400 in the volume makes it private"
	case !ok:
		return "--allow-key-mode reads it all the same; its owner can run the command without"
	case mode.Max == 0o600:
		return "chmod 600 " + shellQuote(e.Path)
	}
	return "chmod go-w " + shellQuote(e.Path)
}

// closedHint is what to do about a path that one may not go, which need not be the fault of its last part.
const closedHint = "the permissions of the file, or of a folder above it, keep you out: its owner can let you in"

// judgeImport judges what is wrong with one of the two ends of an import.
func judgeImport(err error, v *Verdict) bool {
	if _, half := errors.AsType[*ImportHalfError](err); half {
		return v.is(ExitUnfit, "import takes one file that holds certificate and private key; two in PEM can be joined with cat")
	}
	target, ok := errors.AsType[*ImportTargetError](err)
	if !ok {
		return false
	}
	const elsewhere = "--to FOLDER names another place"
	if _, ok := errors.AsType[*credstore.FolderError](target); ok {
		return v.is(ExitFailure, elsewhere)
	}
	_, link := errors.AsType[*credstore.SymlinkError](target)
	_, owner := errors.AsType[*credstore.OwnerError](target)
	_, other := errors.AsType[*credstore.NotRegularError](target)
	return (link || owner || other) && v.is(ExitUnfit, elsewhere)
}

// judgeFiles judges what is wrong with a file.
func judgeFiles(err error, v *Verdict) bool {
	switch e := err.(type) {
	case *credstore.ModeError:
		return v.is(ExitUnfit, "chmod 600 "+shellQuote(e.Path))
	case *cookiefile.ModeError:
		return v.is(ExitFailure, "chmod 600 "+shellQuote(e.Path))
	case *credstore.OwnerError:
		return v.is(ExitUnfit, "choose another file with -f or X509_USER_PROXY, or have its owner or root remove it")
	case *credstore.NotRegularError:
		return v.is(ExitUnfit, "name a file")
	case *credstore.SymlinkError:
		return v.is(ExitUnfit, "name the file itself, with -f or X509_USER_PROXY")
	case *credstore.FolderError:
		return v.is(ExitFailure, "choose another file with -f or X509_USER_PROXY")
	case *credstore.NotCredentialError:
		return v.is(ExitUnfit, "name another file with -f or X509_USER_PROXY, or remove this one yourself")
	case *acquire.NewCredentialError:
		return v.is(ExitServer)
	case *acquire.OccupiedError:
		return v.is(ExitUnfit, "move usercert.pem and userkey.pem away first, or store elsewhere with -f")
	case *credstore.LinkedError:
		return v.is(ExitUnfit, "remove its other names first, if they are yours: ls -i tells which have its number")
	case *credstore.ManagedError:
		return v.is(ExitUnfit, "a file without write permission is someone else's to renew; choose another with -f, or chmod u+w it")
	case syscall.Errno:
		switch e {
		case syscall.ENOSPC, syscall.EDQUOT:
			return v.is(ExitFailure, "the disk or the quota is full")
		case syscall.ELOOP:
			return v.is(ExitUnfit, "the link leads back to itself: name the file")
		case syscall.EFBIG:
			return v.is(ExitFailure, "the size of files is limited here: see ulimit -f")
		}
	}
	return judgeContents(err, v)
}

// judgeContents judges what is wrong in a file.
func judgeContents(err error, v *Verdict) bool {
	if _, ok := errors.AsType[*pemfile.UnsupportedError](err); ok {
		return v.is(ExitUnfit, "the file may be good, but is of a kind that is not read here; openssl pkcs8 -topk8 writes a key anew, "+
			"and openssl pkcs12 -export a PKCS #12 file")
	}
	if _, ok := errors.AsType[*proxycert.UnsupportedKeyError](err); ok {
		return v.is(ExitUnfit, "the file may be good; ask the CA for a certificate of an RSA key, or one on the curve P-256, P-384 or P-521")
	}
	switch e := err.(type) {
	case *proxycert.NoPEMError, *pemfile.NothingError:
		return v.is(ExitUnfit, "name a file with a credential in PEM; x509up import takes PKCS #12, DER and UTF-16, too")
	case *proxycert.NoCertificateError:
		return v.is(ExitUnfit, "a private key alone is no credential: x509up init --cert FILE --key FILE takes both")
	case *proxycert.BlockError, *proxycert.SizeError, *pemfile.FormatError, *pemfile.LimitError:
		return v.is(ExitUnfit, "the file is damaged or no credential: get it anew from where it came, or name another")
	case *proxycert.EncryptedKeyError:
		return v.is(ExitUnfit, "x509up init --cert FILE --key FILE asks for the passphrase")
	case *proxycert.KeyMismatchError, *pemfile.MismatchError, *pemfile.SecondKeyError:
		return v.is(ExitUnfit, "a certificate works only with the key that it was asked for with; look where that was made")
	case *pemfile.MissingError, *proxycert.NoKeyError:
		return v.is(ExitUnfit, "x509up init takes both from one file, or from two with --cert FILE and --key FILE; x509up import takes them from one")
	case *proxycert.ValidityError:
		if e.Expired() {
			return v.is(ExitUnfit, "get a new one from where it came; of a proxy, x509up init and x509up get-cert make a new one")
		}
		return v.is(ExitUnfit, "is this machine's clock right?")
	case *proxycert.KeyTypeError:
		return v.is(ExitUnfit, "proxies are signed with RSA keys or those of the curves P-256, P-384 and P-521")
	case *proxycert.RuleError, *proxycert.PathLengthError, *proxycert.PolicyError:
		return v.is(ExitUnfit)
	}
	return false
}
