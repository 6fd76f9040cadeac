// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package message_test

import (
	"strings"
	"testing"

	"github.com/jcmturner/gokrb5/v8/iana/errorcode"

	"github.com/x509up/x509up/kerberos/internal/message"
)

// TestCodes: the names are those that gokrb5 has for the numbers.
func TestCodes(t *testing.T) {
	t.Parallel()
	known := 0
	for n := range int32(100) {
		code := message.Code(n)
		if strings.HasPrefix(code.Name(), "error ") {
			continue
		}
		known++
		if theirs := errorcode.Lookup(n); !strings.Contains(theirs, code.Name()+" ") {
			t.Errorf("%d is %s, and gokrb5 has %s", n, code.Name(), theirs)
		}
		if text := code.String(); n != 60 && !strings.HasSuffix(text, " ("+code.Name()+")") {
			t.Errorf("%d is shown as %q", n, text)
		}
	}
	if known < 20 {
		t.Errorf("only %d codes are known", known)
	}
	if got := message.Code(60).String() + message.Code(99).String(); got != "KRB_ERR_GENERICerror 99" {
		t.Error(got)
	}
}
