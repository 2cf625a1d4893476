package store

import (
	"strings"

	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// longestWait is how long a request may stand by for an account, and where that stands unless the configuration says less or more.
const (
	usualWait   = core.Minute
	longestWait = 15 * core.Minute
)

// Config is what config.json and multi-auth-config.json ask for. The zero value is the default of every key but Wait.
type Config struct {
	Debug  bool
	Hidden []string
	Modes  map[string]core.Mode
	// PerRequest lets the mode decide for every request instead of for every session.
	PerRequest bool
	// Interval is the least time between two moves of a provider's sessions to other accounts; 0 asks for none.
	Interval core.Duration
	// Strict leaves accounts out whose plan is not known where a model hangs on the plan.
	Strict bool
	// Quiet keeps the log of decisions from being written.
	Quiet bool
	// NoFooter, NoNotices and Raw switch off the short line in Pi's footer, the notice when a session's account changes, and the one message
	// that names every account when none can answer: the provider's own last error is shown then.
	NoFooter  bool
	NoNotices bool
	Raw       bool
	// Wait is how long a request at a screen stands by, with a countdown, for the first account to return; 0 never does.
	Wait core.Duration
	// Warnings name each value that could not be used, a sentence each.
	Warnings []string
}

// ConfigKeys are the keys of the configuration that mean something, the peer's included.
var ConfigKeys = []string{"debug", "hiddenProviders", "excludeProviders", "rotationModes", "decisionLog", "rotatePerRequest", "minRotationIntervalMs",
	"modelEntitlements", "footer", "switchNotices", "plainMessages", "waitSeconds"}

// ReadConfig reads the configuration at the extension's root and then the one in the runtime directory, which counts key by key.
// Each text may be "". A wrong value falls back to what stood before it, with a warning.
func ReadConfig(root, runtime string) Config {
	c := Config{Modes: map[string]core.Mode{}, Wait: usualWait}
	c.read("config.json", root)
	c.read("multi-auth-config.json", runtime)
	return c
}

func (c *Config) warn(file, what string) {
	c.Warnings = append(c.Warnings, file+": "+what)
}

func (c *Config) read(file, text string) {
	text = strings.TrimPrefix(text, "\ufeff")
	if text == "" {
		return
	}
	if !core.IsJSON(text) || !gjson.Parse(text).IsObject() {
		c.warn(file, "it is no JSON object, so its values are not used.")
		return
	}
	if debug := gjson.Get(text, "debug"); debug.IsBool() {
		c.Debug = debug.Bool()
	} else if debug.Exists() {
		c.warn(file, `"debug" must be true or false; it stays as it was.`)
	}
	c.readChoosing(file, text)
	for _, key := range []string{"excludeProviders", "hiddenProviders"} {
		hidden := gjson.Get(text, key)
		if !hidden.Exists() {
			continue
		}
		if !hidden.IsArray() {
			c.warn(file, `"`+key+`" must be a list of provider ids; it is not used.`)
			continue
		}
		c.Hidden = nil
		hidden.ForEach(func(_, id gjson.Result) bool {
			if name := strings.TrimSpace(id.String()); id.Type == gjson.String && ValidID(name) {
				c.Hidden = append(c.Hidden, name)
			} else {
				c.warn(file, `"`+key+`" holds a value that is no provider id; that one is left out.`)
			}
			return true
		})
	}
	modes := gjson.Get(text, "rotationModes")
	if !modes.Exists() {
		return
	}
	if !modes.IsObject() {
		c.warn(file, `"rotationModes" must map provider ids to modes; it is not used.`)
		return
	}
	values := map[string]gjson.Result{}
	modes.ForEach(func(key, value gjson.Result) bool {
		values[key.String()] = value
		return true
	})
	for _, id := range core.Keys(values) {
		value := values[id]
		mode := core.Mode(value.String())
		if value.Type != gjson.String || !mode.Valid() || !ValidID(id) {
			c.warn(file, `"rotationModes" has no mode "`+core.PlainLine(value.String(), 40)+`" (for `+core.PlainLine(id, 40)+`); use round-robin, usage-based, balancer or fill-first.`)
			continue
		}
		c.Modes[id] = mode
	}
}

// readChoosing reads what bears on the choice of accounts.
func (c *Config) readChoosing(file, text string) {
	c.Quiet = !c.flag(file, text, "decisionLog", !c.Quiet)
	c.PerRequest = c.flag(file, text, "rotatePerRequest", c.PerRequest)
	if every := gjson.Get(text, "minRotationIntervalMs"); every.Type == gjson.Number && every.Num >= 0 && every.Num <= float64(core.Day) {
		c.Interval = core.Duration(every.Num)
	} else if every.Exists() {
		c.warn(file, `"minRotationIntervalMs" must be a number of milliseconds, at most a day; it stays as it was.`)
	}
	c.NoFooter = !c.flag(file, text, "footer", !c.NoFooter)
	c.NoNotices = !c.flag(file, text, "switchNotices", !c.NoNotices)
	c.Raw = !c.flag(file, text, "plainMessages", !c.Raw)
	if wait := gjson.Get(text, "waitSeconds"); wait.Type == gjson.Number && wait.Num >= 0 && wait.Num <= float64(longestWait/core.Second) {
		c.Wait = core.Duration(wait.Num) * core.Second
	} else if wait.Exists() {
		c.warn(file, `"waitSeconds" must be a number from 0 to 900; it stays as it was.`)
	}
	// The peer's key: what happens with a Codex account whose plan is not known.
	switch lookup := gjson.Get(text, "modelEntitlements.codex.usageLookupFailureMode"); strings.TrimSpace(lookup.String()) {
	case "strict":
		c.Strict = true
	case "allow-unverified":
		c.Strict = false
	default:
		if lookup.Exists() {
			c.warn(file, `"usageLookupFailureMode" must be "strict" or "allow-unverified"; it stays as it was.`)
		}
	}
}

func (c *Config) flag(file, text, key string, was bool) bool {
	value := gjson.Get(text, key)
	if value.IsBool() {
		return value.Bool()
	}
	if value.Exists() {
		c.warn(file, `"`+key+`" must be true or false; it stays as it was.`)
	}
	return was
}
