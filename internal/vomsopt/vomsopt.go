// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package vomsopt says what the options about VOs mean, which several commands have: it makes a request of them.
//
//	o := vomsopt.Options{VOs: []string{"cms:/cms/Role=production", "dteam"}}
//	request.VOMS, err = o.VOMS(vomsopt.Surroundings{Env: env, Now: time.Now})
//
// The forms are those of voms-proxy-init:
//
//	cms                      what every member gets
//	cms:/cms/it              a group
//	cms:/cms/Role=t1         a role
//	cms:/Role=t1             the same
//	cms:all                  all groups and roles
//
// What stands before the colon is an alias of vomses files, or the name of a VO. Several of the same one are one request, in
// their order, in which the VO alone stands for its own group. What is first is the primary attribute.
//
// It reads no options itself, and no file before that is needed.
package vomsopt

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/gridtls"
	"github.com/x509up/x509up/internal/site"
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/contact"
)

// Options are what somebody wants of VOs. The zero value is nothing.
type Options struct {
	VOs      []string // --voms
	Order    []string // --order: FQANs, or group:role
	Targets  []string // --target: hosts
	Lifetime time.Duration
	Timeout  time.Duration // for all servers of a VO together; 0: that of contact.Client

	Vomses  []string // --vomses: files and folders; none: the usual ones
	VOMSDir string   // --vomsdir: a folder; empty: the usual ones

	NoVerify    bool
	KeepFailing bool
}

// Fill takes what neither an option nor a variable says from a profile. Who asks for VOs with options gets no other ones.
func (o *Options) Fill(env config.Env, p config.Profile) {
	if config.Vomses(env, nil).Named {
		p.Vomses = nil
	}
	if config.VOMSDirs(env, "").Named {
		p.VOMSDir = ""
	}
	for _, list := range []struct {
		option  *[]string
		profile []string
	}{{&o.VOs, p.VOMS}, {&o.Order, p.Order}, {&o.Targets, p.Targets}, {&o.Vomses, p.Vomses}} {
		if len(*list.option) == 0 {
			*list.option = list.profile
		}
	}
	o.VOMSDir = config.First(o.VOMSDir, p.VOMSDir)
}

// Surroundings are what a request needs beside options.
type Surroundings struct {
	Env config.Env
	Now func() time.Time
	// Memory is the file in which the protocols of servers are remembered; "" for none.
	Memory string
	// Notify is told what is begun, Warn what is wrong with vomses files. They may be nil.
	Notify, Warn func(string)
}

// VOMS is the request, nil if no VO is wanted. The error is an *OptionError.
func (o Options) VOMS(s Surroundings) (*acquire.VOMS, error) {
	wants, err := parseWants(o.VOs)
	if err != nil || len(wants) == 0 {
		return nil, err
	}
	order, err := parseOrder(o.Order)
	if err != nil {
		return nil, err
	}
	here := &site.Site{
		Vomses: config.Vomses(s.Env, o.Vomses), VOMSDirs: config.VOMSDirs(s.Env, o.VOMSDir), CADirs: config.CADirs(s.Env, ""), Now: s.Now,
	}
	memory, notify := &site.Memory{Path: s.Memory}, oneAtATime(s.Notify)
	request := &acquire.VOMS{
		Wants: wants, Order: order, Targets: o.Targets, Lifetime: o.Lifetime, KeepFailing: o.KeepFailing,
		Find: finder(here, wants, s.Warn),
		Client: contact.Client{
			TLS: gridtls.LateConfig(here.CAs, s.Now), Timeout: o.Timeout, Notify: notify,
			Spoken: memory.Spoken, Learned: memory.Learned,
		},
	}
	if !o.NoVerify {
		request.Verify = verifier(here, notify)
	}
	return request, nil
}

// finder reads the vomses files once, for all VOs, when the first is looked for.
func finder(here *site.Site, wants []acquire.Want, warn func(string)) func(context.Context, string) ([]contact.Endpoint, error) {
	var once sync.Once
	var book contact.Book
	return func(ctx context.Context, key string) ([]contact.Endpoint, error) {
		once.Do(func() {
			var keys []string
			for _, w := range wants {
				keys = append(keys, w.Key)
			}
			book = here.Book(ctx, keys...)
			for _, text := range site.Findings(book) {
				if warn != nil {
					warn(text)
				}
			}
		})
		return book.Find(key)
	}
}

// verifier tells of doubts only who asked for more: those that a user can do something about are errors.
func verifier(here *site.Site, notify func(string)) func(context.Context, *voms.AC, *x509.Certificate) (*voms.Report, error) {
	return func(ctx context.Context, ac *voms.AC, holder *x509.Certificate) (*voms.Report, error) {
		report, err := here.Verify(ctx, ac, holder)
		for _, check := range report.Warnings() {
			notify(fmt.Sprintf("attributes of the VO %q: %s", ac.VO, check))
		}
		return report, err
	}
}

// oneAtATime makes a function fit for several VOs at once.
func oneAtATime(notify func(string)) func(string) {
	var mu sync.Mutex
	return func(text string) {
		mu.Lock()
		defer mu.Unlock()
		if notify != nil {
			notify(text)
		}
	}
}

// OptionError means that the value of an option cannot be understood.
type OptionError struct {
	Option, Value string
	Reason        string // a clause
	Meant         string // the value that may be meant; empty if nobody can tell
}

func (e *OptionError) Error() string { return fmt.Sprintf("--%s %q: %s", e.Option, e.Value, e.Reason) }

// parseWants reads --voms, and makes one of those that are of one VO.
func parseWants(texts []string) ([]acquire.Want, error) {
	var wants []acquire.Want
	for _, text := range texts {
		if text == "" {
			continue // --voms= asks for none, whatever a profile says
		}
		key, rest, _ := strings.Cut(text, ":")
		if key == "" {
			return nil, &OptionError{Option: "voms", Value: text, Reason: "it is VO or VO:FQAN, and the VO is missing"}
		}
		i := slices.IndexFunc(wants, func(w acquire.Want) bool { return w.Key == key })
		if i < 0 {
			i, wants = len(wants), append(wants, acquire.Want{Key: key})
		}
		switch {
		case rest == "":
			wants[i].FQANs = append(wants[i].FQANs, voms.FQAN{}) // the VO's own group, at its place
			continue
		case strings.EqualFold(rest, "all"):
			wants[i].All = true
			continue
		}
		f, err := parseRole(rest)
		if err != nil {
			return nil, &OptionError{"voms", text, reasonOf(err), meant(key, rest)}
		}
		wants[i].FQANs = append(wants[i].FQANs, f)
	}
	for i := range wants {
		if !wants[i].All && !slices.ContainsFunc(wants[i].FQANs, func(f voms.FQAN) bool { return f != voms.FQAN{} }) {
			wants[i].FQANs = nil // what every member gets, which is not that group alone
		}
	}
	return wants, nil
}

// meant is --voms with the slash, and the group of the VO, that an FQAN without them lacks.
func meant(key, rest string) string {
	if strings.HasPrefix(rest, "/") {
		return ""
	}
	whole := "/" + rest
	if rest != key && !strings.HasPrefix(rest, key+"/") {
		whole = "/" + key + whole
	}
	if _, err := voms.ParseFQAN(whole); err != nil {
		return ""
	}
	return key + ":" + whole
}

// parseRole reads an FQAN, which may be a role alone.
func parseRole(text string) (voms.FQAN, error) {
	if !strings.HasPrefix(text, "/Role=") {
		return voms.ParseFQAN(text)
	}
	f, err := voms.ParseFQAN("/vo" + text) // for its grammar
	f.Group = ""
	return f, err
}

// parseOrder reads --order, which voms-proxy-init 2 takes as group:role, too.
func parseOrder(texts []string) ([]voms.FQAN, error) {
	var order []voms.FQAN
	for _, text := range texts {
		whole := text
		if group, role, ok := strings.Cut(text, ":"); ok {
			whole = group + "/Role=" + role
		}
		f, err := voms.ParseFQAN(whole)
		if err != nil {
			return nil, &OptionError{Option: "order", Value: text, Reason: reasonOf(err)}
		}
		order = append(order, f)
	}
	return order, nil
}

// reasonOf is what is wrong with an FQAN, without the FQAN.
func reasonOf(err error) string {
	if e, ok := errors.AsType[*voms.FQANError](err); ok {
		return e.Reason
	}
	return err.Error()
}
