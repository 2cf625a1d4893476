package engine

import (
	"strings"

	"pimultiauth/core"
	"pimultiauth/core/flow"
	"pimultiauth/core/store"
)

// startFiles are read in this order: the configuration says what to leave alone before accounts are looked at.
var startFiles = []string{"config", "settings", "models", "auth", "accounts", "state", "usage"}

// idsPerMilli is how many ids an instance has for each millisecond before the next one's begin; they stay whole numbers for the host.
const idsPerMilli = 1000

func (e *Engine) start(m core.Message) (core.Turn, error) {
	e.zone, e.quiet, e.seed, e.told = m.Start.ZoneMinutes, m.Start.Quiet, m.Seed, m.Start.Decisions
	e.reader.offline = m.Start.Offline
	if e.quiet {
		// Leases and changes of the instance before this one are out yet, and what they are settled with must not meet another's.
		first := int64(m.At) * idsPerMilli
		e.lastLease, e.lastFlow, e.lastEffect = first, first, first
	}
	e.learn(m.Start.Known)
	return e.begin(func(h *flow.Host) core.Turn { return e.read(h, startFiles) }), nil
}

func (e *Engine) changed(m core.Message) (core.Turn, error) {
	e.learn(m.Changed.Known)
	wanted := m.Changed.Files
	// The configuration is one value of two files.
	config := contains(wanted, "config") || contains(wanted, "settings")
	var files []string
	for _, name := range startFiles {
		if contains(wanted, name) || config && (name == "config" || name == "settings") {
			files = append(files, name)
		}
	}
	if contains(wanted, "journal") {
		// Changes that their processes could not write yet.
		files = append(files, "journal")
	}
	if len(m.Changed.Known) > 0 {
		// Which account belongs to which provider hangs on the providers that are known.
		files = union(files, "auth")
	}
	if len(files) == 0 {
		return core.Turn{Ready: e.ready()}, nil
	}
	return e.begin(func(h *flow.Host) core.Turn { return e.read(h, files) }), nil
}

func union(files []string, name string) []string {
	for _, f := range files {
		if f == name {
			return files
		}
	}
	return append(files, name)
}

func (e *Engine) learn(known []string) {
	for _, id := range known {
		if store.ValidID(id) {
			e.known[id] = true
		}
	}
}

// read is the flow that brings files in.
func (e *Engine) read(h *flow.Host, files []string) core.Turn {
	effects := make([]core.Effect, len(files))
	for i, name := range files {
		read := core.File{Op: "read", Name: name}
		if name == "journal" {
			// What others wrote stands in the files themselves.
			read.Key = "pending"
		}
		effects[i] = e.effect(core.Effect{File: &read})
	}
	results := map[int64]core.Result{}
	for _, r := range h.Do(effects...) {
		results[r.ID] = r
	}
	journal := ""
	if e.lost(files, effects, results) {
		for _, r := range h.Do(e.effect(core.Effect{File: &core.File{Op: "read", Name: "journal"}})) {
			if r.File != nil {
				journal = r.File.Text.Reveal()
			}
		}
		// What is not there yet may have been written before the journal was read.
		var again []core.Effect
		for i, name := range files {
			if file := e.files[name]; file != nil && name != "usage" && journal != "" {
				effects[i] = e.effect(core.Effect{File: &core.File{Op: "read", Name: name}})
				again = append(again, effects[i])
			}
		}
		if len(again) > 0 {
			for _, r := range h.Do(again...) {
				results[r.ID] = r
			}
		}
	}
	turn := core.Turn{}
	config := map[string]string{}
	configRead, anew := false, journal != ""
	for i, name := range files {
		r := results[effects[i].ID]
		text, missing := "", true
		if r.File != nil {
			text, missing = r.File.Text.Reveal(), r.File.Missing
		}
		switch name {
		case "config", "settings":
			config[name], configRead = text, true
			if r.Error != "" {
				e.complain(&turn, "warning", fileNames.Of(name), "it cannot be read ("+r.Error+"), so its values are not used.")
			}
		case "models":
			e.written = store.ReadProviders(text)
			e.learn(e.written)
			anew = true
		case "auth":
			e.readAuth(&turn, text, missing, r.Error)
			anew = true
		case "journal":
			for _, own := range [...]string{"accounts", "state"} {
				store.Recall(text, own, e.files[own].tree)
			}
			anew = true
		case "usage":
			// What was read is read again some time; nobody need hear that it cannot be.
			if damaged, _ := store.Check(text, float64(store.UsageVersion)); damaged == "" && text != "" {
				e.absorb(e.files[name], text)
			}
		case "accounts", "state":
			anew = e.readOurs(&turn, e.files[name], r, journal) || anew
		}
	}
	if configRead {
		anew = true
		e.config = store.ReadConfig(config["config"], config["settings"])
		e.keepDiary(e.told && !e.config.Quiet)
		for _, warning := range e.config.Warnings {
			e.complain(&turn, "warning", "", warning)
		}
	}
	if anew {
		e.gather("")
		e.rebuild()
	}
	turn.Ready = e.ready()
	return turn
}

// fileNames are what people call the files.
var fileNames = core.Table{
	{"auth", "auth.json"}, {"models", "models.json"}, {"accounts", "multi-auth-accounts.json"}, {"state", "multi-auth.json"}, {"config", "config.json"}, {"settings", "multi-auth-config.json"},
}

func (e *Engine) complain(turn *core.Turn, level, file, text string) {
	if e.quiet {
		return
	}
	if file != "" {
		text = file + ": " + text
	}
	turn.Effects = append(turn.Effects, e.notice(level, text, text))
}

func (e *Engine) readAuth(turn *core.Turn, text string, missing bool, failure string) {
	switch {
	case failure != "":
		e.complain(turn, "warning", "auth.json", "it cannot be read ("+failure+"); the accounts known so far are used.")
		return
	case missing:
		e.auth = store.Auth{}
		return
	}
	auth := store.ReadAuth(text, e.knows)
	if auth.Damaged != "" || text == "" {
		why := auth.Damaged
		if why == "" {
			why = "it is empty"
		}
		e.complain(turn, "warning", "auth.json", why+"; the accounts known so far are used and the file is left as it is.")
		return
	}
	e.auth = auth
}

// lost reports whether a file of ours is not there as it should be while this instance knows nothing of it, so that the journal is
// asked. A missing accounts file is one that was never written, unless the state file says otherwise.
func (e *Engine) lost(files []string, effects []core.Effect, results map[int64]core.Result) bool {
	lost, missing := false, false
	owning := e.state.Owning()
	for i, name := range files {
		file, r := e.files[name], results[effects[i].ID]
		if file == nil || name == "usage" || file.tree.Known() || r.File == nil {
			continue
		}
		text := r.File.Text.Reveal()
		damaged, _ := store.Check(text, float64(file.version))
		state := name == "state"
		owning = owning || (state && store.Parse(text).Owning())
		missing = missing || (r.File.Missing && !state)
		lost = lost || (r.File.Missing && state) || (!r.File.Missing && text == "") || damaged != "" || (state && store.IsOld(text))
	}
	return lost || (missing && owning)
}

// readOurs brings a file of ours in. One that was damaged, removed or written by something else is healed from what this instance or
// the journal knows. It reports whether the pools are to be made anew; what others changed is followed alone.
func (e *Engine) readOurs(turn *core.Turn, file *ours, r core.Result, journal string) (anew bool) {
	name := fileNames.Of(file.name)
	file.readOnly = ""
	if r.File == nil {
		e.complain(turn, "warning", name, "it cannot be read ("+r.Error+"); what is learned now stays in memory until it can.")
		return false
	}
	text, missing := r.File.Text.Reveal(), r.File.Missing
	damaged, readOnly := store.Check(text, float64(file.version))
	old := file.name == "state" && store.IsOld(text)
	// What is only put off in the journal is of a file that nobody has written yet.
	written := file.tree.Known() || strings.Contains(journal, `{"known":"`+file.name)
	if missing || text == "" || damaged != "" || old {
		store.Recall(journal, file.name, file.tree)
	}
	known := file.tree.Known()
	heal := func(why string) {
		if why != "" {
			e.complain(turn, "warning", name, why)
		}
		turn.Effects = append(turn.Effects, e.effect(core.Effect{File: &core.File{Op: "save", Name: file.name, Delta: core.Secret(e.blank(file)), Sync: true}}))
	}
	anew = true
	switch {
	case missing && known && !written:
		heal("")
	case missing && known:
		heal("something removed it; what is known is written anew.")
	case missing:
	case readOnly != "":
		file.readOnly = readOnly
		e.complain(turn, "warning", name, readOnly+"; it is used and not written.")
		file.tree.Join(text)
	case text == "":
		heal("it is empty; what is known is written anew.")
	case damaged != "":
		heal(damaged + "; a copy is kept aside and what is known is written anew.")
	case old && known:
		file.tree.Join(store.Upgrade(text))
		heal("another extension has written it anew in version 1, which lost what was kept in it. It is written as it was; use one of the two extensions.")
	case old:
		file.tree.Join(store.Upgrade(text))
		heal("its settings are of version 1 and were taken over; a copy is kept as multi-auth.json.v1.")
	default:
		e.absorb(file, text)
		anew = false
	}
	file.tree.Own(file.version)
	return anew
}

func (e *Engine) blank(file *ours) string {
	if file.tree == e.own {
		return store.BlankAccounts
	}
	return store.Blank
}

func (e *Engine) ready() *core.Ready {
	r := &core.Ready{Debug: e.config.Debug}
	for id, p := range e.pools {
		own := false
		stored := false
		for i := range p.Accounts {
			stored = stored || p.Accounts[i].Source == "stored"
			own = own || p.Accounts[i].ID == id
		}
		if !stored {
			continue
		}
		r.Providers = append(r.Providers, id)
		if !own {
			r.Provision = append(r.Provision, id)
		}
	}
	for _, id := range e.config.Hidden {
		r.Hidden = union(r.Hidden, id)
	}
	for _, id := range e.stored {
		r.Hidden = union(r.Hidden, id)
	}
	r.Headers = append(r.Headers, core.WindowHeaders...)
	for _, p := range e.catalogue {
		if p.Retired != "" {
			r.Hidden = union(r.Hidden, p.ID)
		}
		for _, begin := range p.Headers {
			r.Headers = union(r.Headers, begin)
		}
	}
	core.Sorted(r.Headers)
	core.Sorted(r.Providers)
	core.Sorted(r.Provision)
	core.Sorted(r.Hidden)
	return r
}
