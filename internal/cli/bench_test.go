// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"os/exec"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/fed"
)

// BenchmarkLatency measures a whole get-cert over a network with a round trip of 50 ms, and says how many of those its time
// is: six, and what the servers and the signing of keys take.
func BenchmarkLatency(b *testing.B) {
	const oneWay = 25 * time.Millisecond
	f, err := fed.Start(fed.Options{Latency: oneWay})
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	template := command(b, f)
	for b.Loop() {
		cmd := exec.Command(template.Path, "get-cert", "--proxy")
		cmd.Env, cmd.Dir = template.Env, template.Dir
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(2*oneWay), "round-trips/op")
}

// BenchmarkProcess measures whole processes, as scripts start them: "floor" is
// one that does nothing but start.
func BenchmarkProcess(b *testing.B) {
	f, err := fed.Start(fed.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if out, err := command(b, f, "get-cert", "--proxy").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	for _, c := range []struct {
		name string
		args []string
	}{
		{"floor", []string{"version"}},
		{"info", []string{"info"}},
		{"reuse", []string{"get-cert", "--proxy", "--reuse"}},
		{"get-cert", []string{"get-cert"}},
		{"get-cert proxy", []string{"get-cert", "--proxy"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			template := command(b, f, "get-cert", "--proxy")
			if out, err := template.CombinedOutput(); err != nil {
				b.Fatalf("%v: %s", err, out)
			}
			for b.Loop() {
				cmd := exec.Command(template.Path, c.args...)
				cmd.Env, cmd.Dir = template.Env, template.Dir
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("%v: %s", err, out)
				}
			}
		})
	}
}
