// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package ccache

func (r *reading) keyring(name, rest string) ([]*Cache, error) {
	if _, err := parseKeyringName(name, rest, r.UID); err != nil {
		return nil, err
	}
	return nil, &UnsupportedError{Type: "KEYRING", Reason: "Linux alone has keyrings"}
}
