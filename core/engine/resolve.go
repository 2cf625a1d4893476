package engine

import (
	"strings"

	"pimultiauth/core"
	"pimultiauth/core/flow"
)

// askKey asks Pi for the secret of a key's entry, which a variable or a command may hold, or for the key that Pi finds by itself where the
// credential is "". Unless a person asked, no command is run that has not run already.
func askKey(provider string, credential core.Secret, manual bool) core.Effect {
	ask := core.AskPi{Provider: provider, Op: "resolve", Credential: credential}
	if !manual {
		ask.Method = "quiet"
	}
	return core.Effect{Ask: &core.Ask{Pi: &ask}}
}

// keyed reads the answer: the entry with its secret, "" where there is none, or in plain words why it is not to be sent. Who has given
// their provider another address in models.json has a key of that address, and the vendor is not to see it.
func (e *Engine) keyed(provider string, credential core.Secret, result core.Result) (entry core.Secret, why string) {
	if result.Error != "" {
		return "", "its key was not found: " + core.Plain(result.Error, 100)
	}
	answer := core.Answer{}
	if result.Ask != nil {
		answer = *result.Ask
	}
	if places := answer.Extra.Reveal(); places != "" {
		p, reached := e.provider(provider), false
		for place := range strings.SplitSeq(places, "\n") {
			reached = reached || p.MayReach(place, core.Override{})
		}
		if !reached {
			return "", "it is used at an address of its own"
		}
	}
	if c, ok := core.ReadCredential(credential); answer.Text == "" && ok && !c.Template {
		return credential, ""
	}
	return answer.Text, ""
}

// keyOf is keyed for one key that a person asks about.
func (e *Engine) keyOf(h *flow.Host, provider string, credential core.Secret) (core.Secret, string) {
	result := core.Result{}
	if results := h.Do(askKey(provider, credential, true)); len(results) == 1 {
		result = results[0]
	}
	return e.keyed(provider, credential, result)
}
