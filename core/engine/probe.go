package engine

import (
	"pimultiauth/core"
	"pimultiauth/core/fault"
	"pimultiauth/core/flow"
	"pimultiauth/core/pool"
)

const (
	probeTimeout  = 8 * core.Second
	probeMaxBytes = 64 << 10
)

// provider is what the catalogue knows of an id; of one it does not know, only the id.
func (e *Engine) provider(id string) *core.Provider {
	if p, ok := e.catalogue[id]; ok {
		return &p
	}
	return &core.Provider{ID: id}
}

// probe asks an account with the smallest request why it refused, where the host could not see it and the answer is worth the question.
// What it finds out is judged like any failure; a question that comes to nothing leaves the failure as it was.
func (e *Engine) probe(r *request, c *pool.Candidate, o core.Outcome, at core.Time) (core.Turn, bool) {
	name := r.provider + "/" + c.ID
	if r.sticky || r.api != "openai-completions" || c.Source != "stored" || c.Login || !fault.ProbeWorth(o, e.probed[name], at) {
		return core.Turn{}, false
	}
	fetch, ok := e.probeFetch(r, c)
	if !ok {
		return core.Turn{}, false
	}
	e.probed[name] = at
	return e.begin(func(h *flow.Host) core.Turn {
		results := h.Do(e.effect(core.Effect{Fetch: &fetch}))
		learned := o
		if len(results) == 1 && results[0].Fetch != nil {
			learned = fault.Probed(o, *results[0].Fetch)
		}
		p := e.pools[r.provider]
		i := -1
		if p != nil {
			i = p.Find(r.account)
		}
		if i < 0 {
			return core.Turn{Refuse: &core.Refuse{Original: true}}
		}
		return e.failed(r, p, i, learned, at)
	}), true
}

// probeFetch is the smallest chat completion with a literal key; false where the key is Pi's to resolve or no address is known.
func (e *Engine) probeFetch(r *request, c *pool.Candidate) (core.Fetch, bool) {
	credential, _ := core.ReadCredential(c.Credential)
	key := credential.Key
	address := e.provider(r.provider).Probe
	if c.BaseURL != "" {
		address = c.BaseURL + "/chat/completions"
	}
	if key == "" || credential.Template {
		return core.Fetch{}, false
	}
	body := (&core.Object{}).String("model", r.model).Raw("messages", `[{"role":"user","content":"ping"}]`).Int("max_tokens", 1).Bool("stream", false)
	f := core.Fetch{
		Method: "POST", URL: address, Timeout: probeTimeout, MaxBytes: probeMaxBytes, Body: core.Secret(body.Text()),
		Headers: []core.SecretHeader{
			{Name: "accept", Value: "application/json"}, {Name: "content-type", Value: "application/json"},
			{Name: "authorization", Value: "Bearer " + key},
		},
	}
	return f, e.bound(c, &f)
}
