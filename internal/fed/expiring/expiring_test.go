// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package expiring_test

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/fed/expiring"
)

var now = time.Date(2025, 5, 1, 12, 0, 0, 0, time.UTC)

func TestTable(t *testing.T) {
	t.Parallel()
	var table expiring.Table[int]
	if _, ok := table.Get("a", now); ok {
		t.Error("the empty table has an entry")
	}
	if !table.Put("a", 1, now, time.Minute) || table.Put("a", 2, now, time.Minute) {
		t.Error("the first of two was not entered, or the second was")
	}
	if v, ok := table.Get("a", now.Add(59*time.Second)); v != 1 || !ok {
		t.Errorf("shortly before the end it holds %d, %v", v, ok)
	}
	if v, ok := table.Get("a", now.Add(time.Minute)); v != 0 || ok {
		t.Errorf("at the end it holds %d, %v", v, ok)
	}
	if !table.Put("a", 3, now.Add(time.Minute), time.Minute) {
		t.Error("what is over stands in the way")
	}
	if v, ok := table.Take("a", now.Add(time.Minute)); v != 3 || !ok {
		t.Errorf("took %d, %v", v, ok)
	}
	if _, ok := table.Take("a", now.Add(time.Minute)); ok {
		t.Error("took it twice")
	}
}

func TestIsBounded(t *testing.T) {
	t.Parallel()
	var table expiring.Table[struct{}]
	for i := range expiring.Most {
		if !table.Put(strconv.Itoa(i), struct{}{}, now, time.Minute) {
			t.Fatalf("entry %d was refused", i)
		}
	}
	if table.Put("more", struct{}{}, now, time.Minute) {
		t.Error("a full table takes another entry")
	}
	if !table.Put("more", struct{}{}, now.Add(time.Minute), time.Minute) {
		t.Error("entries that are over stand in the way")
	}
}

func TestOnlyOneTakes(t *testing.T) {
	t.Parallel()
	var table expiring.Table[int]
	table.Put("a", 1, now, time.Minute)
	var taken atomic.Int32
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if _, ok := table.Take("a", now); ok {
				taken.Add(1)
			}
		})
	}
	group.Wait()
	if taken.Load() != 1 {
		t.Errorf("%d took it, want 1", taken.Load())
	}
}
