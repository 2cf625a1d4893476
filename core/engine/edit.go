package engine

import (
	"strconv"
	"strings"

	"pimultiauth/core"
	"pimultiauth/core/flow"
	"pimultiauth/core/pool"
	"pimultiauth/core/store"
	"pimultiauth/core/view"
)

const (
	// undoable is how many edits can be taken back, newest first.
	undoable = 20
	// longestName bounds what a person calls an account.
	longestName = 100
	// longestNote bounds what a person notes of one, in bytes.
	longestNote = 200
	// furthest bounds priorities, so that one never wraps.
	furthest = 1000
)

// revision is a change of the state file and of our accounts; either may be "".
type revision struct {
	state string
	own   string
}

// edit is a change a person made and what takes it back.
type edit struct {
	say  string
	back func(at core.Time) revision
}

// change keeps a change of the state file.
func (e *Engine) change(h *flow.Host, delta, say string, back func(at core.Time) string) *core.View {
	var undo func(core.Time) revision
	if back != nil {
		undo = func(at core.Time) revision { return revision{state: back(at)} }
	}
	return e.revise(h, revision{state: delta}, say, undo)
}

// revise keeps a change durably and says what it means for people; back takes it back when it is not nil.
func (e *Engine) revise(h *flow.Host, r revision, say string, back func(at core.Time) revision) *core.View {
	var saves []core.Effect
	for _, part := range [...]struct{ file, delta string }{{"accounts", r.own}, {"state", r.state}} {
		if part.delta == "" {
			continue
		}
		if why := e.files[part.file].readOnly; why != "" {
			return failed(fileNames.Of(part.file) + " is not written: " + why)
		}
		if part.file == "state" {
			saves = append(saves, e.saveDelta(part.delta, true))
		} else {
			saves = append(saves, e.saveOwn(part.delta))
		}
	}
	results := h.Do(saves...)
	e.rebuild()
	e.remember(edit{say, back}, back != nil)
	v := &core.View{Title: "Done", Notes: []string{say}}
	for _, result := range results {
		if result.Error != "" {
			v.Failed, v.Title = true, "It could not be written ("+result.Error+"), so it holds in this Pi only"
		}
	}
	return v
}

// remember keeps an edit for undo, where it can be taken back.
func (e *Engine) remember(made edit, can bool) {
	if !can {
		return
	}
	e.edits = append(e.edits, made)
	if len(e.edits) > undoable {
		e.edits = e.edits[1:]
	}
}

func failed(title string, notes ...string) *core.View {
	return &core.View{Title: title, Notes: notes, Failed: true}
}

// undo takes the newest edit of this process back.
func (e *Engine) undo(h *flow.Host, c *call) *core.View {
	if len(e.edits) == 0 {
		return failed("There is nothing to undo", "A Pi takes back what it has changed itself, as long as it runs.")
	}
	last := e.edits[len(e.edits)-1]
	e.edits = e.edits[:len(e.edits)-1]
	return e.revise(h, last.back(c.at), "Taken back: "+last.say, nil)
}

// find tells the account a person means: "provider/id", an id or a name, upper and lower case alike. Of two that fit it tells both.
func (e *Engine) find(word string) (*pool.Pool, *pool.Candidate, *core.View) {
	type place struct {
		p *pool.Pool
		i int
	}
	var exact, named []place
	guess := view.NewGuess(word)
	for _, id := range e.providers("") {
		p := e.pools[id]
		for i := range p.Accounts {
			c := &p.Accounts[i]
			switch {
			case c.Absent:
			case c.ID == word || id+"/"+c.ID == word:
				exact = append(exact, place{p, i})
			case strings.EqualFold(c.Label, word) || strings.EqualFold(id+"/"+c.Label, word):
				named = append(named, place{p, i})
			default:
				guess.Try(c.ID)
				guess.Try(c.Label)
				guess.Try(id + "/" + c.ID)
			}
		}
	}
	if len(exact) == 0 {
		exact = named
	}
	switch {
	case word == "":
		return nil, nil, failed("Which account? Say its name or its id", "/multi-auth status lists them.")
	case len(exact) == 0:
		return nil, nil, failed("There is no account called \""+view.Clean(word)+"\"", guess.Ask("")+"/multi-auth status lists them.")
	case len(exact) > 1:
		var ids []string
		for _, x := range exact {
			ids = append(ids, x.p.Provider+"/"+x.p.Accounts[x.i].ID)
		}
		return nil, nil, failed("\""+view.Clean(word)+"\" fits more than one account", "Say which: "+strings.Join(ids, ", ")+".")
	}
	return exact[0].p, &exact[0].p.Accounts[exact[0].i], nil
}

// findProvider tells the provider a person means: an id, an alias or a name.
func (e *Engine) findProvider(word string) (string, *core.View) {
	if word == "" {
		return "", failed("Which provider? Say its id", "/multi-auth status lists those with accounts.")
	}
	if e.pools[word] != nil || e.known[word] {
		return word, nil
	}
	if p, ok := e.catalogue[word]; ok {
		// Of the ids that Pi's versions have for one provider it is the one that stands in the catalogue.
		return p.ID, nil
	}
	for _, id := range core.Keys(e.catalogue) {
		p := e.catalogue[id]
		if strings.EqualFold(p.Name, word) || strings.EqualFold(id, word) {
			return p.ID, nil
		}
	}
	guess := view.NewGuess(word)
	for _, name := range e.providerNames("Q") {
		guess.Try(name.Word)
		guess.Try(name.About)
	}
	return "", failed("There is no provider called \""+view.Clean(word)+"\"", guess.Ask("")+"/multi-auth status lists those with accounts.")
}

// owned refuses what only accounts of files can be given.
func owned(c *pool.Candidate) *core.View {
	if c.Source == "stored" {
		return nil
	}
	return failed(c.Label+" is not in a file, so nothing can be kept about it", "It comes from the environment, from models.json or from --api-key.")
}

func (e *Engine) use(h *flow.Host, c *call) *core.View {
	p, account, no := e.find(strings.Join(c.words, " "))
	if no == nil {
		no = owned(account)
	}
	if no != nil {
		return no
	}
	pin := core.Pin{Account: account.ID, Strict: c.has("strict")}
	say := p.Provider + " uses " + account.Label + " until you say \"auto " + p.Provider + "\"; when it cannot serve, another one answers."
	if pin.Strict {
		say = p.Provider + " uses " + account.Label + " and nothing else until you say \"auto " + p.Provider + "\"; when it cannot serve, requests fail."
	}
	return e.change(h, store.PinDelta(p.Provider, pin, e.after(c, "providers", p.Provider, "pin")), say, e.pinBack(p))
}

func (e *Engine) auto(h *flow.Host, c *call) *core.View {
	var ids []string
	for _, id := range e.providers(c.word(0)) {
		if e.pools[id].Pin.Account != "" {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		if c.word(0) != "" && e.pools[c.word(0)] == nil {
			return failed("There is no provider called \"" + view.Clean(c.word(0)) + "\" with accounts")
		}
		return &core.View{Title: "Done", Notes: []string{"No account is pinned; the mode chooses already."}}
	}
	delta := store.Blank
	var backs []func(core.Time) string
	for _, id := range ids {
		delta = store.Merge(delta, store.PinDelta(id, core.Pin{}, e.after(c, "providers", id, "pin")))
		backs = append(backs, e.pinBack(e.pools[id]))
	}
	return e.change(h, delta, strings.Join(ids, ", ")+": the mode chooses again.", all(backs))
}

func all(backs []func(core.Time) string) func(core.Time) string {
	return func(at core.Time) string {
		delta := store.Blank
		for _, back := range backs {
			delta = store.Merge(delta, back(at))
		}
		return delta
	}
}

func (e *Engine) pinBack(p *pool.Pool) func(core.Time) string {
	id, old := p.Provider, p.Pin
	return func(at core.Time) string { return store.PinDelta(id, old, e.state.After(at, "providers", id, "pin")) }
}

// after is when an edit counts as made: now, or just after what stands there with a later time.
func (e *Engine) after(c *call, path ...string) core.Time { return e.state.After(c.at, path...) }

// setting is the change of one setting of an account, and what takes it back. Values are JSON.
func (e *Engine) setting(c *call, provider, account, name, value, old string) (string, func(core.Time) string) {
	path := []string{"providers", provider, "accounts", account, "settings", name}
	return store.SettingDelta(provider, account, name, value, e.state.After(c.at, path...)), func(at core.Time) string {
		return store.SettingDelta(provider, account, name, old, e.state.After(at, path...))
	}
}

func truth(b bool) string { return strconv.FormatBool(b) }

func quoted(s string) string { return string(core.AppendQuoted(nil, s)) }

func (e *Engine) pause(h *flow.Host, c *call) *core.View {
	paused := c.name == "pause"
	if len(c.words) == 0 {
		c.words = []string{""}
	}
	delta := store.Blank
	var backs []func(core.Time) string
	var names, held []string
	for _, word := range c.words {
		p, account, no := e.find(word)
		if no == nil {
			no = owned(account)
		}
		if no != nil {
			return no
		}
		names = append(names, account.Label)
		a, cleared := e.account(p, account, c.at), e.clearing(p.Provider, account.ID, c.at)
		if !paused && cleared != store.Blank && (a.Standing != core.StandingReady || len(a.Models) > 0) {
			held = append(held, account.Label)
			delta = store.Merge(delta, cleared)
			backs = append(backs, e.uncleared(p.Provider, account.ID))
		}
		d, back := e.setting(c, p.Provider, account.ID, "paused", truth(paused), truth(account.Paused))
		delta = store.Merge(delta, d)
		backs = append(backs, back)
		if why := c.flags["why"]; paused && why != "" {
			d, back := e.setting(c, p.Provider, account.ID, "pause", quoted(why), quoted(account.Pause))
			delta = store.Merge(delta, d)
			backs = append(backs, back)
		}
	}
	say := strings.Join(names, ", ") + ": paused, so nothing is sent until you say \"resume\"."
	if !paused {
		say = strings.Join(names, ", ") + ": in use again."
		if len(held) > 0 {
			say += " What was held against " + strings.Join(held, ", ") + " is forgotten; it is asked at its next turn."
		}
	}
	return e.change(h, delta, say, all(backs))
}

// uncleared takes back what clearing does.
func (e *Engine) uncleared(provider, account string) func(core.Time) string {
	known := e.state.Account(provider, account)
	return func(at core.Time) string {
		now := e.state.Account(provider, account)
		delta := store.Blank
		again := func(model string, s, since core.Standing) {
			if s.Fault != "" {
				s.Began, s.At = s.Since(), max(at, since.At+1)
				delta = store.Merge(delta, store.StandingDelta(provider, account, model, s))
			}
		}
		again("", known.Standing, now.Standing)
		for model, s := range known.Models {
			again(model, s, now.Models[model])
		}
		return delta
	}
}

func (e *Engine) rename(h *flow.Host, c *call) *core.View {
	p, account, no := e.find(c.word(0))
	if no == nil {
		no = owned(account)
	}
	if no != nil {
		return no
	}
	old, plain := e.state.Account(p.Provider, account.ID).Label, account.ID
	for i := range e.members[p.Provider] {
		if a := &e.members[p.Provider][i]; a.ID == account.ID {
			plain = a.Label
		}
	}
	if len(c.words) < 2 {
		hint := "Type it behind: rename " + spoken(account.Label) + " NAME."
		if old != "" {
			hint += " An empty one, \"\", brings " + plain + " back."
		}
		return failed("What is "+account.Label+" to be called?", hint)
	}
	name := strings.TrimSpace(view.Clean(strings.Join(c.words[1:], " ")))
	if len(name) > longestName {
		return failed("The name is too long", "It may have "+strconv.Itoa(longestName)+" letters; of other alphabets than the Latin one fewer.")
	}
	if name == plain {
		name = ""
	}
	for i := range p.Accounts {
		if other := &p.Accounts[i]; other.ID != account.ID && name != "" && strings.EqualFold(other.Label, name) {
			return failed(p.Provider + " has another account called " + other.Label)
		}
	}
	if name == old {
		return &core.View{Title: "Done", Notes: []string{account.Label + " is called so already."}}
	}
	delta, back := e.setting(c, p.Provider, account.ID, "label", quoted(name), quoted(old))
	say := account.Label + " is called " + name + " now."
	if name == "" {
		say = account.Label + " is called " + plain + " again; undo brings the name back."
	}
	return e.change(h, delta, say, back)
}

// spoken is a word as it is typed in a command.
func spoken(word string) string {
	if strings.ContainsAny(word, " \t") {
		return "\"" + word + "\""
	}
	return word
}

// settings are what "set" knows, with what may stand behind.
const settings = "priority NUMBER, pool NAME, reserve on|off, overage on|off, projects FOLDER…, base-url URL, header \"Name: value\", note TEXT"

func (e *Engine) set(h *flow.Host, c *call) *core.View {
	p, account, no := e.find(c.word(0))
	if no == nil {
		no = owned(account)
	}
	if no != nil {
		return no
	}
	value := strings.TrimSpace(strings.Join(c.words[min(2, len(c.words)):], " "))
	var name, text, old, say string
	switch what := c.word(1); what {
	case "priority":
		n, err := strconv.Atoi(value)
		if err != nil || n < -furthest || n > furthest {
			return failed("priority needs a whole number", "A lower one goes first while it is ready; 0 is the same as every other.")
		}
		name, text, old = "priority", strconv.Itoa(n), strconv.Itoa(account.Priority)
		say = account.Label + " has priority " + text + " now."
	case "reserve", "overage":
		on := value == "on"
		if !on && value != "off" {
			return failed(what + " is on or off")
		}
		name, text, old = what, truth(on), truth(account.Reserve)
		say = account.Label + " is kept for when no other account is ready."
		if what == "overage" {
			old = truth(account.Overage)
			say = account.Label + " may be used beyond what its plan includes; the provider may charge for that."
		}
		if !on {
			say = account.Label + ": " + what + " is off."
		}
	case "projects":
		folders := c.words[2:]
		name, text, old = "projects", core.Quoted(folders), core.Quoted(account.Projects)
		say = account.Label + " is used in " + strings.Join(folders, ", ") + " only."
		if len(folders) == 0 {
			say = account.Label + " is used everywhere."
		}
	case "note":
		name, text, old = what, quoted(core.PlainLine(value, longestNote)), quoted(account.Note)
		say = account.Label + ": noted."
		if value == "" {
			say = account.Label + " has no note any more."
		}
	case "pool":
		return e.joinGroup(h, c, p, account, value)
	case "base-url", "header":
		return e.setOverride(h, c, &account.Account, what, value)
	default:
		return failed("set needs one of: " + settings)
	}
	delta, back := e.setting(c, p.Provider, account.ID, name, text, old)
	return e.change(h, delta, say, back)
}

func (e *Engine) chooseMode(h *flow.Host, c *call) *core.View {
	id, no := e.findProvider(c.word(0))
	if no != nil {
		return no
	}
	mode := core.Mode(c.word(1))
	if mode == "default" {
		mode = ""
	}
	if len(c.words) < 2 || (mode != "" && !mode.Valid()) {
		v := failed("Which mode?")
		for _, m := range view.Modes {
			v.AddRow("", string(m.Mode), m.Text)
		}
		return v
	}
	var old core.Mode
	if s := e.state.Provider(id); s != nil {
		old = s.Mode
	}
	back := func(at core.Time) string { return store.ModeDelta(id, old, e.state.After(at, "providers", id, "mode")) }
	say := id + ": " + string(e.mode(id, mode)) + " from the next session on."
	if set, ok := e.config.Modes[id]; ok && set != mode {
		say = id + ": kept, but the configuration says " + string(set) + " (rotationModes), and that counts."
	}
	return e.change(h, store.ModeDelta(id, mode, e.after(c, "providers", id, "mode")), say, back)
}

// order puts accounts in front, in the order they are named; the others follow as they stood.
func (e *Engine) order(h *flow.Host, c *call) *core.View {
	id, no := e.findProvider(c.word(0))
	if no != nil {
		return no
	}
	p := e.pools[id]
	if p == nil || len(c.words) < 2 {
		return failed("order needs a provider and its accounts, first the one that goes first")
	}
	place := map[string]int{}
	var ids []string
	for _, word := range c.words[1:] {
		q, account, no := e.find(e.within(p, word))
		if no != nil {
			return no
		}
		if q != p {
			return failed(view.Clean(word) + " is no account of " + id)
		}
		if _, ok := place[account.ID]; !ok {
			place[account.ID] = len(ids)
			ids = append(ids, account.ID)
		}
	}
	var before []string
	for i := range p.Accounts {
		a := &p.Accounts[i]
		if a.Source != "stored" {
			continue
		}
		before = append(before, a.ID)
		if _, ok := place[a.ID]; !ok {
			ids = append(ids, a.ID)
		}
	}
	back := func(at core.Time) string {
		return store.OrderDelta(id, before, e.state.After(at, "providers", id, "order"))
	}
	names := make([]string, len(ids))
	for i, one := range ids {
		names[i] = labelOf(p, one)
	}
	return e.change(h, store.OrderDelta(id, ids, e.after(c, "providers", id, "order")), id+": "+strings.Join(names, ", ")+".", back)
}

// within prefers the accounts of a pool where a word fits several.
func (e *Engine) within(p *pool.Pool, word string) string {
	for i := range p.Accounts {
		if a := &p.Accounts[i]; a.ID == word || strings.EqualFold(a.Label, word) {
			return p.Provider + "/" + a.ID
		}
	}
	return word
}

func (e *Engine) hide(h *flow.Host, c *call) *core.View {
	id, no := e.findProvider(c.word(0))
	if no != nil {
		return no
	}
	hidden := c.name == "hide"
	say := id + " is left alone: not listed, not rotated, not read. \"unhide " + id + "\" brings it back."
	if !hidden {
		say = id + " is back."
		if why := e.catalogue[id].Retired; why != "" {
			return failed(id+" stays left alone", why)
		}
		if contains(e.config.Hidden, id) {
			return failed(id+" stays hidden: the configuration says so", "Take it out of hiddenProviders.")
		}
	}
	back := func(at core.Time) string { return store.HiddenDelta(id, !hidden, e.state.After(at, "hidden", id)) }
	return e.change(h, store.HiddenDelta(id, hidden, e.after(c, "hidden", id)), say, back)
}
