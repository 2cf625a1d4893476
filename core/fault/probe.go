package fault

import (
	"strings"

	"pimultiauth/core"
)

// probeEvery is how seldom an account is asked again only to learn why it refused.
const probeEvery = core.Minute

// ProbeWorth reports whether it is worth a small request of our own to learn why an account refused: the host saw neither status nor
// body, the text is a status of the account's and nothing else, and the account was not asked so within the last minute. Last is when it
// was, zero for never. A 429 that names its end is never asked about: the question would spend quota.
func ProbeWorth(o core.Outcome, last, at core.Time) bool {
	if !o.Blind || o.OK || o.Aborted || o.NotSent || o.TimedOut || o.Status != 0 || o.Body != "" {
		return false
	}
	if last.Within(probeEvery, at) {
		return false
	}
	text := plain(o.Text)
	i := strings.Index(text, " status code")
	if i < 3 {
		return false
	}
	status, rest := text[i-3:i], strings.Trim(text[i+len(" status code"):], " .")
	if rest != "" && rest != "(no body)" {
		return false
	}
	if i > 3 && text[i-4] >= '0' && text[i-4] <= '9' {
		return false
	}
	return status == "401" || status == "402" || status == "403" || status == "429"
}

// Probed is the outcome o with what a probe found out: its status, headers and body where it was refused in the same way and said why,
// and o itself otherwise. An answer that went well, came to nothing or was refused for another reason says nothing of o.
func Probed(o core.Outcome, answer core.FetchResult) core.Outcome {
	status, ok := statusOfText(o.Text)
	body := strings.TrimSpace(answer.Body.Reveal())
	if !ok || answer.Status != status || body == "" {
		return o
	}
	o.Status, o.Headers, o.Body = answer.Status, answer.Headers, cut(body, maxBody)
	return o
}
