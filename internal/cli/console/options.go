// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"cmp"
	"errors"
	"math"
	"regexp"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

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

// AddReuse adds --reuse[=HOURS]; what it keeps is named in the help. The value is for ParseHours.
func AddReuse(f *pflag.FlagSet, hours *string, what string) {
	f.VarP(reuseValue{hours}, "reuse", "r", "keep the stored "+what+" if it will do for so many hours more; without a number, for 1")
	f.Lookup("reuse").NoOptDefVal = reuseWord
}

// ParseHours reads a number of hours from an option's value; empty is 0. Less than a minute, and more than a hundred years, is
// a UsageError.
func ParseHours(option, text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	hours, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(hours) || hours <= 0 || hours > maxHours {
		return 0, Usagef("%s %q is not a number of hours, such as 12 or 0.5", option, text)
	}
	d := time.Duration(hours * float64(time.Hour))
	if d < leastTime {
		return 0, Usagef("%s %q is less than a minute: it would be over at once", option, text)
	}
	return d, nil
}

// leastTime is the least that a lifetime can be set to, as with --valid.
const leastTime = time.Minute

// maxHours is a hundred years: more is a slip, and does not fit a Duration for long.
const maxHours = 100 * 366 * 24

// Exclusive refuses, with a UsageError, a command line with more than one of these options. Given tells which are there: the
// Changed of a FlagSet, or what others know of their own command lines.
func Exclusive(given func(option string) bool, names ...string) error {
	first := ""
	for _, name := range names {
		if !given(name) {
			continue
		}
		if first != "" {
			return Usagef("--%s and --%s do not go together", first, name)
		}
		first = name
	}
	return nil
}

// CompleteWords lets the shell complete an option from a list of words.
func CompleteWords(cmd *cobra.Command, option string, words ...string) {
	err := cmd.RegisterFlagCompletionFunc(option, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the option does not exist: a slip in the command
	}
}

// ParseLifetime reads --valid H:MM or --hours. If both are empty it is otherwise.
func ParseLifetime(valid, hours string, otherwise time.Duration) (time.Duration, error) {
	if valid == "" {
		d, err := ParseHours("--hours", hours)
		return cmp.Or(d, otherwise), err
	}
	return ParseSpan("--valid", valid)
}

// ParseSpan reads H:MM, the value of an option, as a time of a minute to a hundred years.
func ParseSpan(option, text string) (time.Duration, error) {
	fail := func() (time.Duration, error) {
		return 0, Usagef("%s %q is not a time in hours and minutes, such as 12:00", option, text)
	}
	m := regexp.MustCompile(`^(\d{1,6}):(\d{1,2})$`).FindStringSubmatch(text)
	if m == nil {
		return fail()
	}
	h, _ := strconv.Atoi(m[1])
	minutes, _ := strconv.Atoi(m[2])
	d := time.Duration(h)*time.Hour + time.Duration(minutes)*time.Minute
	if minutes > 59 || d == 0 || d > maxHours*time.Hour {
		return fail()
	}
	return d, nil
}

// Choice is the value of an option that says yes or no, for those where it counts whether it is given at all: --NAME=false goes before a
// profile that says yes.
type Choice int

// What may have been chosen.
const (
	Unsaid Choice = iota
	Yes
	No
)

// AddChoice adds --NAME, which is Yes, and --NAME=false.
func AddChoice(f *pflag.FlagSet, c *Choice, name, usage string) {
	f.Var(c, name, usage)
	f.Lookup(name).NoOptDefVal = "true"
}

// String is empty where nothing is said.
func (c *Choice) String() string {
	return map[Choice]string{Yes: "true", No: "false"}[*c]
}

// Set takes what other options for yes and no take.
func (c *Choice) Set(text string) error {
	yes, err := strconv.ParseBool(text)
	if err != nil {
		return errors.New("it is neither true nor false")
	}
	*c = No
	if yes {
		*c = Yes
	}
	return nil
}

// Type is that of other options for yes and no.
func (c *Choice) Type() string { return "bool" }

// Else is the choice, or what a profile says where there is none.
func (c Choice) Else(profile bool) Choice {
	if c == Unsaid && profile {
		return Yes
	}
	return c
}

// NotEmpty is the value of an option that must not be empty: "$FILE" of a script that has no such variable is a slip, and
// asking on the terminal instead would stop it.
type NotEmpty string

// String is the value.
func (g *NotEmpty) String() string { return string(*g) }

// Set takes a value, which FlagError knows not to be empty.
func (g *NotEmpty) Set(text string) error {
	if text == "" {
		return errors.New("it is empty")
	}
	*g = NotEmpty(text)
	return nil
}

// Type is that of other options with one word.
func (g *NotEmpty) Type() string { return "string" }
