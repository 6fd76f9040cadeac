// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pemfile

import "crypto"

// Rounds is how many rounds of key derivation a file asks for; 0 if it is
// refused before any.
func Rounds(data []byte) int64 {
	file, err := parseSafe(data)
	if err != nil {
		return 0
	}
	return file.rounds
}

// EncryptKeyFast is EncryptKey with one round.
func EncryptKeyFast(key crypto.Signer, passphrase string) ([]byte, error) {
	return encryptKey(key, passphrase, 1)
}
