package engine

import (
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
	"pimultiauth/core/fault"
	"pimultiauth/core/pool"
)

// inspect answers what the core makes of something, without changing anything.
func (e *Engine) inspect(m core.Message) (core.Turn, error) {
	line := m.Inspect.Line
	answer := ""
	switch {
	case !core.IsJSON(line) || !gjson.Parse(line).IsObject():
		answer = inspectError("a line must be one JSON object")
	default:
		answer = e.inspectObject(gjson.Parse(line), m.At)
	}
	return core.Turn{Inspected: &core.Inspected{Line: answer}}, nil
}

func inspectError(text string) string { return (&core.Object{}).String("error", text).Text() }

func (e *Engine) inspectObject(q gjson.Result, now core.Time) string {
	at := now
	if v := q.Get("at"); v.Type == gjson.Number && v.Num > 0 && v.Num < 1e15 {
		at = core.Time(v.Num)
	}
	switch what := q.Get("what").String(); what {
	case "fault":
		return e.inspectFault(q, at)
	case "secret":
		return e.inspectSecret(q, at)
	case "choice":
		return e.inspectChoice(q, at)
	case "replay":
		return e.inspectReplay(q)
	case "usage":
		return e.inspectUsage(q, at)
	case "paste":
		return e.inspectPaste(q)
	case "override":
		return e.inspectOverride(q)
	case "reach":
		return inspectReach(q)
	case "identity":
		return e.inspectIdentity(q)
	default:
		return inspectError("unknown \"what\"; use fault, usage, paste, override, identity, secret or choice")
	}
}

func (e *Engine) inspectFault(q gjson.Result, at core.Time) string {
	o := q.Get("outcome")
	outcome := core.Outcome{
		Status: int(o.Get("status").Int()), Body: textOf(o.Get("body")), Text: textOf(o.Get("text")),
		Emitted: o.Get("emitted").Bool(), ToolCall: o.Get("toolCall").Bool(), Aborted: o.Get("aborted").Bool(),
		Empty: o.Get("empty").Bool(), TimedOut: o.Get("timedOut").Bool(), NotSent: o.Get("notSent").Bool(), Blind: o.Get("blind").Bool(),
		OK: o.Get("ok").Bool(),
	}
	o.Get("headers").ForEach(func(name, value gjson.Result) bool {
		if value.IsArray() {
			value = value.Get("0")
		}
		outcome.Headers = append(outcome.Headers, core.Header{Name: strings.ToLower(name.String()), Value: value.String()})
		return true
	})
	f := fault.Read(e.provider(q.Get("provider").String()), q.Get("model").String(), outcome, at)
	return (&core.Object{}).String("kind", string(f.Kind)).String("scope", string(f.Scope)).String("verdict", string(f.Verdict)).
		TimeOrNull("until", f.Until).StringOrNull("source", string(f.Source)).Float("confidence", f.Confidence).Text()
}

// textOf takes a body that was written as JSON, not as a text, for what it is.
func textOf(r gjson.Result) string {
	if r.IsObject() || r.IsArray() {
		return r.Raw
	}
	return r.String()
}

// inspectChoice picks as an acquire at that instant would: among the accounts of the question, else among those that are known.
func (e *Engine) inspectChoice(q gjson.Result, at core.Time) string {
	provider := q.Get("provider").String()
	p := e.pools[provider]
	if q.Get("accounts").IsArray() {
		known := e.catalogue[provider]
		p = pool.ReadPool(q, at)
		p.Entitled = known.Entitled
		if p.Warm == 0 {
			p.Warm = known.Warm
		}
		if !p.Mode.Valid() {
			p.Mode = e.mode(provider, "")
		}
	} else if p == nil {
		return inspectError("no accounts of " + provider + "; give them as \"accounts\"")
	}
	ask := pool.ReadAsk(q, at)
	if home := q.Get("home"); home.IsObject() && q.Get("accounts").IsArray() {
		p.Homes[ask.Session] = pool.ReadHome(home)
	}
	if home := q.Get("parentHome"); home.IsObject() && q.Get("accounts").IsArray() {
		p.Homes[ask.Parent] = pool.ReadHome(home)
	}
	pick, losses := p.Explain(ask)
	chosen := ""
	if pick.Index >= 0 {
		chosen = p.Accounts[pick.Index].ID
	}
	candidates := make([]string, len(losses))
	for i := range losses {
		l := &losses[i]
		candidates[i] = (&core.Object{}).String("account", l.Account).Bool("chosen", i == pick.Index).String("reason", string(l.Reason)).
			TimeOrNull("until", l.Until).StringOrNull("cause", l.Cause).StringOrNull("wouldWinIf", l.Needs).Raw("score", l.Terms.Text()).Text()
	}
	return (&core.Object{}).String("provider", provider).String("mode", string(p.Mode)).StringOrNull("chosen", chosen).
		StringOrNull("why", string(pick.Why)).StringOrNull("pool", pick.Group).Raw("candidates", core.Array(candidates)).Text()
}
