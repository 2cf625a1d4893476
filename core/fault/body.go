package fault

import (
	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

// bodyEnd finds the latest end named by a documented field anywhere in the structured body. Codex: resets_at, resets_in_seconds;
// Google: details[].retryDelay of google.rpc.RetryInfo, quotaResetDelay; OpenRouter: metadata.headers, metadata.retry_after_seconds.
func (e *evidence) bodyEnd() (core.Time, bool) {
	var latest core.Time
	seen := 0
	var walk func(value gjson.Result, depth int)
	walk = func(value gjson.Result, depth int) {
		value.ForEach(func(key, item gjson.Result) bool {
			if seen++; seen > 2000 {
				return false
			}
			if item.IsObject() || item.IsArray() {
				if depth < 8 {
					walk(item, depth+1)
				}
				return true
			}
			if t, ok := e.endField(fieldName(key.Str), item, value); ok && latest.Before(t) {
				latest = t
			}
			return true
		})
	}
	for _, part := range e.parts {
		walk(part, 0)
	}
	return latest, !latest.IsZero()
}

// fieldName makes one name of resets_at, resetsAt and X-RateLimit-Reset's spellings.
func fieldName(key string) string {
	name := make([]byte, 0, 40)
	for i := 0; i < len(key) && i < 200; i++ {
		c := key[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != '_' && c != '-' {
			name = append(name, c)
		}
	}
	return string(name)
}

// The names of fields that tell an end, as fieldName writes them: a wait in seconds, one in milliseconds, one in minutes, an instant or a
// duration with its unit.
const (
	secondsFields = "|resetseconds|resetsinseconds|resetinseconds|resetafterseconds|retryafterseconds|retryafter|resetafter|resetsin|resetin|retryin|waitseconds|secondsuntilreset|estimatedtime|" +
		"retryinseconds|cooldownseconds|waittime|ttlseconds|"
	millisFields  = "|retryafterms|resetinms|resetsinms|waitms|retryinms|resetafterms|"
	minutesFields = "|retryafterminutes|resetinminutes|"
	instantFields = "|resetsat|resetat|resettime|nextresettime|quotaresettimestamp|retrydelay|quotaresetdelay|resetdate|quotaresetdate|quotaresetdateutc|ratelimitreset|nextavailableat|availableat|" +
		"retryat|blockeduntil|resettimestamp|resetson|nextreset|nextresetat|periodend|resetsatms|reset|"
)

func (e *evidence) endField(name string, item, owner gjson.Result) (core.Time, bool) {
	if item.Type != gjson.Number && item.Type != gjson.String {
		return 0, false
	}
	value := item.String()
	name = "|" + name + "|"
	switch {
	case contains(secondsFields, name):
		if n, ok := core.ParseDecimal(value); ok && n >= 1e9 {
			return 0, false
		}
		return e.ahead(value)
	case contains(millisFields, name):
		return e.ahead(value + "ms")
	case contains(minutesFields, name):
		return e.ahead(value + "m")
	case contains(instantFields, name):
		return e.ahead(value)
	case name == "|xratelimitreset|":
		remaining := owner.Get("X-RateLimit-Remaining")
		if remaining.Exists() && remaining.String() != "0" {
			return 0, false
		}
		return e.ahead(value)
	}
	return 0, false
}
