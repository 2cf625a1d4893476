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
	case !gjson.Valid(line) || !gjson.Parse(line).IsObject():
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
	case "usage":
		return e.inspectUsage(q, at)
	case "paste":
		return e.inspectPaste(q)
	case "override":
		return e.inspectOverride(q)
	case "identity":
		return e.inspectIdentity(q)
	default:
		return inspectError("unknown \"what\"; use fault, usage, paste, override, identity, secret or choice")
	}
}

func (e *Engine) inspectFault(q gjson.Result, at core.Time) string {
	o := q.Get("outcome")
	outcome := core.Outcome{
		Status: int(o.Get("status").Int()), Body: o.Get("body").String(), Text: o.Get("text").String(),
		Emitted: o.Get("emitted").Bool(), ToolCall: o.Get("toolCall").Bool(), Aborted: o.Get("aborted").Bool(),
		Empty: o.Get("empty").Bool(), TimedOut: o.Get("timedOut").Bool(), NotSent: o.Get("notSent").Bool(),
	}
	o.Get("headers").ForEach(func(name, value gjson.Result) bool {
		outcome.Headers = append(outcome.Headers, core.Header{Name: strings.ToLower(name.String()), Value: value.String()})
		return true
	})
	f := fault.Read(e.provider(q.Get("provider").String()), q.Get("model").String(), outcome, at)
	return (&core.Object{}).String("kind", string(f.Kind)).String("scope", string(f.Scope)).String("verdict", string(f.Verdict)).
		TimeOrNull("until", f.Until).StringOrNull("source", string(f.Source)).Float("confidence", f.Confidence).Text()
}

func raw(r gjson.Result) string {
	if r.Raw == "" {
		return "null"
	}
	return r.Raw
}

// inspectChoice picks as an acquire at that instant would.
func (e *Engine) inspectChoice(q gjson.Result, at core.Time) string {
	provider := q.Get("provider").String()
	p := e.pools[provider]
	if p == nil {
		return inspectError("no accounts of " + provider)
	}
	pick := p.Pick(pool.Ask{At: at, Model: pool.ModelKey(q.Get("model").String()), Session: q.Get("session").String()}, nil)
	var candidates []string
	chosen := ""
	for _, loss := range pick.Losses {
		if loss.Reason == pool.Won {
			chosen = loss.Account
		}
		candidates = append(candidates, (&core.Object{}).String("account", loss.Account).String("reason", string(loss.Reason)).
			TimeOrNull("until", loss.Until).StringOrNull("cause", loss.Cause).Text())
	}
	return (&core.Object{}).String("provider", provider).StringOrNull("chosen", chosen).Raw("candidates", core.Array(candidates)).Text()
}
