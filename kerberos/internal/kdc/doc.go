// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package kdc finds the KDCs of a realm and sends requests to them (RFC 4120 §7.2).
//
//	sender := &kdc.Sender{Config: config}
//	reply, from, err := sender.Send(ctx, "EXAMPLE.ORG", request)
//
// KDCs are those that krb5.conf names, else those of the SRV records of DNS. They are not asked one after another, but each is
// given a fifth of a second before the next one is asked as well, and none where it refuses: the first answer counts, and a
// dead KDC costs no more than that. The one that answered is asked first the next time.
//
// A small request goes by UDP to all of them, and then by TCP, a large one the other way round. An answer that is too big for
// UDP (KRB_ERR_RESPONSE_TOO_BIG) is fetched by TCP. Errors of a KDC are answers, which the caller reads ([ErrorCode]), but
// for KDC_ERR_SVC_UNAVAILABLE, after which the next KDC is asked.
//
// # What it does not do
//
// It does not know whether an answer is genuine: it is one of the kind that was asked for, from the address that was asked.
// URI records of DNS are not looked up, for which package net has no call, and HTTPS proxies (MS-KKDCP) are not spoken to: an
// error says so.
package kdc
