package engine

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
	"pimultiauth/core/flow"
	"pimultiauth/core/store"
	"pimultiauth/core/view"
)

const (
	// oldestPi and newestPi are the first Pi this works on and the last it was tried with.
	oldestPi = "0.84.0"
	newestPi = "1.5.2"
	// oldestNode is the first Node with all that the loader uses.
	oldestNode = "22.19.0"
	// clockWrong is from where a clock beside a service's spoils the ends of tokens and of cooldowns, clockOff from where it is worth a
	// word. Services tell whole seconds, some time after they looked. Neither decides anything: core.SetBack and store.ClocksDiffer do.
	clockWrong = 5 * core.Minute
	clockOff   = 30 * core.Second
)

// examination is one run of doctor: facts of the host, rules of ours.
type examination struct {
	*Engine
	facts gjson.Result
	at    core.Time
	found []view.Finding
	// mends are what --fix does, by the place in found of what it is for.
	mends map[int][]core.File
}

func (x *examination) add(tone, topic, text, fix string, mends ...core.File) {
	if len(mends) > 0 {
		x.mends[len(x.found)] = mends
	}
	x.found = append(x.found, view.Finding{Tone: tone, Topic: topic, Text: text, Fix: fix, Mends: len(mends) > 0})
}

// doctor looks at everything that can be wrong around accounts; --fix sets right what can be taken back.
func (e *Engine) doctor(h *flow.Host, c *call) *core.View {
	answer, err := h.Ask(core.Ask{Input: &core.Input{Kind: "facts"}})
	facts, ok := core.ReadObject(answer.Text.Reveal())
	if err != nil || !ok {
		return failed("The host tells no facts, so nothing can be examined")
	}
	texts := map[string]string{}
	for _, name := range [...]string{"auth", "config", "settings"} {
		if r, err := h.File(core.File{Op: "read", Name: name}); err == nil {
			texts[name] = r.Text.Reveal()
		}
	}
	x := &examination{e, facts, h.At(), nil, map[int][]core.File{}}
	x.versions()
	x.clock()
	x.files()
	x.logins()
	x.entries(texts["auth"])
	x.settings(texts)
	var mended []string
	if c.has("fix") {
		for i := range x.found {
			f := &x.found[i]
			failure := ""
			for _, file := range x.mends[i] {
				for _, r := range h.Do(e.effect(core.Effect{File: &file})) {
					failure += r.Error
				}
				if failure != "" {
					break
				}
			}
			switch {
			case !f.Mends:
				continue
			case failure != "":
				mended = append(mended, f.Topic+": not set right ("+core.PlainLine(failure, 100)+").")
				continue
			}
			mended = append(mended, f.Topic+": "+f.Fix+": done.")
			f.Tone, f.Mends, f.Text = "", false, f.Text+" (set right)"
		}
	}
	v := view.Doctor(x.found, mended, facts.Raw, c.json)
	for _, f := range x.found {
		v.Failed = v.Failed || f.Tone == "bad"
	}
	if v.Failed {
		v.Title = "Something is wrong"
	}
	return v
}

func (x *examination) versions() {
	pi, node, bun := x.facts.Get("pi").String(), x.facts.Get("runtime.node").String(), x.facts.Get("runtime.bun").String()
	switch {
	case before(pi, oldestPi):
		x.add("bad", "Pi", pi+" is too old", "update Pi: "+oldestPi+" and newer work")
	case before(newestPi, pi):
		x.add("wait", "Pi", pi+" is newer than what this was tried with ("+newestPi+")", "")
	default:
		x.add("", "Pi", pi, "")
	}
	switch {
	case bun != "":
		x.add("", "runtime", "Bun "+bun, "")
	case before(node, oldestNode):
		x.add("bad", "runtime", "Node "+node+" is too old", "update Node: "+oldestNode+" and newer work")
	default:
		x.add("", "runtime", "Node "+node+" on "+x.facts.Get("platform").String(), "")
	}
	if x.facts.Get("gate").String() == "folder" {
		x.add("wait", "gate", "node:sqlite is missing here, so a process that died elsewhere may hold up changes for half a minute", "use a Node with node:sqlite")
	} else {
		x.add("", "gate", "a lock that dies with its process", "")
	}
	x.add("", "module", "core.wasm, "+strconv.FormatInt(x.facts.Get("moduleFile.size").Int()>>10, 10)+" kB, ABI "+x.facts.Get("abi").String(), "")
}

// before reports whether version a comes before b. What is no number counts as 0, so that a name behind the version does no harm.
func before(a, b string) bool {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range bs {
		n, m := 0, 0
		if i < len(as) {
			n, _ = strconv.Atoi(as[i])
		}
		if m, _ = strconv.Atoi(bs[i]); n != m {
			return n < m
		}
	}
	return false
}

func (x *examination) clock() {
	ahead, jumped := core.Duration(x.facts.Get("ahead").Int()), core.Duration(x.facts.Get("jumped").Int())
	switch off := max(ahead, -ahead); {
	case x.facts.Get("ahead").Type != gjson.Number:
		x.add("", "clock", "no service has told the time yet", "")
	case off > clockWrong:
		x.add("bad", "clock", "it is "+view.Span(off)+" off what services say: logins and cooldowns end at the wrong time", "set the clock of this machine")
	case off > clockOff:
		x.add("wait", "clock", "it is "+view.Span(off)+" off what services say", "set the clock of this machine")
	default:
		x.add("", "clock", "as services say", "")
	}
	if jump := max(jumped, -jumped); jump > clockWrong {
		x.add("wait", "clock", "it was set by "+view.Span(jump)+" since this Pi began, or the machine slept", "")
	}
}

// secrets are the files whose content is nobody else's.
var secrets = []string{"auth", "accounts", "state", "journal", "decisions"}

func (x *examination) files() {
	windows := x.facts.Get("platform").String() == "win32"
	me := x.facts.Get("uid").Int()
	if mode := x.facts.Get("folder.mode").Int(); !windows && mode&0o022 != 0 && mode&0o1000 == 0 {
		x.add("bad", "folder", view.Clean(x.facts.Get("folder.path").String())+" can be written by others (mode "+strconv.FormatInt(mode, 8)+")", "chmod go-w on it")
	}
	if x.facts.Get("inProfile").Type == gjson.False {
		x.add("wait", "folder", view.Clean(x.facts.Get("folder.path").String())+" is outside of your profile folder: others on this machine may read it", "set PI_MULTI_AUTH_RUNTIME_DIR to a folder in it")
	}
	x.facts.Get("files").ForEach(func(_, f gjson.Result) bool {
		name, kind, path := f.Get("name").String(), f.Get("kind").String(), view.Clean(f.Get("path").String())
		topic := fileNames.Of(name)
		if topic == "" {
			topic = name
		}
		mode, uid := f.Get("mode").Int(), f.Get("uid").Int()
		switch {
		case kind == "missing":
		case kind != "file":
			x.add("bad", topic, path+" is "+core.PlainLine(kind, 60)+" and no file", "move it away")
		case windows || !contains(secrets, name):
		case uid != me && uid != 0 && me != 0:
			x.add("bad", topic, path+" belongs to another user", "chown it to yourself")
		case mode&0o077 != 0 && f.Get("link").Bool():
			x.add("bad", topic, "what "+path+" leads to can be read by others (mode "+strconv.FormatInt(mode, 8)+")", "chmod 600 on it")
		case mode&0o077 != 0:
			x.add("bad", topic, path+" can be read by others (mode "+strconv.FormatInt(mode, 8)+")", "chmod 600", core.File{Op: "mend", Name: name, Key: "mode"})
		}
		if file := x.Engine.files[name]; file != nil && file.readOnly != "" {
			x.add("bad", topic, "it is not written: "+file.readOnly, "")
		}
		if n := f.Get("damaged").Int(); n > 0 {
			x.add("wait", topic, "damaged or earlier copies are kept beside it: "+strconv.FormatInt(n, 10), "look at "+path+".damaged-… and delete what is not needed")
		}
		if temp := f.Get("temp"); temp.IsObject() && core.Duration(temp.Get("age").Int()) > core.Minute {
			x.add("wait", topic, "a write that never ended left "+path+".tmp", "keep it aside", core.File{Op: "mend", Name: name, Key: "temp"})
		}
		return true
	})
	x.facts.Get("locks").ForEach(func(_, l gjson.Result) bool {
		age, path := core.Duration(l.Get("age").Int()), view.Clean(l.Get("path").String())
		switch {
		case !windows && l.Get("mode").Int() == 0o500 && age > 10*core.Second:
			x.add("wait", "lock", path+" was left by a process of this extension "+view.Span(age)+" ago", "take it away", core.File{Op: "mend", Name: "auth", Key: "lock"})
		case age > 31*core.Second:
			x.add("wait", "lock", path+" is held by Pi or another program for "+view.Span(age)+"; it was left behind, or its owner hangs", "end the Pi that hangs; a lock that was left behind is taken over")
		default:
			x.add("", "lock", path+" is held at the moment", "")
		}
		return true
	})
	if n := x.facts.Get("pending").Int(); n > 0 {
		x.add("wait", "journal", strconv.FormatInt(n, 10)+" changes wait there until the files can be written", "")
	}
}

func (x *examination) logins() {
	n := 0
	for _, a := range x.accounts("", x.at) {
		n++
		name := a.Provider + "/" + a.Label
		switch {
		case a.Standing == core.StandingSuspended:
			x.add("bad", name, a.Why, a.Fix)
		case a.Paused:
			x.add("", name, "paused", "")
		}
		if a.Twin != "" {
			x.add("wait", name, "it is the same account as "+a.Twin+", so both share one quota", "remove one of them")
		}
		p := x.pools[a.Provider]
		c := &p.Accounts[p.Find(a.ID)]
		credential, _ := core.ReadCredential(c.Credential)
		ends := x.provider(a.Provider).Ends(credential)
		if r := x.renewals[a.Provider+"/"+a.ID]; a.Login && a.Source == "stored" && r != nil && !r.able && !ends.IsZero() && ends.Sub(x.at) < 7*core.Day {
			x.add("wait", name, "it cannot be renewed and ends "+view.Back(ends, x.at, x.zone), "log in again")
		}
		if r := x.renewals[a.Provider+"/"+a.ID]; r != nil && r.unsaved != "" {
			x.add("bad", name, "its renewed login is not on the disk yet", "make room or give leave to write; it is tried again")
		}
	}
	for _, own := range x.own.Accounts() {
		for i := range x.auth.Accounts {
			if left := &x.auth.Accounts[i]; left.Provider == own.Provider && left.ID == entryName(own.ID) && own.Adopted != 0 && left.Mark == own.Adopted && left.ID != left.Provider {
				x.add("wait", own.ID, "auth.json still holds an older login of it, which nothing uses", "take it out of auth.json",
					core.File{Op: "mend", Name: "auth", Key: "copy"}, core.File{Op: "erase", Name: "auth", Key: left.Entry})
			}
		}
	}
	if n == 0 {
		x.add("wait", "accounts", "there are none", "/multi-auth add")
	}
}

// entries tells what of auth.json is no account of anybody.
func (x *examination) entries(text string) {
	if text == "" {
		return
	}
	root, ok := core.ReadObject(text)
	if !ok {
		x.add("bad", "auth.json", "it cannot be read, so the accounts known so far are used", "mend it by hand; Pi does not start without it either")
		return
	}
	root.ForEach(func(key, _ gjson.Result) bool {
		if id := key.String(); !x.holds(id) {
			x.add("wait", "auth.json", "the entry \""+view.Clean(id)+"\" is no key and no login, so it is left alone", "")
		} else if provider, _ := store.Owner(id, x.knows); !x.knows(provider) {
			x.add("wait", "auth.json", "nothing knows a provider "+view.Clean(provider)+", so the entry is not used", "")
		}
		return true
	})
}

// settings tells which file of the configuration counts, and what in it is not used.
func (x *examination) settings(texts map[string]string) {
	root, here := gjson.Parse(texts["config"]), gjson.Parse(texts["settings"])
	counts := "config.json in the extension's folder"
	if here.IsObject() {
		counts = "multi-auth-config.json in the runtime directory, and config.json for what it leaves out"
	}
	x.add("", "configuration", counts+" counts", "")
	for _, file := range [...]struct {
		name string
		text gjson.Result
	}{{"config.json", root}, {"multi-auth-config.json", here}} {
		file.text.ForEach(func(key, _ gjson.Result) bool {
			if !contains(store.ConfigKeys, key.String()) {
				x.add("wait", file.name, "\""+view.Clean(key.String())+"\" is not used", "take it out")
			}
			return true
		})
	}
	for _, warning := range x.config.Warnings {
		x.add("wait", "configuration", warning, "")
	}
}

// holds reports whether an entry of auth.json is an account.
func (x *examination) holds(id string) bool {
	for i := range x.auth.Accounts {
		if x.auth.Accounts[i].Entry == id {
			return true
		}
	}
	return false
}
