// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/config"
)

// addTalkFlags adds the options for how much is said. Curl's -d and -v mean
// other things to its users.
func (a *app) addTalkFlags(f *pflag.FlagSet, letters bool) {
	if letters {
		f.BoolVarP(&a.verbose, "verbose", "v", false, "say what is being done")
		f.BoolVarP(&a.debug, "debug", "d", false, "show every message, without secrets")
		f.BoolVarP(&a.quiet, "quiet", "q", false, "say nothing but errors")
		return
	}
	f.BoolVarP(&a.verbose, "verbose", "v", false, "say what is being done")
	f.BoolVar(&a.debug, "debug", false, "show every message, without secrets")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "say nothing but errors")
}

// profile returns the profile that an option, the environment or the
// configuration file names; an empty one if none does.
func (a *app) profile(name string) (config.Profile, error) {
	file, err := config.Load(a.Env)
	if err != nil {
		return config.Profile{}, &configError{err}
	}
	profile, err := file.Profile(config.First(name, a.Env("X509UP_PROFILE")))
	if err != nil {
		return config.Profile{}, &configError{err}
	}
	return profile, nil
}

// fileOptions say which credential file a command looks at.
type fileOptions struct {
	file, profile string
	keyMode       keyModeOptions
	given         func(option string) bool
}

func (o *fileOptions) addFlags(f *pflag.FlagSet) {
	o.given = f.Changed
	f.StringVarP(&o.file, "file", "f", "", "the credential is in `FILE` (default $X509_USER_PROXY, else /tmp/x509up_u<uid>)")
	f.StringVar(&o.profile, "profile", "", "it is where profile `NAME` stores it")
}

// credentialFile is the file that get-cert stores to when it is given the same
// options. The configuration is read only if nothing else decides, or if an
// option names a profile: a slip in that is told.
func (a *app) credentialFile(o fileOptions) (string, error) {
	if o.given != nil && o.given("file") && o.file == "" {
		return "", usagef("--file names no file")
	}
	path := config.First(o.file, a.Env("X509_USER_PROXY"))
	if path != "" && o.profile == "" {
		return path, nil
	}
	profile, err := a.profile(o.profile)
	if err != nil {
		return "", err
	}
	return config.First(path, profile.File, defaultCredentialFile()), nil
}

// globusFolder is ~/.globus.
func (a *app) globusFolder() (acquire.Target, error) {
	home := a.Env("HOME")
	if home == "" {
		return acquire.Target{}, usagef("--globus needs a home directory: HOME is not set")
	}
	return acquire.Target{Folder: filepath.Join(home, ".globus")}, nil
}

// reuseValue is the value of --reuse, which may be left out. Its type and its word for that make the help say [=HOURS].
type reuseValue struct{ hours *string }

const reuseWord = "HOURS"

func (v reuseValue) String() string { return "" }

func (v reuseValue) Type() string { return "bool" }

func (v reuseValue) Set(text string) error {
	if *v.hours = text; text == reuseWord {
		*v.hours = "1"
	}
	return nil
}

func addReuse(f *pflag.FlagSet, hours *string, what string) {
	f.VarP(reuseValue{hours}, "reuse", "r", "keep the stored "+what+" if it will do for so many hours more; without a number, for 1")
	f.Lookup("reuse").NoOptDefVal = reuseWord
}

// parseHours reads a number of hours from an option's value; empty is 0.
func parseHours(option, text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	hours, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(hours) || hours <= 0 || hours > maxHours {
		return 0, usagef("%s %q is not a number of hours, such as 12 or 0.5", option, text)
	}
	d := time.Duration(hours * float64(time.Hour))
	if d < leastTime {
		return 0, usagef("%s %q is less than a minute: it would be over at once", option, text)
	}
	return d, nil
}

// leastTime is the least that a lifetime can be set to, as with --valid.
const leastTime = time.Minute

// maxHours is a hundred years: more is a slip, and does not fit a Duration for long.
const maxHours = 100 * 366 * 24

// printJSON prints one value as the result of a command.
func (a *app) printJSON(v any) error {
	encoder := json.NewEncoder(a.Out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

// exclusive refuses a command line with more than one of these options.
func exclusive(given func(option string) bool, names ...string) error {
	first := ""
	for _, name := range names {
		if !given(name) {
			continue
		}
		if first != "" {
			return usagef("--%s and --%s do not go together", first, name)
		}
		first = name
	}
	return nil
}

// completeWords lets the shell complete an option from a list of words.
func completeWords(cmd *cobra.Command, option string, words ...string) {
	err := cmd.RegisterFlagCompletionFunc(option, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the option does not exist: a slip in this package
	}
}

// patience ends a run whose servers take too long. It does not count the time
// in which a person is asked something.
type patience struct {
	limit  time.Duration
	left   time.Duration // when the clock was started last
	since  time.Time     // when that was
	timer  *time.Timer
	cancel context.CancelCauseFunc
}

// errPatience is why the context of a run ended when its time was over.
var errPatience error = patienceError{}

type patienceError struct{}

func (patienceError) Error() string { return "no answer in time" }

func (patienceError) Unwrap() error { return context.DeadlineExceeded }

// withPatience returns a context that ends after limit; 0 is no limit.
func withPatience(ctx context.Context, limit time.Duration) (context.Context, *patience) {
	ctx, cancel := context.WithCancelCause(ctx)
	p := &patience{limit: limit, left: limit, since: time.Now(), cancel: cancel}
	if limit > 0 {
		p.timer = time.AfterFunc(limit, func() { cancel(errPatience) })
	}
	return ctx, p
}

func (p *patience) stop() {
	p.pause()
	p.cancel(nil)
}

// pause stops the clock.
func (p *patience) pause() {
	if p != nil && p.timer != nil && p.timer.Stop() {
		p.left -= time.Since(p.since)
	}
}

// resume lets it run on, for the time that was left.
func (p *patience) resume() {
	if p != nil && p.timer != nil {
		p.since = time.Now()
		p.timer.Reset(max(p.left, 0))
	}
}

// explain turns the cancellation by an end of patience into what it is. Some
// rooms return the context's error, net/http returns its cause.
func (p *patience) explain(ctx context.Context, err error) error {
	if !errors.Is(context.Cause(ctx), errPatience) {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &timeoutError{err, p.limit}
	}
	return err
}

// timeoutError says at which step the patience ended.
type timeoutError struct {
	err   error
	limit time.Duration
}

func (e *timeoutError) Error() string {
	text := strings.TrimSuffix(strings.TrimSuffix(e.err.Error(), context.Canceled.Error()), errPatience.Error())
	return strings.TrimSuffix(text, ": ") + ": no answer within " + e.limit.String()
}

func (e *timeoutError) Unwrap() error { return context.DeadlineExceeded }
