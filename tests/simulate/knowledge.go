package main

import (
	"sort"

	"pimultiauth/core"
)

// knowledge is what a process has been told of accounts, kept by the judge beside the core and without a look into it: by answers it got
// itself, and by files it read that others wrote who knew.
type knowledge struct {
	accounts map[int]fact
	models   map[modelOf]fact
	// failed is when the provider itself last failed.
	failed core.Time
}

type modelOf struct {
	account int
	model   string
}

// fact is what is known of one account, or of one model on it. Without one nothing was ever wrong with it.
type fact struct {
	at core.Time
	// until is the end that the provider named, and named when it did; zero when it named none.
	until core.Time
	named core.Time
	// open says that the last failure named no end, so that a longer one may be assumed.
	open bool
	// clean says that it has served since.
	clean bool
}

// served is what is known after the account has answered a request that left at an instant. A failure that named no end may have left nothing to clear, so the answer
// outdates only those that did: what others learned in between still counts.
func (f fact) served(at core.Time) fact {
	if f.until.IsZero() {
		at = f.at
	} else {
		at = max(at, f.at+1)
	}
	return fact{at: at, clean: true}
}

// after is what is known after a failure that followed another one: a later end that was named stands.
func (f fact) after(old fact) fact {
	f.open = f.until.IsZero()
	f.named = f.at
	if !old.clean && f.at.Before(old.until) && f.until < old.until {
		f.until, f.named = old.until, old.named
	}
	return f
}

func (k *knowledge) learn(account int, f fact) {
	if k.accounts == nil {
		k.accounts = map[int]fact{}
	}
	k.accounts[account] = f
}

func (k *knowledge) learnModel(account int, model string, f fact) {
	if k.models == nil {
		k.models = map[modelOf]fact{}
	}
	k.models[modelOf{account, model}] = f
}

// join takes the later fact of each.
func (k *knowledge) join(o knowledge) {
	for i, f := range o.accounts {
		if f.at > k.accounts[i].at {
			k.learn(i, f)
		}
	}
	for m, f := range o.models {
		if f.at > k.models[m].at {
			k.learnModel(m.account, m.model, f)
		}
	}
	k.failed = max(k.failed, o.failed)
}

func (k *knowledge) clone() knowledge {
	out := knowledge{failed: k.failed}
	out.join(*k)
	return out
}

// blocked is the end a provider named for an account and a model; zero when it is not known to be blocked.
func (k *knowledge) blocked(account int, model string) core.Time {
	return max(k.accounts[account].until, k.models[modelOf{account, model}].until)
}

// named is when the end that blocked answers was named.
func (k *knowledge) named(account int, model string) core.Time {
	a, m := k.accounts[account], k.models[modelOf{account, model}]
	if m.until > a.until {
		return m.named
	}
	return a.named
}

// endless says that something speaks against an account and a model of which no end was named.
func (k *knowledge) endless(account int, model string) bool {
	a, known := k.accounts[account]
	m, modelKnown := k.models[modelOf{account, model}]
	return (known && !a.clean && a.open) || (modelKnown && !m.clean && m.open)
}

// clean says that nothing speaks against an account.
func (k *knowledge) clean(account int, model string) bool {
	a, known := k.accounts[account]
	m, modelKnown := k.models[modelOf{account, model}]
	return (!known || a.clean) && (!modelKnown || m.clean)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
