// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package keygen_test

import (
	"crypto/rsa"
	"syscall"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/keygen"
)

// BenchmarkWork compares the work for a key here with that of crypto/rsa, in time on all processors: what ratio there is
// counts, because both are measured in one run, on a machine that others use.
func BenchmarkWork(b *testing.B) {
	var own, standard time.Duration
	small := keygen.PrimesBelow(keygen.SmallPrimes)
	for b.Loop() {
		begin := cpu(b)
		key, err := keygen.NewKey(keygen.PrimeOf(1024, small), keygen.PrimeOf(1024, small))
		middle := cpu(b)
		if err != nil || key == nil {
			b.Fatal(err)
		}
		if _, err := rsa.GenerateKey(nil, 2048); err != nil {
			b.Fatal(err)
		}
		own, standard = own+middle-begin, standard+cpu(b)-middle
	}
	b.ReportMetric(float64(own.Microseconds())/1000/float64(b.N), "own-ms")
	b.ReportMetric(float64(standard.Microseconds())/1000/float64(b.N), "crypto/rsa-ms")
	b.ReportMetric(own.Seconds()/standard.Seconds(), "ratio")
}

func cpu(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano())
}
