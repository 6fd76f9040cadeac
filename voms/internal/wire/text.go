// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"html"
	"regexp"
	"sync"

	"github.com/x509up/x509up/internal/printable"
)

// maxText bounds, in characters, what is shown of a server's words. The reason of a suspension is free text.
const maxText = 300

// Clean makes a server's words fit for a terminal: one line of at most 300 characters, none of which could drive it.
func Clean(s string) string { return printable.Text(s, maxText) }

var title = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?is)<title\b[^>]*>(.*?)</title`) })

// Title is the title of a web page, as Clean leaves it; empty if there is none.
func Title(page []byte) string {
	if m := title().FindSubmatch(page); m != nil {
		return Clean(html.UnescapeString(string(m[1])))
	}
	return ""
}
