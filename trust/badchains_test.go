// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package trust_test

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/testca/chains"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
)

// verdict is what we say of a chain: of its file, as a server reads it, by the folder that goes with it.
func verdict(t *testing.T, c *chains.Chain, o trust.Options) (*trust.Report, error) {
	t.Helper()
	b := bundle{t, t.TempDir()}
	for file, data := range c.Folder {
		b.write(file, data)
	}
	credential, err := proxycert.Parse(c.PEM())
	if err != nil {
		return nil, err
	}
	return b.Dir().Verify(credential, o)
}

// Each chain of the table gets the verdict that stands there. A bad one is refused with an error that names the rule and the
// certificate that breaks it, and its sibling, without the fault, is not.
func TestChains(t *testing.T) {
	t.Parallel()
	for _, test := range chains.All() {
		t.Run(test.Name, func(t *testing.T) {
			t.Parallel()
			c := test.Build(t)
			r, err := verdict(t, c, test.Options)
			if test.Want == nil {
				wantTaken(t, r, err)
				if warned := warnings(r); !strings.Contains(warned, test.Warns) || (warned != "") != (test.Warns != "") {
					t.Errorf("the warnings are %q, want %q", warned, test.Warns)
				}
				return
			}
			if cert, broken, ok := accusation(c, test.Want, err); !ok {
				t.Errorf("got %T %v, want %T %q", err, err, test.Want, broken)
			} else if at, known := c.PlaceOf(cert); !known || at != test.At {
				t.Errorf("it names %q, not the certificate at %d: %v", cert.Subject, test.At, err)
			} else if name := fmt.Sprintf("%q", proxycert.OneLine(cert.RawSubject)); len(cert.RawSubject) > 0 && !strings.Contains(err.Error(), name) ||
				!strings.Contains(err.Error(), broken) {
				t.Errorf("the text lacks %s or %q: %v", name, broken, err)
			}
			r, err = verdict(t, test.Sibling(t), test.Options)
			wantTaken(t, r, err)
		})
	}
}

// wantTaken expects a verdict without a doubt, but for what the verifiers of others make of the chain.
func wantTaken(t *testing.T, r *trust.Report, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	for _, check := range r.Warnings() {
		if check.Kind != trust.KindPeers {
			t.Errorf("%v", check)
		}
	}
}

func warnings(r *trust.Report) string {
	var text strings.Builder
	for _, check := range r.Warnings() {
		fmt.Fprintln(&text, check)
	}
	return text.String()
}

// accusation is the certificate that an error names, and the rule in the words of the error; not ok if the error is not what is
// wanted.
func accusation(c *chains.Chain, want, err error) (cert *x509.Certificate, broken string, ok bool) {
	switch want := want.(type) {
	case *proxycert.RuleError:
		if e, is := errors.AsType[*proxycert.RuleError](err); is && e.Rule == want.Rule {
			return e.Cert, string(want.Rule), true
		}
		return nil, string(want.Rule), false
	case *trust.ChainError:
		if e, is := errors.AsType[*trust.ChainError](err); is && e.Rule == want.Rule {
			return e.Cert, string(want.Rule), true
		}
		return nil, string(want.Rule), false
	case *trust.PolicyError:
		if e, is := errors.AsType[*trust.PolicyError](err); is && e.Kind == want.Kind && e.Problem == want.Problem {
			return e.Cert, e.Kind.String(), true
		}
	case *trust.CRLError:
		if e, is := errors.AsType[*trust.CRLError](err); is && e.Problem == want.Problem {
			return e.Cert, "revocation list", true
		}
	case *trust.RevokedError:
		if e, is := errors.AsType[*trust.RevokedError](err); is {
			return e.Cert, "was revoked at", true
		}
	case *proxycert.PathLengthError:
		if e, is := errors.AsType[*proxycert.PathLengthError](err); is {
			return e.Cert, "path length", true
		}
	case *proxycert.ValidityError:
		if e, is := errors.AsType[*proxycert.ValidityError](err); is {
			return e.Cert, map[bool]string{true: "it expired at", false: "it is not valid before"}[e.Expired()], true
		}
	case *proxycert.KeySizeError:
		if e, is := errors.AsType[*proxycert.KeySizeError](err); is {
			return e.Cert, fmt.Sprintf("its RSA key has %d bits", e.Bits), true
		}
	case *proxycert.KeyMismatchError:
		if e, is := errors.AsType[*proxycert.KeyMismatchError](err); is {
			return e.Cert, "does not belong", true
		}
	case *proxycert.BlockError: // it cannot be parsed, so only its number in the file is known
		if e, is := errors.AsType[*proxycert.BlockError](err); is {
			cert, known := c.Block(e.Number)
			return cert, fmt.Sprintf("PEM block %d", e.Number), known
		}
	}
	return nil, "", false
}

// The table is as large as it is said to be, and says each thing once.
func TestTable(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	var good, bad int
	for _, test := range chains.All() {
		if names[test.Name] {
			t.Errorf("there are two of %s", test.Name)
		}
		names[test.Name] = true
		if test.Want == nil {
			good++
		} else {
			bad++
		}
		if test.Want != nil && test.Faults == nil && test.Change == nil {
			t.Errorf("%s is its own sibling", test.Name)
		}
	}
	if good < 25 || bad < 80 {
		t.Errorf("%d good chains, %d bad ones", good, bad)
	}
}
