package fault

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
	"pimultiauth/core"
)

// evidence is an outcome taken apart.
type evidence struct {
	provider *core.Provider
	model    string
	outcome  core.Outcome
	at       core.Time
	// status is the response's, else that of the text or of the body; 0 when nobody names one.
	status int
	// told says that the status was read out of the text or the body of a response that began well.
	told bool
	// root is the structured body; parts are the objects in it that describe the error, the innermost last.
	root  gjson.Result
	parts []gjson.Result
	// codes are the machine-readable names in parts, lower case.
	codes []string
	// headerCodes are those in the headers.
	headerCodes []string
	// words are all sentences, lower case, blanks collapsed.
	words string
	// window is the span whose quota was spent, 0 when unknown.
	window core.Duration
}

// The most of a body and of a text that is looked at. Explanations come first in both.
const (
	maxBody  = 64 << 10
	maxWords = 8 << 10
)

func gather(p *core.Provider, model string, o core.Outcome, at core.Time) *evidence {
	e := &evidence{provider: p, model: model, outcome: o, at: at, status: o.Status}
	text := cut(o.Text, maxBody)
	body := cut(o.Body, maxBody)
	if !e.structured(body) && !e.structured(eventData(body)) && !e.structured(embedded(body)) {
		if !e.structured(embedded(text)) {
			e.structured(eventData(text))
		}
	}
	e.readHeaderCodes()
	said := []string{}
	for _, part := range e.parts {
		said = append(said, sentences(part)...)
	}
	switch {
	case len(said) > 0 || body == "":
	case markup(body):
		said = append(said, titles(body))
	default:
		said = append(said, body)
	}
	if e.root.Type == gjson.Null || o.Body != "" || len(said) == 0 {
		said = append(said, text)
	}
	e.words = plain(strings.Join(said, " ; "))
	if e.status < 400 {
		if status, ok := statusOfText(text); ok {
			e.status, e.told = status, true
		} else if status, ok := e.statusOfBody(); ok {
			e.status, e.told = status, true
		}
	}
	return e
}

func cut(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}

// structured reads text as JSON and finds the parts that describe the error.
func (e *evidence) structured(text string) bool {
	text = strings.TrimSpace(text)
	if text == "" || (text[0] != '{' && text[0] != '[') || !core.IsJSON(text) {
		return false
	}
	e.root = gjson.Parse(text)
	e.describe(e.root, 0)
	return len(e.parts) > 0
}

// describe walks from the wrapper to the error: {"error":{…}}, [{"error":…}], {"errors":[…]}, {"response":{"error":…}} of an event, and
// errors that carry the upstream's own as a string, as Google's client and OpenRouter's metadata.raw do.
func (e *evidence) describe(part gjson.Result, depth int) {
	if depth > 4 || len(e.parts) >= 8 {
		return
	}
	if part.Type == gjson.String {
		inner := embedded(part.Str)
		if inner == "" || !core.IsJSON(inner) {
			return
		}
		part = gjson.Parse(inner)
	}
	if part.IsArray() {
		part = part.Get("0")
	}
	if !part.IsObject() {
		return
	}
	e.parts = append(e.parts, part)
	for _, name := range codeNames {
		if value := part.Get(name); value.Type == gjson.String || value.Type == gjson.Number {
			if code := strings.ToLower(strings.TrimSpace(value.String())); code != "" && len(code) <= 100 {
				e.codes = append(e.codes, code)
			}
		}
	}
	for _, detail := range part.Get("details").Array() {
		if reason := detail.Get("reason"); reason.Type == gjson.String {
			e.codes = append(e.codes, strings.ToLower(reason.Str))
		}
	}
	for _, name := range innerNames {
		if inner := part.Get(name); inner.Exists() {
			e.describe(inner, depth+1)
		}
	}
}

var (
	codeNames  = []string{"code", "type", "status", "reason", "error_code", "errorCode", "internalCode", "status_code", "__type", "name", "error_type", "err_code", "errcode", "Code"}
	innerNames = []string{"error", "errors", "response", "base_resp", "metadata", "raw", "message", "detail", "cause", "error_chain", "data", "body", "previous_errors", "innererror", "inner_error", "err"}
	wordNames  = []string{"message", "detail", "msg", "error", "error_description", "status_msg", "title", "description", "Message", "error_message", "reason", "raw", "errmsg", "error_msg", "display_message", "details", "hint", "err"}
)

func sentences(part gjson.Result) (said []string) {
	for _, name := range wordNames {
		if value := part.Get(name); value.Type == gjson.String {
			said = append(said, value.Str)
		}
	}
	return said
}

// readHeaderCodes adds the codes that come as headers: AWS names its exceptions so, Codex the limit that was reached.
func (e *evidence) readHeaderCodes() {
	for _, name := range []string{"x-amzn-errortype", "x-codex-rate-limit-reached-type", "x-ms-error-code", "x-error-code"} {
		code, _, _ := strings.Cut(e.header(name), ":")
		if i := strings.LastIndexByte(code, '#'); i >= 0 {
			code = code[i+1:]
		}
		if code != "" && len(code) <= 100 {
			e.headerCodes = append(e.headerCodes, strings.ToLower(code))
		}
	}
}

// titles are the headline and the first headings of a page, in lower case: what a proxy or a gate in front of the provider has to say.
func titles(page string) string {
	// A letter may be longer in lower case, so places in one text are none in the other.
	page = strings.ToLower(cut(page, maxWords))
	said := ""
	for _, tag := range []string{"title", "h1", "h2"} {
		from := strings.Index(page, "<"+tag)
		if from < 0 {
			continue
		}
		open := strings.IndexByte(page[from:], '>')
		end := strings.Index(page[from:], "</"+tag)
		if open > 0 && end > open {
			said += page[from+open+1:from+end] + " ; "
		}
	}
	return said
}

// statusOfBody reads the status that Google and OpenRouter repeat as the error's code, also inside a stream that began with 200.
func (e *evidence) statusOfBody() (int, bool) {
	for _, part := range e.parts {
		for _, name := range []string{"code", "status", "status_code", "statusCode"} {
			value := part.Get(name)
			if value.Type == gjson.Number && value.Num >= 400 && value.Num <= 599 && value.Num == float64(int(value.Num)) {
				return int(value.Num), true
			}
		}
	}
	return 0, false
}

// embedded is the JSON object or array that a text holds, "" for none.
func embedded(text string) string {
	tries := 0
	for i := 0; i < len(text) && i < 400 && tries < 4; i++ {
		if text[i] != '{' && text[i] != '[' {
			continue
		}
		tries++
		last := strings.LastIndexByte(text, '}')
		if text[i] == '[' {
			last = strings.LastIndexByte(text, ']')
		}
		if last <= i {
			continue
		}
		if found := text[i : last+1]; core.IsJSON(found) {
			return found
		}
	}
	return ""
}

// eventData is the last data line of an event stream that holds an error.
func eventData(body string) string {
	found := ""
	for line := range strings.SplitSeq(body, "\n") {
		if data, ok := strings.CutPrefix(strings.TrimSpace(line), "data:"); ok && strings.Contains(data, "error") {
			found = strings.TrimSpace(data)
		}
	}
	return found
}

func markup(body string) bool {
	body = strings.TrimSpace(body)
	return strings.HasPrefix(body, "<")
}

// plain is a text in lower case with blanks collapsed and typographic apostrophes made plain.
func plain(text string) string {
	text = strings.NewReplacer("’", "'", "‘", "'", "\u00a0", " ", "\u202f", " ").Replace(cut(text, maxWords))
	return strings.Join(strings.Fields(strings.ToLower(text)), " ")
}

// Places where clients write a status before it, in lower case; nowhere else do three digits mean one.
const statusPlaces = " error (|api error: |error code: |http error: |server error: |status code: |status code |status code=|http status |http status: |status: |(status |last status: |got status: |unexpected status |http/1.1 |http/2 |http |code: |: [|\"code\":|error: |error "

// statusOfText reads a status at the places where clients write one, and nowhere else: "429: {…}", "429 {…}", "429 Too Many Requests",
// "401 status code (no body)", "OpenAI API error (429): …", "API Error: 403 {…}", "Error code: 429 - {…}".
func statusOfText(text string) (int, bool) {
	text = strings.TrimLeft(strings.TrimSpace(text), "[(")
	if status, ok := leadingStatus(text); ok {
		return status, true
	}
	lower := strings.ToLower(cut(text, 200))
	for list := statusPlaces; list != ""; {
		var before string
		before, list, _ = strings.Cut(list, "|")
		at := strings.Index(lower, before)
		if at < 0 || at > 100 || (at > 0 && (before == "http " || before == "error ")) {
			continue
		}
		if status, ok := leadingStatus(lower[at+len(before):]); ok {
			return status, true
		}
	}
	return 0, false
}

const counted3 = "|requests|request|request/s|tokens|token|messages|message|calls|per|input|output|of|seconds|neurons|credits|prompts|minutes|hours|images|in|requests/min|tpm|rpm|rpd|times|bytes|characters|"

// leadingStatus takes the three digits a text begins with for a status unless what follows counts something: "400 requests per hour".
func leadingStatus(text string) (int, bool) {
	if len(text) < 3 {
		return 0, false
	}
	status, err := strconv.Atoi(text[:3])
	if err != nil || status < 400 || status > 599 {
		return 0, false
	}
	rest := text[3:]
	switch {
	case rest == "", strings.IndexByte(":)],;", rest[0]) >= 0:
		return status, true
	case rest[0] != ' ':
		return 0, false
	}
	word, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(rest)), " ")
	return status, !strings.Contains(counted3, "|"+strings.Trim(word, ".,")+"|")
}
