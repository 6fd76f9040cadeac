// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package voms

// Kind is what a check looks at.
type Kind uint8

// The kinds, in the order in which Verify makes the checks.
const (
	KindAuthority  Kind = iota // the attribute certificate says for which VO and from which server it is
	KindLSC                    // the LSC file in File names the certificates of the server
	KindIssuer                 // the name of its issuer is that of the server's certificate
	KindSignature              // that certificate's key has signed it
	KindChain                  // a CA that is trusted has issued that certificate
	KindKeyID                  // the authority key identifier is that of the key; only where there is an identifier
	KindHolder                 // the attributes were given to Options.Holder
	KindValidity               // it is valid now
	KindSerial                 // its serial number is one
	KindExtensions             // it has the extensions that it must have, and no critical one that is not known
	KindTargets                // this host is among its targets; only where there are targets
	KindFQANs                  // there are FQANs, and all are of its VO
	KindPeers                  // what is good here is taken by others too; only reported when it is not
)

// String is a word or two, such as "LSC file".
func (k Kind) String() string {
	names := [...]string{"policy authority", "LSC file", "issuer", "signature", "server certificate", "key identifier", "holder", "validity",
		"serial number", "extensions", "targets", "FQANs", "other verifiers"}
	if int(k) < len(names) {
		return names[k]
	}
	return "unknown check"
}

// Result is how a check went.
type Result uint8

// The results.
const (
	Passed Result = iota
	Warned        // it was not made for want of what it needs, or some servers would refuse
	Failed
)

// String is "passed", "warning" or "failed".
func (r Result) String() string {
	switch r {
	case Passed:
		return "passed"
	case Warned:
		return "warning"
	}
	return "failed"
}

// Check is one thing that Verify looked at.
type Check struct {
	Kind   Kind
	Result Result
	File   string // the path of the LSC file, for KindLSC
	Err    error  // why it did not pass; nil if it did
}

// String is one line: the result, the kind, and what was found. It ends in no newline.
func (c Check) String() string {
	text := c.Result.String() + ": " + c.Kind.String()
	if c.Err != nil {
		return text + ": " + c.Err.Error()
	}
	if c.File != "" {
		text += " (" + c.File + ")"
	}
	return text
}

// Report is what Verify found: all checks that were made, in order.
type Report struct{ Checks []Check }

// Err is the first failure; nil if there was none.
func (r *Report) Err() error {
	for _, c := range r.Checks {
		if c.Result == Failed {
			return c.Err
		}
	}
	return nil
}

// Warnings are the checks that neither passed nor failed.
func (r *Report) Warnings() []Check {
	var list []Check
	for _, c := range r.Checks {
		if c.Result == Warned {
			list = append(list, c)
		}
	}
	return list
}

// add notes a check: passed if err is nil, else with the result given.
func (r *Report) add(c Check, otherwise Result, err error) {
	if c.Err = err; err != nil {
		c.Result = otherwise
	}
	r.Checks = append(r.Checks, c)
}
