package core

import "strings"

// WindowHeaders are how the names of headers begin from which HeaderWindows reads, in lower case.
var WindowHeaders = []string{"anthropic-ratelimit-", "x-ratelimit-", "ratelimit", "x-codex-"}

// bucket is one limit while its headers are gathered.
type bucket struct {
	key string
	Window
	limit, left              float64
	limited, leaves, rejects bool
}

// HeaderWindows reads what the headers of an ordinary response say of limits, at no cost:
//
//	anthropic-ratelimit-unified-{5h,7d,7d_…}-{utilization,status,reset}   subscriptions; parts of 1, seconds since 1970 (seen 2026-01)
//	anthropic-ratelimit-{requests,tokens,…}-{limit,remaining,reset}       keys (docs.anthropic.com, rate limits)
//	x-codex-{primary,secondary}-{used-percent,window-minutes,reset-at}    ChatGPT plans; further limits name theirs before primary
//	x-ratelimit-{limit,remaining,reset}[-{requests,tokens,requests-day,…}] OpenAI and those that follow it; a reset as ParseReset reads it
//	ratelimit-{limit,remaining,reset}, ratelimit, ratelimit-policy        draft-ietf-httpapi-ratelimit-headers, 03 to 10
//
// What a header leaves out, or says in a way nobody can read, is not known.
func HeaderWindows(headers []Header, at Time) []Window {
	var buckets []bucket
	var names []Header
	for i := range headers {
		name, value := headers[i].Name, strings.TrimSpace(headers[i].Value)
		if rest, ok := strings.CutPrefix(name, "x-codex-"); ok {
			if limit, ok := strings.CutSuffix(rest, "-limit-name"); ok {
				names = append(names, Header{limit, value})
			}
		}
		if name == "ratelimit" || name == "ratelimit-policy" {
			buckets = draftHeader(buckets, value, at)
			continue
		}
		key, field := bucketOf(name)
		if field == "" || value == "" {
			continue
		}
		var b *bucket
		buckets, b = find(buckets, key)
		b.read(field, value, at)
	}
	var u Usage
	for i := range buckets {
		b := &buckets[i]
		b.finish(names)
		u.Add(b.Window)
	}
	u.Tidy(at)
	return u.Windows
}

func find(buckets []bucket, key string) ([]bucket, *bucket) {
	for i := range buckets {
		if buckets[i].key == key {
			return buckets, &buckets[i]
		}
	}
	buckets = append(buckets, bucket{key: key})
	return buckets, &buckets[len(buckets)-1]
}

// bucketOf splits a header's name into the limit it tells of, the family before a colon, and what it tells; "" for other headers.
func bucketOf(name string) (key, field string) {
	if rest, ok := strings.CutPrefix(name, "anthropic-ratelimit-"); ok {
		family := "a:"
		if rest, ok = strings.CutPrefix(rest, "unified-"); ok {
			if rest == "" || rest[0] < '0' || rest[0] > '9' {
				return "", ""
			}
			family = "u:"
		}
		if i := strings.LastIndexByte(rest, '-'); i > 0 {
			return family + rest[:i], rest[i+1:]
		}
		return "", ""
	}
	if rest, ok := strings.CutPrefix(name, "x-codex-"); ok {
		for _, which := range [...]string{"primary-", "secondary-"} {
			i := strings.Index(rest, which)
			if i < 0 || (i > 0 && rest[i-1] != '-') {
				continue
			}
			switch field := rest[i+len(which):]; field {
			case "used-percent", "window-minutes", "reset-at", "reset-after-seconds":
				return "c:" + rest[:i+len(which)-1], field
			}
		}
		return "", ""
	}
	rest, ok := strings.CutPrefix(strings.TrimPrefix(name, "x-"), "ratelimit-")
	if !ok {
		return "", ""
	}
	field, key, _ = strings.Cut(rest, "-")
	return "x:" + key, field
}

func (b *bucket) read(field, value string, at Time) {
	switch field {
	case "limit":
		// "100, 100;w=60" in older drafts.
		first, rest, _ := strings.Cut(value, ",")
		first, policy, _ := strings.Cut(first, ";")
		b.limit, b.limited = ParseDecimal(strings.TrimSpace(first))
		if _, w, ok := strings.Cut(policy+";"+rest, "w="); ok {
			if n, ok := ParseDecimal(digitsOf(w)); ok {
				b.Length = span(n, Second)
			}
		}
	case "remaining":
		b.left, b.leaves = ParseDecimal(value)
	case "utilization":
		if part, ok := ParseDecimal(value); ok {
			b.SetUsed(part * 100)
		}
	case "used-percent":
		if percent, ok := ParseDecimal(value); ok {
			b.SetUsed(percent)
		}
	case "status":
		b.rejects = value == "rejected"
	case "window-minutes":
		if n, ok := ParseDecimal(value); ok {
			b.Length = span(n, Minute)
		}
	case "reset", "reset-at":
		// A time of day beats a wait, whichever comes first.
		if t, ok := ParseReset(value, at); ok {
			b.ResetsAt = t
		}
	case "reset-after-seconds":
		if n, ok := ParseDecimal(value); ok && n >= 0 && b.ResetsAt.IsZero() {
			b.ResetsAt, _ = PlausibleReset(at.Add(span(n, Second)), at)
		}
	}
}

func digitsOf(text string) string {
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	return text[:n]
}

// bucketLengths are the ends of names that tell how long a limit counts (Cerebras, Mistral).
var bucketLengths = []struct {
	suffix string
	length Duration
}{{"-minute", Minute}, {"-hour", Hour}, {"-day", Day}, {"-month", Month}}

func (b *bucket) finish(names []Header) {
	family, name, _ := strings.Cut(b.key, ":")
	switch {
	case b.Known:
	case b.rejects || (b.leaves && b.left <= 0):
		b.SetUsed(100)
	case b.limited && b.limit > 0 && b.leaves:
		b.SetUsed((b.limit - b.left) / b.limit * 100)
	}
	switch family {
	case "u":
		length, model, _ := strings.Cut(name, "_")
		b.Length, _ = ParseSpan(length)
		if b.Model = strings.ReplaceAll(model, "_", " "); model == "oi" {
			b.Model = "overage included"
		}
		return
	case "a":
		b.Name, b.Length = name, Minute
		return
	case "c":
		i := strings.LastIndexByte(name, '-')
		if i >= 0 {
			b.Model = name[:i]
			for _, h := range names {
				if h.Name == b.Model && h.Value != "" {
					b.Model = h.Value
				}
			}
		}
		if b.Length == 0 {
			b.Name = name[i+1:]
		}
		return
	}
	if b.Name = name; name == "" {
		b.Name = "requests"
	}
	for _, l := range bucketLengths {
		if strings.HasSuffix(name, l.suffix) {
			b.Length = l.length
		}
	}
}

// draftHeader reads `"name";r=10;t=30`, what remains and the seconds to the reset, and `"name";q=100;w=60`, quota and window, of
// draft-ietf-httpapi-ratelimit-headers-10 sections 3 and 4.
func draftHeader(buckets []bucket, value string, at Time) []bucket {
	for item := range strings.SplitSeq(value, ",") {
		name, parameters, ok := strings.Cut(item, ";")
		name = strings.Trim(strings.TrimSpace(name), `"`)
		if !ok || name == "" || len(buckets) > 16 {
			continue
		}
		for strings.HasPrefix(parameters, `"`) {
			// A policy's kind before its name (huggingface.co/docs/hub/rate-limits, 2026-11).
			name, parameters, _ = strings.Cut(parameters, ";")
			name = strings.Trim(name, `"`)
		}
		var b *bucket
		buckets, b = find(buckets, "x:"+name)
		for p := range strings.SplitSeq(parameters, ";") {
			field, number, _ := strings.Cut(strings.TrimSpace(p), "=")
			switch field {
			case "r":
				b.read("remaining", number, at)
			case "t":
				b.read("reset", number, at)
			case "q":
				b.read("limit", number, at)
			case "w":
				if n, ok := ParseDecimal(number); ok {
					b.Length = span(n, Second)
				}
			}
		}
	}
	return buckets
}
