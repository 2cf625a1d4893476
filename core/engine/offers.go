package engine

import (
	"strings"

	"pimultiauth/core"
	"pimultiauth/core/view"
)

// offers answers what may come next in a line that is being typed: complete "LINE".
func (e *Engine) offers(c *call) *core.View {
	line := c.word(0)
	parts, last := split(line), ""
	if line != "" && len(parts) > 0 && !strings.HasSuffix(line, " ") {
		last, parts = parts[len(parts)-1], parts[:len(parts)-1]
	}
	return view.Offers(parts, last, func(kind, within string) []view.Named {
		switch kind {
		case "A":
			return e.accountNames(within)
		case "N":
			return e.groupNames(within)
		case "R":
			return append(e.providerNames("P"), e.accountNames("")...)
		}
		return e.providerNames(kind)
	})
}

func (e *Engine) providerNames(kind string) []view.Named {
	ids := map[string]bool{}
	for id := range e.pools {
		ids[id] = kind != "H" || e.hidden(id)
	}
	for _, id := range e.stored {
		ids[id] = kind == "H"
	}
	if kind == "Q" {
		for id := range e.known {
			ids[id] = !e.hidden(id)
		}
		for id, p := range e.catalogue {
			if id == p.ID && p.Retired == "" {
				ids[id] = !e.hidden(id)
			}
		}
	}
	var out []view.Named
	for _, id := range core.Keys(ids) {
		if ids[id] {
			out = append(out, view.Named{Word: id, About: e.nameOf(id)})
		}
	}
	return out
}

// accountNames are how commands call accounts: by name where that is one word and nobody else's, by provider and id otherwise.
func (e *Engine) accountNames(within string) []view.Named {
	if e.pools[within] == nil {
		within = ""
	}
	// called counts the accounts that answer to a word, by name or by id.
	called := map[string]int{}
	for _, id := range e.providers("") {
		for i := range e.pools[id].Accounts {
			if c := &e.pools[id].Accounts[i]; !c.Absent {
				name, own := strings.ToLower(c.Label), strings.ToLower(c.ID)
				if called[name]++; name != own {
					called[own]++
				}
			}
		}
	}
	var out []view.Named
	for _, id := range e.providers(within) {
		p := e.pools[id]
		for i := range p.Accounts {
			c := &p.Accounts[i]
			if c.Absent || c.Source != "stored" {
				continue
			}
			word := c.Label
			if strings.ContainsAny(word, " \"'") || word == "" {
				word = c.ID
			}
			if called[strings.ToLower(word)] != 1 {
				word = id + "/" + c.ID
			}
			out = append(out, view.Named{Word: word, About: id + " " + c.ID})
		}
	}
	return out
}

func (e *Engine) groupNames(within string) []view.Named {
	var out []view.Named
	for _, id := range e.providers("") {
		p := e.pools[id]
		for _, g := range p.Groups {
			if within == id {
				out = append(out, view.Named{Word: g.ID, About: e.groupWords(p, g)})
			}
		}
		for _, chain := range p.Chains {
			if e.pools[within] == nil {
				out = append(out, view.Named{Word: chain.ID, About: chainWords(chain)})
			}
		}
	}
	if within != "" && e.pools[within] != nil {
		out = append(out, view.Named{Word: "strategy", About: "how pools are chosen"})
	}
	return out
}
