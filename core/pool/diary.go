package pool

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// Diary writes down decisions with all they hang on, so that they can be made again: a pool when it is first met, an account when it has
// changed since, and each pick with what was asked, the seed and the outcome. No secret is in it. The zero value is ready.
type Diary struct {
	text []byte
	// fresh counts what was written since pools were last written whole, and round how often they were.
	fresh int
	round int
}

// wholeEvery is after how many bytes pools are written whole again: whoever finds only the younger of two files can still replay it.
const wholeEvery = 1 << 20

// What changed of an account since the diary last told of it.
const (
	markHard = 1 << iota
	markSoft
	markLoad
)

// Take answers the lines written since the last one, each with its end.
func (d *Diary) Take() string {
	text := string(d.text)
	d.text = d.text[:0]
	return text
}

// Waiting is what Take would answer, and leaves it.
func (d *Diary) Waiting() string { return string(d.text) }

// Len is how many bytes wait.
func (d *Diary) Len() int { return len(d.text) }

// Decide picks, and writes the pick down. A nil diary only picks.
func (d *Diary) Decide(p *Pool, ask Ask, seed int64) Pick {
	if d == nil {
		return p.Pick(ask)
	}
	home, parent := p.Homes[ask.Session], p.Homes[ask.Parent]
	p.looked = false
	pick := p.Pick(ask)
	before := len(d.text)
	d.state(p)
	d.line(p.pickLine(ask, seed, home, parent, pick))
	d.fresh += len(d.text) - before
	if d.fresh > wholeEvery {
		d.fresh = 0
		d.round++
	}
	return pick
}

func (d *Diary) line(text string) { d.text = append(append(d.text, text...), '\n') }

// state writes what has changed of a pool's accounts; what only scores look at waits until a score was looked at.
func (d *Diary) state(p *Pool) {
	if p.written != d.round+1 || len(p.marks) != len(p.Accounts) {
		p.written, p.marks, p.marked = d.round+1, make([]uint8, len(p.Accounts)), p.marked[:0]
		d.line((&core.Object{}).Int("of", p.Salt).Raw("pool", p.Describe()).Text())
		return
	}
	what := uint8(markHard)
	if p.looked && (p.Mode == core.UsageBased || p.Mode == core.Balancer || len(p.Groups) > 0) {
		what |= markSoft
	}
	kept := p.marked[:0]
	for _, i := range p.marked {
		if p.marks[i]&what == 0 {
			kept = append(kept, i)
			continue
		}
		p.marks[i] = 0
		d.line((&core.Object{}).Int("of", p.Salt).String("provider", p.Provider).Raw("account", p.Accounts[i].Describe()).Text())
	}
	p.marked = kept
}

// mark notes that the diary has to tell of an account anew.
func (p *Pool) mark(i int, what uint8) {
	if i >= len(p.marks) {
		return
	}
	if p.marks[i] == 0 {
		p.marked = append(p.marked, i)
	}
	p.marks[i] |= what
}

// loads tells the accounts whose requests under way changed since the last choice that looked at them, and forgets them.
func (p *Pool) loadText() string {
	if !p.looked {
		return ""
	}
	var b []byte
	kept := p.marked[:0]
	for _, i := range p.marked {
		if p.marks[i]&markLoad != 0 {
			c := &p.Accounts[i]
			b = append(core.AppendQuoted(append(b, ",["...), c.ID), ',')
			b = append(strconv.AppendInt(b, int64(c.InFlight), 10), ',')
			b = append(strconv.AppendInt(b, int64(c.LastUsed), 10), ']')
		}
		if p.marks[i] &^= markLoad; p.marks[i] != 0 {
			kept = append(kept, i)
		}
	}
	p.marked = kept
	if len(b) == 0 {
		return ""
	}
	b[0] = '['
	return string(append(b, ']'))
}

func (p *Pool) pickLine(ask Ask, seed int64, home, parent Home, pick Pick) string {
	o := (&core.Object{}).Int("of", p.Salt).Int("at", int64(ask.At)).Int("seed", seed).String("provider", p.Provider)
	q := (&core.Object{}).String("model", ask.Model)
	text(q, "session", ask.Session)
	text(q, "parent", ask.Parent)
	text(q, "project", ask.Project)
	whole(q, "prompt", int64(ask.Prompt))
	flag(q, "bound", ask.Bound)
	flag(q, "stored", ask.Stored)
	if len(ask.Tried) > 0 {
		q.Raw("tried", core.Quoted(ask.Tried))
	}
	o.Raw("ask", q.Text())
	if home.Account != "" {
		o.Raw("home", home.Text())
	}
	if parent.Account != "" && ask.Parent != ask.Session {
		o.Raw("parentHome", parent.Text())
	}
	text(o, "after", p.After)
	if p.Interval > 0 {
		whole(o, "movedAt", int64(p.Live.MovedAt))
	}
	if len(p.Groups) > 0 {
		text(o, "groupAfter", p.Live.GroupAfter)
		places := &core.Object{}
		for i := range p.Groups {
			text(places, p.Groups[i].ID, p.Live.Places[p.Groups[i].ID])
		}
		o.Raw("places", places.Text())
	}
	if p.Whole.Fault != "" {
		o.Raw("standing", standingText(&p.Whole))
	}
	var here []string
	for i := len(p.Accounts) - 1; i >= 0 && p.Accounts[i].Source != "stored"; i-- {
		if !p.Accounts[i].Absent {
			here = append(here, p.Accounts[i].ID)
		}
	}
	if here != nil {
		o.Raw("here", core.Quoted(here))
	}
	if loads := p.loadText(); loads != "" {
		o.Raw("loads", loads)
	}
	got := &core.Object{}
	if pick.Index >= 0 {
		got.String("account", p.Accounts[pick.Index].ID)
	}
	got.String("why", string(pick.Why))
	flag(got, "new", pick.New)
	flag(got, "turn", pick.Turn)
	text(got, "pool", pick.Group)
	flag(got, "probe", pick.Probe)
	flag(got, "last", pick.Last)
	flag(got, "unpinned", pick.Unpinned)
	whole(got, "wait", int64(pick.Wait))
	return o.Raw("pick", got.Text()).Text()
}

// Replay makes the decisions of a diary again and answers what a diary of them says: the same bytes, as long as the rules are the same.
// Lines of several processes may stand between each other. Decisions about a pool that is not known yet, as at the beginning of a file
// that goes on from an older one, and lines that are no decisions are repeated as they are; counts tell how many were made again.
func Replay(lines string, provider func(string) core.Provider) (again string, decisions int) {
	pools := map[string]*Pool{}
	var out strings.Builder
	for line := range strings.Lines(lines) {
		bare := strings.TrimRight(line, "\n")
		q := gjson.Parse(bare)
		if !core.IsJSON(bare) || !q.IsObject() {
			out.WriteString(line)
			continue
		}
		key := q.Get("of").Raw + "/" + q.Get("provider").String()
		p := pools[key]
		switch {
		case q.Get("pool").IsObject():
			p = ReadPool(q.Get("pool"), 0)
			p.Entitled = provider(p.Provider).Entitled
			p.marks = make([]uint8, len(p.Accounts))
			pools[q.Get("of").Raw+"/"+p.Provider] = p
			bare = (&core.Object{}).Int("of", p.Salt).Raw("pool", p.Describe()).Text()
		case p != nil && q.Get("account").IsObject():
			c := ReadCandidate(q.Get("account"), p.Provider, 0)
			if i := p.Find(c.ID); i >= 0 {
				p.Replace(i, c)
				p.loadsOf(i)
				p.marks[i], p.marked = 0, p.marked[:0]
				bare = (&core.Object{}).Int("of", p.Salt).String("provider", p.Provider).Raw("account", c.Describe()).Text()
			}
		case p != nil && q.Get("pick").IsObject():
			bare = p.replayed(q)
			decisions++
		}
		out.WriteString(bare)
		out.WriteByte('\n')
	}
	return out.String(), decisions
}

func (p *Pool) replayed(q gjson.Result) string {
	ask := ReadAsk(q.Get("ask"), instant(q.Get("at")))
	ask.Model = q.Get("ask.model").String()
	home, parent := Home{}, Home{}
	p.Homes = map[string]Home{}
	if h := q.Get("parentHome"); h.IsObject() {
		parent = ReadHome(h)
		p.Homes[ask.Parent] = parent
	}
	if h := q.Get("home"); h.IsObject() {
		home = ReadHome(h)
		p.Homes[ask.Session] = home
	}
	p.After, p.Live.MovedAt, p.Live.GroupAfter = q.Get("after").String(), instant(q.Get("movedAt")), q.Get("groupAfter").String()
	p.Live.Places = map[string]string{}
	q.Get("places").ForEach(func(group, account gjson.Result) bool {
		p.Live.Places[group.String()] = account.String()
		return true
	})
	p.Whole = readStanding(q.Get("standing"), 0)
	here := words(q.Get("here"))
	for i := len(p.Accounts) - 1; i >= 0 && p.Accounts[i].Source != "stored"; i-- {
		p.Accounts[i].Absent = true
		for _, id := range here {
			p.Accounts[i].Absent = p.Accounts[i].Absent && id != p.Accounts[i].ID
		}
	}
	q.Get("loads").ForEach(func(_, l gjson.Result) bool {
		if i := p.Find(l.Get("0").String()); i >= 0 {
			p.Accounts[i].InFlight, p.Accounts[i].LastUsed = int(number(l.Get("1"))), instant(l.Get("2"))
			p.loadsOf(i)
			p.mark(i, markLoad)
		}
		return true
	})
	p.looked = false
	pick := p.Pick(ask)
	return p.pickLine(ask, number(q.Get("seed")), home, parent, pick)
}

// loadsOf brings what choices read of an account's requests in line with the account.
func (p *Pool) loadsOf(i int) {
	if len(p.loads) == len(p.Accounts) {
		p.loads[i] = load{int64(p.Accounts[i].InFlight), p.Accounts[i].LastUsed}
		p.move(i)
	}
}
