package pool

import (
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// Tally is what became of the requests of a diary, as they were and as another mode would have had them.
type Tally struct {
	Provider string
	Requests int
	// From and To are when the first and the last of them were.
	From core.Time
	To   core.Time
	// Was is what happened, Would what the other mode does.
	Was   Fate
	Would Fate
	// met is when a session asked last, by its try.
	met map[string]core.Time
}

// Fate is how requests fared under one mode. The zero value is of none.
type Fate struct {
	// Accounts counts first choices.
	Accounts map[string]int
	// Switches are sessions that went on with another account than before.
	Switches int
	// Refusals are requests that began with an account that failed, and Avoidable those of them where another one was ready.
	Refusals  int
	Avoidable int
	// Nobody are requests that found no account.
	Nobody int
	last   map[string]string
}

// repeatedWithin is how long after a decision the same session may decide the same request anew: while it waited for the gate, others
// may have moved on.
const repeatedWithin = 250 * core.Millisecond

func (f *Fate) choose(session, account string) {
	if account == "" {
		f.Nobody++
		return
	}
	f.Accounts[account]++
	if was := f.last[session]; session != "" && was != "" && was != account {
		f.Switches++
	}
	f.last[session] = account
}

// Rerun makes the decisions of a diary once more as another mode would have made them, each with the standings that were known when it
// was made. Where an account failed in truth, it would have failed for the other mode too.
func Rerun(lines string, mode core.Mode, only string, provider func(string) core.Provider) []Tally {
	pools := map[string]*Pool{}
	var out []Tally
	place := map[string]int{}
	for line := range strings.Lines(lines) {
		q := gjson.Parse(line)
		if !core.IsJSON(line) || !q.IsObject() {
			continue
		}
		p := pools[q.Get("of").Raw+"/"+q.Get("provider").String()]
		switch {
		case q.Get("pool").IsObject():
			p = ReadPool(q.Get("pool"), 0)
			key := q.Get("of").Raw + "/" + p.Provider
			if old := pools[key]; old != nil {
				p.Homes, p.After, p.Live = old.Homes, old.After, old.Live
			} else {
				p.Homes = map[string]Home{}
			}
			p.Entitled, p.Mode = provider(p.Provider).Entitled, mode
			pools[key] = p
		case p != nil && q.Get("account").IsObject():
			c := ReadCandidate(q.Get("account"), p.Provider, 0)
			if i := p.Find(c.ID); i >= 0 {
				p.Replace(i, c)
			}
		case p != nil && q.Get("pick").IsObject() && (only == "" || only == p.Provider):
			i, ok := place[p.Provider]
			if !ok {
				i = len(out)
				place[p.Provider] = i
				fate := func() Fate { return Fate{Accounts: map[string]int{}, last: map[string]string{}} }
				out = append(out, Tally{Provider: p.Provider, Was: fate(), Would: fate(), met: map[string]core.Time{}})
			}
			out[i].rerun(p, q)
		}
	}
	return out
}

func (t *Tally) rerun(p *Pool, q gjson.Result) {
	ask := ReadAsk(q.Get("ask"), instant(q.Get("at")))
	ask.Model = q.Get("ask.model").String()
	chosen := q.Get("pick.account").String()
	again := len(ask.Tried) > 0
	key := ask.Session + "/" + core.Decimal(int64(len(ask.Tried)))
	since := ask.At.Sub(t.met[key])
	t.met[key] = ask.At
	if since >= 0 && since < repeatedWithin {
		return
	}
	if again {
		failed := ask.Tried[len(ask.Tried)-1]
		t.Was.refused(len(ask.Tried) == 1, chosen != "")
		if t.Would.last[ask.Session] != failed {
			// The other mode had begun with another account, and was done.
			return
		}
		t.Would.refused(len(ask.Tried) == 1, chosen != "")
	}
	if !again {
		t.Requests++
		if t.From.IsZero() {
			t.From = ask.At
		}
		t.To = ask.At
		t.Was.choose(ask.Session, chosen)
	}
	pick := p.Pick(ask)
	account := ""
	if pick.Index >= 0 {
		account = p.Accounts[pick.Index].ID
		if ask.Session != "" {
			p.Settle(ask.Session, account, ask.At)
		}
		if pick.Turn {
			p.After = account
			p.Placed(pick)
		}
	}
	if !again {
		t.Would.choose(ask.Session, account)
	} else if account != "" {
		t.Would.last[ask.Session] = account
	}
}

func (f *Fate) refused(first, sibling bool) {
	if first {
		f.Refusals++
		if sibling {
			f.Avoidable++
		}
	}
}
