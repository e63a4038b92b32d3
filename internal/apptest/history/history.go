// Package history says which orders of operations on an award are possible, and
// checks whether what clients saw of a server fits one: linearizability.
//
// An operation takes effect at one moment between its call and its answer. What
// was called and never answered, because the server died, may take effect at any
// time after the call, or never.
package history

import (
	"fmt"
	"math"
	"time"

	"github.com/anishathalye/porcupine"
)

// Kind is what was asked for.
type Kind string

// The kinds of operations.
const (
	Issue     Kind = "issue" // under one Idempotency-Key, so that several give the same award
	Revoke    Kind = "revoke"
	Suspend   Kind = "suspend"
	Reinstate Kind = "reinstate"
	Get       Kind = "get"  // by the API
	Page      Kind = "page" // the public page
	List      Kind = "list" // one of the status lists
)

// Operation is what one client asked about one award, and was told.
type Operation struct {
	Client int
	Award  string // the key under which it is issued; awards are independent of each other
	Kind   Kind
	Asked  string // for List: the purpose
	Told   string // Unknown when there was no answer
	From   int64  // nanoseconds of one clock
	To     int64
}

// Unknown is told when nothing was answered.
const Unknown = ""

// What else is told. For Issue it is the award's id and the digest of its bytes;
// for Get and Page it is a state.
const (
	Done      = "done"
	Refused   = "refused" // a conflict: the award is not in a state in which that can be done
	Set       = "set"     // of a place in a status list
	Unset     = "unset"
	Current   = "current"
	Suspended = "suspended"
	Revoked   = "revoked"
)

// award is what an award is at a moment.
type award struct {
	made               string // id and digest, "" before it was issued
	revoked, suspended bool
}

func (a award) state() string {
	switch {
	case a.revoked:
		return Revoked
	case a.suspended:
		return Suspended
	}
	return Current
}

// step says whether an operation can be told what it was on an award, and what
// the award is after it.
func (a award) step(kind Kind, asked, told string) (possible bool, after award) {
	unknown := told == Unknown
	change := func(can bool, then award) (bool, award) {
		switch {
		case can && (unknown || told == Done):
			return true, then
		case !can && (unknown || told == Refused):
			return true, a
		}
		return false, a
	}
	switch kind {
	case Issue:
		if unknown { // when it is done twice, the second has no effect; what it made is seen later
			return true, a
		}
		if a.made == "" {
			a.made = told
		}
		return a.made == told, a
	case Revoke:
		return change(!a.revoked, award{a.made, true, a.suspended})
	case Suspend:
		return change(!a.revoked && !a.suspended, award{a.made, a.revoked, true})
	case Reinstate:
		return change(!a.revoked && a.suspended, award{a.made, a.revoked, false})
	case Get, Page:
		return unknown || told == a.state(), a
	case List:
		is := Unset
		if asked == Revoked && a.revoked || asked == Suspended && a.suspended {
			is = Set
		}
		return unknown || told == is, a
	}
	return false, a
}

type input struct {
	award string
	kind  Kind
	asked string
}

// Model is what the platform promises about awards, for the checker.
func Model() porcupine.Model {
	return porcupine.Model{
		Partition: func(all []porcupine.Operation) [][]porcupine.Operation {
			parts := map[string][]porcupine.Operation{}
			for _, o := range all {
				name := o.Input.(input).award
				parts[name] = append(parts[name], o)
			}
			list := make([][]porcupine.Operation, 0, len(parts))
			for _, p := range parts {
				list = append(list, p)
			}
			return list
		},
		Init: func() any { return award{} },
		Step: func(state, in, out any) (bool, any) {
			i := in.(input)
			ok, after := state.(award).step(i.kind, i.asked, out.(string))
			return ok, after
		},
		DescribeOperation: func(in, out any) string {
			i := in.(input)
			return fmt.Sprintf("%s %s %s → %s", i.kind, i.asked, i.award, out)
		},
	}
}

// Check reports whether there is an order in which all operations were told what
// they were, or that time ran out before that was known.
func Check(all []Operation, patience time.Duration) porcupine.CheckResult {
	ops := make([]porcupine.Operation, 0, len(all))
	for _, o := range all {
		end := o.To
		if o.Told == Unknown {
			end = math.MaxInt64 // it may still come
		}
		ops = append(ops, porcupine.Operation{ClientId: o.Client, Input: input{o.Award, o.Kind, o.Asked}, Output: o.Told, Call: o.From, Return: end})
	}
	return porcupine.CheckOperationsTimeout(Model(), ops, patience)
}
