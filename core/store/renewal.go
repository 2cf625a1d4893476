package store

import (
	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// Renewal is how the renewing of a login went last. The zero value is one that nobody tried.
type Renewal struct {
	At core.Time
	// Next is when it may be tried again.
	Next core.Time
	// Failures counts those in a row; 0 after a success.
	Failures int
	// Refused says that the login itself was refused, and not merely the way there.
	Refused bool
	// Mark is that of the access token it was about.
	Mark int64
}

func readRenewal(r gjson.Result) Renewal {
	return Renewal{
		At: readTime(r.Get("at")), Next: readTime(r.Get("next")), Failures: int(min(readCount(r.Get("failures")), 1000)),
		Refused: r.Get("refused").Bool(), Mark: readMark(r.Get("mark")),
	}
}

// RenewalDelta is the change that says how the renewing of a login went.
func RenewalDelta(provider, account string, n Renewal) string {
	leaf := stamped(n.At).Int("next", int64(n.Next)).Int("failures", int64(n.Failures)).Int("mark", n.Mark)
	if n.Refused {
		leaf.Bool("refused", true)
	}
	return accountDelta(provider, account, "renewal", leaf.Text())
}

// Added is when an account of ours came, or a person logged in to it last; zero for one that is not there.
func (t *Tree) Added(provider, account string) core.Time {
	n := t.root.get("providers").get(provider).get("accounts").get(account)
	if added, at := n.login(); at >= 0 {
		return added
	}
	return 0
}

// Came is when an account of auth.json that moves into our file counts as come there: with the one of that name, else just after the last
// one that was removed. Not when it moves: somebody may be removing it at that moment, and has the last word.
func (t *Tree) Came(provider, account string) core.Time {
	added, at := t.root.get("providers").get(provider).get("accounts").get(account).login()
	if at < 0 {
		return added + 1
	}
	return added
}
