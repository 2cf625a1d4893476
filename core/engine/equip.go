package engine

import "pimultiauth/core/pool"

// equip gives a pool what is decided outside of it: what the catalogue knows of its provider, the configuration, and from an older form
// of the pool what only this process knows.
func (e *Engine) equip(p, old *pool.Pool) {
	known := e.catalogue[p.Provider]
	p.Warm, p.Entitled, p.Salt = known.Warm, known.Entitled, e.salt
	p.PerRequest, p.Interval, p.Strict = e.config.PerRequest, e.config.Interval, e.config.Strict
	if old == nil {
		return
	}
	p.Live = old.Live
	for session, was := range old.Homes {
		p.Homes[session] = keepHome(was, p.Homes[session])
	}
	if old.AfterAt > p.AfterAt {
		p.After, p.AfterAt = old.After, old.AfterAt
	}
}

// keepHome joins what this process knows of a session's account with what a file says.
func keepHome(known, read pool.Home) pool.Home {
	switch {
	case known.Account == read.Account:
		known.At, known.Saved = max(known.At, read.At), max(known.Saved, read.At)
		return known
	case known.At > read.At:
		return known
	case read.Account == "":
		return pool.Home{}
	}
	return pool.Home{Account: read.Account, At: read.At, Since: read.At, Saved: read.At, Before: known.Account, BeforeAt: known.At}
}
