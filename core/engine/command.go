package engine

import (
	"strings"

	"pimultiauth/core"
	"pimultiauth/core/flow"
	"pimultiauth/core/view"
)

// call is a command with its words.
type call struct {
	name string
	// words are what stands after the name, without flags.
	words []string
	// flags are the words that begin with "--", without it, and what stands behind their "=".
	flags map[string]string
	mode  string
	json  bool
	at    core.Time
	// account is the id of the one account of the provider that is meant, "" for all.
	account string
}

func (c *call) word(i int) string {
	if i < len(c.words) {
		return c.words[i]
	}
	return ""
}

func (c *call) has(flag string) bool {
	_, ok := c.flags[flag]
	return ok
}

// commands are what may be typed after /multi-auth: either answered at once or, where something has to be asked or kept, by a flow.
// They are a function and not a variable, because some of them list the others.
func commands(name string) (read func(*Engine, *call) *core.View, do func(*Engine, *flow.Host, *call) *core.View) {
	switch name {
	case "check":
		return nil, (*Engine).check
	case "status":
		return (*Engine).status, nil
	case "why":
		return (*Engine).whyView, nil
	case "help":
		return (*Engine).help, nil
	case "use":
		return nil, (*Engine).use
	case "auto":
		return nil, (*Engine).auto
	case "pause", "resume":
		return nil, (*Engine).pause
	case "rename":
		return nil, (*Engine).rename
	case "set":
		return nil, (*Engine).set
	case "mode":
		return nil, (*Engine).chooseMode
	case "order":
		return nil, (*Engine).order
	case "hide", "unhide":
		return nil, (*Engine).hide
	case "usage", "refresh":
		return nil, (*Engine).usageAnew
	case "pool":
		return nil, (*Engine).group
	case "chain":
		return nil, (*Engine).chain
	case "undo":
		return nil, (*Engine).undo
	case "add":
		return nil, (*Engine).add
	case "remove":
		return nil, (*Engine).remove
	case "forecast":
		return (*Engine).forecast, nil
	case "glance":
		return (*Engine).glance, nil
	case "complete":
		return (*Engine).offers, nil
	case "log":
		return nil, (*Engine).costs
	case "config":
		return (*Engine).configView, nil
	case "import":
		return nil, (*Engine).bringIn
	case "export":
		return nil, (*Engine).export
	case "simulate":
		return nil, (*Engine).simulate
	case "doctor":
		return nil, (*Engine).doctor
	}
	return nil, nil
}

// valued are the flags that have a value, behind "=" or as the next word; plain are the others.
var (
	valued = []string{"from-env", "file", "name", "account", "why", "to", "mode"}
	plain  = []string{"json", "strict", "yes", "unchecked", "stdin", "fix", "plain", "borrow", "move", "private", "footer"}
)

// aboutOne are the commands whose first word, where there is one, is a provider that must be known; of ofAccounts it may be an account too.
var (
	aboutOne   = []string{"status", "usage", "refresh", "why", "forecast"}
	ofAccounts = []string{"status", "usage", "refresh"}
)

// unknownFlag refuses a flag that nobody reads: a mistyped one would change what a command does without a word. What was typed is not
// said again, because it may be a key.
func unknownFlag(c *call) *core.View {
	for _, flag := range core.Keys(c.flags) {
		if contains(valued, flag) || contains(plain, flag) {
			continue
		}
		guess := view.NewGuess(flag)
		for _, known := range append(valued[:len(valued):len(valued)], plain...) {
			guess.Try(known)
		}
		return failed("One of the flags is not known", guess.Ask("--")+"/multi-auth help lists commands and flags.")
	}
	return nil
}

func (e *Engine) command(m core.Message) (core.Turn, error) {
	words := m.Command.Words
	if len(words) == 0 {
		words = split(m.Command.Text)
	}
	c := &call{name: "status", flags: map[string]string{}, mode: m.Command.Mode, at: m.At}
	skip := -1
	for i, word := range words {
		if i == skip {
			continue
		}
		if flag, ok := strings.CutPrefix(word, "--"); ok && flag != "" {
			name, value, given := strings.Cut(flag, "=")
			if !given && contains(valued, name) && i+1 < len(words) {
				value, skip = words[i+1], i+1
			}
			c.flags[name] = value
			continue
		}
		c.words = append(c.words, words[i])
	}
	c.json = c.has("json")
	if len(c.words) > 0 {
		c.name, c.words = c.words[0], c.words[1:]
	}
	if no := unknownFlag(c); no != nil && c.name != "add" {
		return core.Turn{View: c.answer(no)}, nil
	}
	if c.name == "login" {
		return e.loginCommand(m, c)
	}
	if contains(aboutOne, c.name) && len(c.words) > 0 {
		id, no := e.findProvider(c.words[0])
		if no != nil && contains(ofAccounts, c.name) {
			// Whatever is no provider may be an account; what is neither is more likely a mistyped provider.
			if p, account, none := e.find(strings.Join(c.words, " ")); none == nil {
				id, c.account, no = p.Provider, account.ID, nil
			} else if strings.Contains(c.words[0], "/") {
				no = none
			}
		}
		if no != nil {
			return core.Turn{View: c.answer(no)}, nil
		}
		c.words[0] = id
	}
	read, do := commands(c.name)
	switch {
	case read != nil:
		return core.Turn{View: c.answer(read(e, c))}, nil
	case do != nil:
		return e.begin(func(h *flow.Host) core.Turn { return core.Turn{View: c.answer(do(e, h, c))} }), nil
	}
	return core.Turn{View: c.answer(view.Unknown(c.name))}, nil
}

// answer gives a view without an object of its own one when --json asked for it.
func (c *call) answer(v *core.View) *core.View {
	if c.json && v.JSON == "" {
		v.JSON = (&core.Object{}).Bool("failed", v.Failed).String("title", v.Title).Raw("notes", core.Quoted(v.Notes)).Text()
	}
	return v
}

// split parts a line at blanks; what stands in quotes, single or double, is one word.
func split(text string) []string {
	var out []string
	var word []byte
	quote, open := byte(0), false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\'') && len(word) == 0:
			quote, open = c, true
		case quote == 0 && (c == ' ' || c == '\t' || c == '\n' || c == '\r'):
			if open || len(word) > 0 {
				out = append(out, string(word))
			}
			word, open = nil, false
		default:
			word = append(word, c)
		}
	}
	if open || len(word) > 0 {
		out = append(out, string(word))
	}
	return out
}

func (e *Engine) status(c *call) *core.View {
	only := c.word(0)
	accounts := e.accounts(only, c.at)
	for i := range accounts {
		if accounts[i].ID == c.account {
			accounts = accounts[i : i+1]
			break
		}
	}
	v := view.Status(accounts, only, c.at, e.zone, c.json)
	for _, name := range [...]string{"state", "accounts"} {
		if why := e.files[name].readOnly; why != "" {
			v.Notes = append(v.Notes, fileNames.Of(name)+" is not written: "+why+".")
		}
	}
	return v
}

func (e *Engine) whyView(c *call) *core.View {
	return view.Why(e.why(c.word(0)), c.word(0), c.at, e.zone, c.json)
}

func (e *Engine) help(c *call) *core.View {
	if c.word(0) == "keys" {
		return view.Keys()
	}
	return view.Help(c.word(0))
}

// accounts lists what status shows, by provider.
func (e *Engine) accounts(only string, at core.Time) []view.Account {
	var out []view.Account
	for _, id := range e.providers(only) {
		p := e.pools[id]
		for i := range p.Accounts {
			if !p.Accounts[i].Absent {
				out = append(out, e.account(p, &p.Accounts[i], at))
			}
		}
	}
	return out
}

func (e *Engine) providers(only string) []string {
	var ids []string
	for id := range e.pools {
		if only == "" || id == only {
			ids = append(ids, id)
		}
	}
	return core.Sorted(ids)
}
