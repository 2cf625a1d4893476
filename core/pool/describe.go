package pool

import (
	"strconv"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
	"pimultiauth/core/health"
	"pimultiauth/core/quota"
)

// Describe writes a pool with everything a choice looks at, but for homes: an ask brings those it needs. No secret is in it.
func (p *Pool) Describe() string {
	o := (&core.Object{}).String("provider", p.Provider).String("mode", string(p.Mode))
	if p.Whole.Fault != "" {
		o.Raw("standing", standingText(&p.Whole))
	}
	text(o, "after", p.After)
	whole(o, "afterAt", int64(p.AfterAt))
	if p.Pin.Account != "" {
		o.Raw("pin", (&core.Object{}).String("account", p.Pin.Account).Bool("strict", p.Pin.Strict).Text())
	}
	if len(p.Groups) > 0 {
		groups := make([]string, len(p.Groups))
		for i := range p.Groups {
			g := &p.Groups[i]
			group := (&core.Object{}).String("id", g.ID).Raw("accounts", core.Quoted(g.Accounts)).Int("priority", int64(g.Priority))
			text(group, "mode", string(g.Mode))
			whole(group, "maxInFlight", int64(g.MaxInFlight))
			exact(group, "health", g.Health)
			text(group, "after", p.Live.Places[g.ID])
			groups[i] = group.Text()
		}
		o.Raw("groups", core.Array(groups))
		text(o, "strategy", string(p.Strategy))
		text(o, "groupAfter", p.Live.GroupAfter)
	}
	whole(o, "warm", int64(p.Warm))
	flag(o, "perRequest", p.PerRequest)
	whole(o, "interval", int64(p.Interval))
	whole(o, "movedAt", int64(p.Live.MovedAt))
	flag(o, "strict", p.Strict)
	whole(o, "salt", p.Salt)
	accounts := make([]string, len(p.Accounts))
	for i := range p.Accounts {
		accounts[i] = p.Accounts[i].Describe()
	}
	return o.Raw("accounts", core.Array(accounts)).Text()
}

// Describe writes a candidate without its secrets.
func (c *Candidate) Describe() string {
	o := (&core.Object{}).String("id", c.ID)
	if c.Source != "stored" {
		o.String("source", c.Source)
	}
	flag(o, "login", c.Login)
	whole(o, "expires", int64(c.Expires))
	whole(o, "mark", c.Mark)
	flag(o, "paused", c.Paused)
	flag(o, "reserve", c.Reserve)
	flag(o, "overage", c.Overage)
	whole(o, "priority", int64(c.Priority))
	if len(c.Projects) > 0 {
		o.Raw("projects", core.Quoted(c.Projects))
	}
	if c.Standing.Fault != "" {
		o.Raw("standing", standingText(&c.Standing))
	}
	if len(c.Models) > 0 {
		var models core.Object
		for _, name := range core.Keys(c.Models) {
			s := c.Models[name]
			models.Raw(name, standingText(&s))
		}
		o.Raw("models", models.Text())
	}
	if !c.Usage.At.IsZero() {
		o.Raw("usage", usageText(&c.Usage))
	}
	whole(o, "inFlight", int64(c.InFlight))
	whole(o, "lastUsed", int64(c.LastUsed))
	flag(o, "absent", c.Absent)
	l := &c.Live
	if !l.Health.At.IsZero() {
		h := (&core.Object{}).Int("at", int64(l.Health.At))
		exact(h, "good", l.Health.Good)
		exact(h, "bad", l.Health.Bad)
		exact(h, "slow", l.Health.Slow)
		o.Raw("health", h.Text())
	}
	if !l.Meter.Seen.IsZero() || l.Meter.Work != 0 {
		rates := make([]string, len(l.Meter.Rates))
		for i := range l.Meter.Rates {
			r := &l.Meter.Rates[i]
			rate := (&core.Object{}).String("name", r.Name)
			text(rate, "model", r.Model)
			whole(rate, "used", r.Used)
			whole(rate, "resets", int64(r.Resets))
			whole(rate, "perMillion", r.PerMillion)
			rates[i] = rate.Text()
		}
		o.Raw("meter", (&core.Object{}).Int("seen", int64(l.Meter.Seen)).Int("work", l.Meter.Work).Raw("rates", core.Array(rates)).Text())
	}
	whole(o, "served", int64(l.Served))
	text(o, "servedModel", l.ServedModel)
	whole(o, "probe", int64(l.Probe))
	return o.Text()
}

func standingText(s *core.Standing) string {
	o := (&core.Object{}).Int("at", int64(s.Since())).String("fault", string(s.Fault))
	whole(o, "until", int64(s.Until))
	text(o, "cause", s.Cause)
	text(o, "source", string(s.Source))
	whole(o, "mark", s.Mark)
	whole(o, "times", int64(s.Times))
	return o.Text()
}

func usageText(u *core.Usage) string {
	o := (&core.Object{}).Int("at", int64(u.At))
	text(o, "plan", u.Plan)
	windows := make([]string, len(u.Windows))
	for i := range u.Windows {
		w := &u.Windows[i]
		one := (&core.Object{}).String("name", w.Name)
		text(one, "model", w.Model)
		flag(one, "aside", w.Aside)
		if w.Known {
			one.Raw("usedPercent", strconv.FormatFloat(w.Used, 'g', -1, 64))
		}
		exact(one, "minutes", float64(w.Length)/float64(core.Minute))
		whole(one, "resetsAt", int64(w.ResetsAt))
		windows[i] = one.Text()
	}
	o.Raw("windows", core.Array(windows))
	whole(o, "blockedUntil", int64(u.BlockedUntil))
	if u.Balance != (core.Balance{}) {
		b := &core.Object{}
		if u.Balance.Known {
			b.Raw("amount", strconv.FormatFloat(u.Balance.Amount, 'g', -1, 64))
		}
		text(b, "currency", u.Balance.Currency)
		flag(b, "exhausted", u.Balance.Exhausted)
		o.Raw("balance", b.Text())
	}
	text(o, "error", u.Error)
	return o.Text()
}

// What says nothing is left out.
func text(o *core.Object, name, value string) {
	if value != "" {
		o.String(name, value)
	}
}

func whole(o *core.Object, name string, value int64) {
	if value != 0 {
		o.Int(name, value)
	}
}

func flag(o *core.Object, name string, value bool) {
	if value {
		o.Bool(name, true)
	}
}

func exact(o *core.Object, name string, value float64) {
	if value != 0 {
		o.Raw(name, strconv.FormatFloat(value, 'g', -1, 64))
	}
}

// ReadPool reads a description totally: what has the wrong type is left out, and an account without an id gets its number. at stands in
// for times that are not told.
func ReadPool(q gjson.Result, at core.Time) *Pool {
	p := &Pool{
		Provider: q.Get("provider").String(), Mode: core.Mode(q.Get("mode").String()), Whole: readStanding(q.Get("standing"), at),
		After: q.Get("after").String(), AfterAt: instant(q.Get("afterAt")), Strategy: Strategy(q.Get("strategy").String()),
		Pin:  Pin{Account: q.Get("pin.account").String(), Strict: q.Get("pin.strict").Bool()},
		Warm: core.Duration(number(q.Get("warm"))), PerRequest: q.Get("perRequest").Bool(), Interval: core.Duration(number(q.Get("interval"))),
		Strict: q.Get("strict").Bool(), Salt: number(q.Get("salt")), Homes: map[string]Home{},
	}
	if pin := q.Get("pin"); pin.Type == gjson.String {
		p.Pin.Account = pin.Str
	}
	p.Live.MovedAt, p.Live.GroupAfter = instant(q.Get("movedAt")), q.Get("groupAfter").String()
	q.Get("groups").ForEach(func(_, g gjson.Result) bool {
		group := Group{
			ID: g.Get("id").String(), Accounts: words(g.Get("accounts")), Priority: int(number(g.Get("priority"))), Mode: core.Mode(g.Get("mode").String()),
			MaxInFlight: int(number(g.Get("maxInFlight"))), Health: g.Get("health").Float(),
		}
		if after := g.Get("after").String(); after != "" {
			if p.Live.Places == nil {
				p.Live.Places = map[string]string{}
			}
			p.Live.Places[group.ID] = after
		}
		at := len(p.Groups)
		for at > 0 && (group.Priority < p.Groups[at-1].Priority || group.Priority == p.Groups[at-1].Priority && group.ID < p.Groups[at-1].ID) {
			at--
		}
		p.Groups = append(p.Groups[:at], append([]Group{group}, p.Groups[at:]...)...)
		return true
	})
	var foreign []Candidate
	q.Get("accounts").ForEach(func(_, a gjson.Result) bool {
		c := ReadCandidate(a, p.Provider, at)
		if c.ID == "" {
			c.ID = p.Provider + "-" + strconv.Itoa(len(p.Accounts)+len(foreign))
		}
		if c.Source == "stored" {
			p.Accounts = append(p.Accounts, c)
		} else {
			foreign = append(foreign, c)
		}
		return true
	})
	p.Accounts = append(p.Accounts, foreign...)
	return p
}

// ReadCandidate reads what Describe wrote, and what people write: a standing may be one word with "until" beside it.
func ReadCandidate(q gjson.Result, provider string, at core.Time) Candidate {
	c := Candidate{Account: core.Account{
		ID: q.Get("id").String(), Provider: provider, Label: q.Get("label").String(), Source: q.Get("source").String(), Login: q.Get("login").Bool(),
		Expires: instant(q.Get("expires")), Mark: number(q.Get("mark")), Upstream: q.Get("upstream").String(),
	}}
	if c.ID == "" {
		c.ID = q.Get("account").String()
	}
	if c.Source != "ambient" && c.Source != "explicit" {
		c.Source = "stored"
	}
	if c.Label == "" {
		c.Label = c.ID
	}
	for _, s := range [...]gjson.Result{q.Get("settings"), q} {
		c.Paused = c.Paused || s.Get("paused").Bool()
		c.Reserve = c.Reserve || s.Get("reserve").Bool()
		c.Overage = c.Overage || s.Get("overage").Bool()
		c.Priority += int(number(s.Get("priority")))
		c.Projects = append(c.Projects, words(s.Get("projects"))...)
	}
	c.Standing = readStanding(q.Get("standing"), at)
	if word := q.Get("standing"); word.Type == gjson.String && word.Str != "ready" && word.Str != "" {
		c.Standing = core.Standing{At: at, Fault: core.FaultKind(q.Get("fault").String()), Until: instant(q.Get("until")), Cause: q.Get("cause").String()}
		if c.Standing.Fault == "" {
			c.Standing.Fault = core.RateLimited
			if word.Str == "suspended" {
				c.Standing.Fault = core.Unauthorized
			}
		}
	}
	q.Get("models").ForEach(func(model, s gjson.Result) bool {
		if c.Models == nil {
			c.Models = map[string]core.Standing{}
		}
		c.Models[model.String()] = readStanding(s, at)
		return true
	})
	c.Usage = readUsage(q.Get("usage"), at)
	if plan := q.Get("plan").String(); plan != "" && c.Usage.Plan == "" {
		c.Usage.Plan = plan
	}
	c.InFlight, c.LastUsed, c.Absent = int(max(number(q.Get("inFlight")), 0)), instant(q.Get("lastUsed")), q.Get("absent").Bool()
	c.Live = readLive(q, at)
	return c
}

func readLive(q gjson.Result, at core.Time) Live {
	l := Live{Served: instant(q.Get("served")), ServedModel: q.Get("servedModel").String(), Probe: instant(q.Get("probe"))}
	switch h := q.Get("health"); {
	case h.Type == gjson.Number && h.Num >= 0 && h.Num <= 1:
		// A share by itself: as of twenty answers.
		l.Health = health.Score{At: at, Good: 20 * h.Num, Bad: 20 * (1 - h.Num)}
	case h.IsObject():
		l.Health = health.Score{At: instant(h.Get("at")), Good: h.Get("good").Float(), Bad: h.Get("bad").Float(), Slow: h.Get("slow").Float()}
	}
	l.Meter = quota.Meter{Seen: instant(q.Get("meter.seen")), Work: number(q.Get("meter.work"))}
	q.Get("meter.rates").ForEach(func(_, r gjson.Result) bool {
		l.Meter.Rates = append(l.Meter.Rates, quota.Rate{
			Name: r.Get("name").String(), Model: r.Get("model").String(), Used: number(r.Get("used")), Resets: instant(r.Get("resets")),
			PerMillion: number(r.Get("perMillion")),
		})
		return true
	})
	return l
}

func readStanding(q gjson.Result, at core.Time) core.Standing {
	if !q.IsObject() {
		return core.Standing{}
	}
	s := core.Standing{
		At: instant(q.Get("at")), Fault: core.FaultKind(q.Get("fault").String()), Until: instant(q.Get("until")), Cause: q.Get("cause").String(),
		Source: core.Source(q.Get("source").String()), Mark: number(q.Get("mark")), Times: int(number(q.Get("times"))),
	}
	if s.Fault == "" {
		s.Fault = core.FaultKind(q.Get("kind").String())
	}
	if s.At.IsZero() {
		s.At = at
	}
	return s
}

func readUsage(q gjson.Result, at core.Time) core.Usage {
	if !q.IsObject() {
		return core.Usage{}
	}
	u := core.Usage{At: instant(q.Get("at")), Plan: q.Get("plan").String(), BlockedUntil: instant(q.Get("blockedUntil")), Error: q.Get("error").String()}
	if u.At.IsZero() {
		u.At = at
	}
	q.Get("windows").ForEach(func(_, w gjson.Result) bool {
		used := w.Get("usedPercent")
		u.Windows = append(u.Windows, core.Window{
			Name: w.Get("name").String(), Model: w.Get("model").String(), Aside: w.Get("aside").Bool(), Used: used.Float(), Known: used.Type == gjson.Number,
			Length: core.Duration(float64(w.Get("minutes").Float()*float64(core.Minute)) + 0.5), ResetsAt: instant(w.Get("resetsAt")),
		})
		return true
	})
	amount := q.Get("balance.amount")
	u.Balance = core.Balance{
		Known: amount.Type == gjson.Number, Amount: amount.Float(), Currency: q.Get("balance.currency").String(), Exhausted: q.Get("balance.exhausted").Bool(),
	}
	return u
}

// ReadAsk reads what a request wants.
func ReadAsk(q gjson.Result, at core.Time) Ask {
	return Ask{
		At: at, Model: ModelKey(q.Get("model").String()), Session: q.Get("session").String(), Parent: q.Get("parent").String(),
		Project: q.Get("project").String(), Prompt: int(number(q.Get("prompt"))), Bound: q.Get("bound").Type == gjson.True || len(words(q.Get("bound"))) > 0,
		Stored: q.Get("stored").Bool(), Tried: words(q.Get("tried")),
	}
}

// ReadHome reads a session's home.
func ReadHome(q gjson.Result) Home {
	return Home{
		Account: q.Get("account").String(), At: instant(q.Get("at")), Since: instant(q.Get("since")), Before: q.Get("before").String(),
		BeforeAt: instant(q.Get("beforeAt")), Prefix: int(number(q.Get("prefix"))), priced: instant(q.Get("priced")),
	}
}

// Text writes a home.
func (h *Home) Text() string {
	o := (&core.Object{}).String("account", h.Account).Int("at", int64(h.At))
	whole(o, "since", int64(h.Since))
	text(o, "before", h.Before)
	whole(o, "beforeAt", int64(h.BeforeAt))
	whole(o, "prefix", int64(h.Prefix))
	whole(o, "priced", int64(h.priced))
	return o.Text()
}

func instant(r gjson.Result) core.Time {
	if r.Type != gjson.Number || !(r.Num >= 0 && r.Num <= 1e15) {
		return 0
	}
	return core.Time(r.Num)
}

func number(r gjson.Result) int64 {
	if r.Type != gjson.Number || !(r.Num >= -1<<53 && r.Num <= 1<<53) {
		return 0
	}
	return int64(r.Num)
}

func words(r gjson.Result) []string {
	var out []string
	if !r.IsArray() {
		return nil
	}
	r.ForEach(func(_, v gjson.Result) bool {
		if v.Type == gjson.String && v.Str != "" {
			out = append(out, v.Str)
		}
		return true
	})
	return out
}
