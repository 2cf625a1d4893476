package fault

import (
	"strings"

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
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(cut(key, 40)))
}

func (e *evidence) endField(name string, item, owner gjson.Result) (core.Time, bool) {
	if item.Type != gjson.Number && item.Type != gjson.String {
		return 0, false
	}
	value := item.String()
	switch name {
	case "resetsinseconds", "resetinseconds", "resetafterseconds", "retryafterseconds", "retryafter", "resetafter", "resetsin", "resetin", "retryin", "waitseconds", "secondsuntilreset", "estimatedtime",
		"retryinseconds", "cooldownseconds", "waittime", "ttlseconds":
		if n, ok := core.ParseDecimal(value); ok && n >= 1e9 {
			return 0, false
		}
		return e.ahead(value)
	case "retryafterms", "resetinms", "resetsinms", "waitms", "retryinms", "resetafterms":
		return e.ahead(value + "ms")
	case "retryafterminutes", "resetinminutes":
		return e.ahead(value + "m")
	case "resetsat", "resetat", "resettime", "nextresettime", "quotaresettimestamp", "retrydelay", "quotaresetdelay", "resetdate", "quotaresetdate", "quotaresetdateutc", "ratelimitreset", "nextavailableat", "availableat",
		"retryat", "blockeduntil", "resettimestamp", "resetson", "nextreset", "nextresetat", "periodend", "resetsatms", "reset":
		return e.ahead(value)
	case "xratelimitreset":
		remaining := owner.Get("X-RateLimit-Remaining")
		if remaining.Exists() && remaining.String() != "0" {
			return 0, false
		}
		return e.ahead(value)
	}
	return 0, false
}
