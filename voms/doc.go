// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package voms knows what a virtual organisation (VO) says of its members: fully qualified attribute names (FQANs), and the
// attribute certificates of RFC 5755 and OGF GFD.182 in which a VOMS server certifies them.
package voms
