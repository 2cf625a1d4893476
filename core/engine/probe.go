package engine

import "pimultiauth/core"

// provider is what the catalogue knows of an id; of one it does not know, only the id.
func (e *Engine) provider(id string) *core.Provider {
	if p, ok := e.catalogue[id]; ok {
		return &p
	}
	return &core.Provider{ID: id}
}
