package core

import (
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// What ReadKeys refuses to look at or to take.
const (
	maxPaste = 1 << 20
	maxKey   = 16 << 10
)

// knownPrefixes are how vendors' keys begin (the vendors' pages and the rules of public secret scanners, 2025-11), the longer of two
// before the shorter.
var knownPrefixes = []string{
	"sk-ant-api03-", "sk-ant-oat01-", "sk-ant-", "sk-or-v1-", "sk-proj-", "sk-svcacct-", "sk-admin-", "sk-kimi-", "sk-cp-", "sk-", "gsk_", "csk-", "xai-",
	"nvapi-", "fw_", "hf_", "AIza", "ABSK", "bedrock-api-key-", "github_pat_", "ghp_", "gho_", "ghu_", "cfat_", "cfut_", "cfk_", "vck_", "blz_",
	"tp-", "LLM|", "workos:", "tgp_v1_", "key_",
}

// prefixOf answers the prefix a key begins with: one of the shape, else one of a vendor; "" for none. The prefix alone is no key.
func prefixOf(key string, shape []string) string {
	for _, list := range [2][]string{shape, knownPrefixes} {
		for _, prefix := range list {
			if len(key) > len(prefix) && strings.HasPrefix(key, prefix) {
				return prefix
			}
		}
	}
	return ""
}

// grade says how much a word looks like a key.
type grade int

const (
	// prose is a word of a language, a number or a mail address.
	prose grade = iota
	// short is a word with a digit or a dash in it.
	short
	// likely is long and mixed enough to be a key.
	likely
	// sure begins like a vendor's key, is a token of a login, or stands where only a key stands.
	sure
)

func gradeOf(word string, shape []string) grade {
	letters, digits, marks := 0, 0, 0
	for i := 0; i < len(word); i++ {
		switch c := word[i]; {
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			letters++
		case c >= '0' && c <= '9':
			digits++
		case strings.IndexByte("-_.:+/=~|", c) >= 0:
			marks++
		default:
			return prose
		}
	}
	switch {
	case prefixOf(word, shape) != "" || strings.HasPrefix(word, "eyJ") && strings.Count(word, ".") == 2:
		return sure
	case letters > 0 && digits > 0 && len(word) >= 8 || letters >= 24 && marks == 0:
		return likely
	case strings.IndexByte(word, '/') >= 0 || letters == 0:
	case digits > 0 || marks > 0 && letters > 1:
		return short
	}
	return prose
}

// word is what may be a key.
type word struct {
	text string
	grade
	line int
	// name is what it was said to be: the variable, field, header or label before it.
	name string
	base string
	// field says that it was the value of a field of JSON.
	field bool
}

// paste reads one text.
type paste struct {
	shape KeyShape
	env   []string
	words []word
	// bases are the base URLs that were named as such.
	bases   []string
	ignored int
	line    int
	// refused is why a word that stood for a key could not be taken.
	refused string
}

// ReadPaste reads keys of a provider out of what a person pasted.
func (p Provider) ReadPaste(text string, many bool) Paste {
	if p.Paste != nil {
		return p.Paste(text, many)
	}
	out := ReadKeys(text, many, p.Key, p.Env)
	out.Overrides = 0
	for i := range out.Keys {
		// The provider's own address needs no override.
		if u, why := ParseURL(out.Keys[i].BaseURL); why == "" && p.MayReach(u.Origin(), Override{}) {
			out.Keys[i].BaseURL = ""
		}
		if out.Keys[i].BaseURL != "" {
			out.Overrides++
		}
	}
	return out
}

// ReadKeys reads keys out of what a person pasted: a key, a list, an env file, lines of a shell, JSON, headers, a curl command, a table,
// a message of a colleague. What surely is a key decides what else may be one: where nothing does, every word is taken. The shape and
// the variables of the provider are hints and never a reason to refuse.
func ReadKeys(text string, many bool, shape KeyShape, env []string) Paste {
	if len(text) > maxPaste {
		return Paste{Error: "The text is longer than 1 MB; paste the keys alone."}
	}
	p := paste{shape: shape, env: env}
	text = Pasted(text)
	if whole := strings.TrimSpace(text); isJSON(whole) {
		p.json(gjson.Parse(whole), "", 0)
	} else {
		text = plainEscapes.Replace(text)
		command := false
		for _, line := range strings.Split(text, "\n") {
			line = strings.TrimSpace(line)
			command = command || line == "curl" || strings.HasPrefix(line, "curl ")
			p.read(line)
		}
		if command {
			p.keep(func(w *word) bool { return w.grade == sure })
		}
	}
	return p.take(many)
}

func isJSON(text string) bool {
	return text != "" && strings.IndexByte("{[\"", text[0]) >= 0 && IsJSON(text)
}

// plainEscapes are those of JSON and of shells, where they stand in no JSON, and the gap of some lists of accounts.
var plainEscapes = strings.NewReplacer(`\n`, "\n", `\r`, "\n", `\t`, " ", `\"`, `"`, `\/`, "/", "----", " ")

// Pasted takes out of a text what terminals, editors, browsers and chats put in: colours, characters without a width, marks of direction,
// and the ends of lines, blanks, colons and equal signs of other writing.
func Pasted(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r', r == 0x85, r == 0x2028, r == 0x2029:
			return '\n'
		case r == 0xa0, r >= 0x2000 && r <= 0x200a, r == 0x202f, r == 0x205f, r == 0x3000:
			return ' '
		case r == '\uff1a':
			return ':'
		case r == '\uff1d':
			return '='
		case r == '\n', r == '\t', r == utf8.RuneError:
			// What is no UTF-8 stays, so that nobody takes what is left of it for a key.
			return r
		}
		return plainRune(r)
	}, withoutEscapes(strings.ReplaceAll(text, "\r\n", "\n")))
}

const separators = " \t,;|\"'`()[]{}<>\\\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb\uff0c\u3001\uff1b"

// read takes the words of one line.
func (p *paste) read(line string) {
	p.line++
	if line == "" || strings.HasPrefix(line, "```") || strings.HasPrefix(line, "~~~") || line[0] == '#' || line[0] == ';' || strings.HasPrefix(line, "//") {
		p.ignored++
		return
	}
	if isJSON(line) {
		p.json(gjson.Parse(line), "", 0)
		return
	}
	for _, comment := range []string{" #", "\t#", " // "} {
		line, _, _ = strings.Cut(line, comment)
	}
	line = strings.TrimPrefix(unbullet(line), "$env:")
	// need is how much a word must look like a key to be what the name names: right after it nothing, in a list something, else much.
	name, need := "", prose
	begin := len(p.words)
	for len(line) > 0 {
		end := strings.IndexAny(line, separators)
		if strings.HasPrefix(line, "LLM|") {
			// A key of Meta's holds the separator itself.
			end = strings.IndexAny(line, " \t,;\"'`)")
		}
		if end < 0 {
			end = len(line)
		}
		if end == 0 {
			if need == likely && strings.IndexByte(",;|", line[0]) >= 0 {
				need = short
			}
			_, n := utf8.DecodeRuneInString(line)
			line = line[n:]
			continue
		}
		text := line[:end]
		line = strings.TrimLeft(line[end:], " \t")
		switch what, left, right := p.split(text); what {
		case isName:
			name, need = left, prose
			p.unlabel(begin)
		case isPair:
			name, need = left, likely
			p.unlabel(begin)
			p.add(right, name, prose)
		default:
			p.add(text, name, need)
			need = likely
		}
	}
}

// unlabel drops words that turned out to be the label of what follows.
func (p *paste) unlabel(begin int) {
	kept := p.words[:begin]
	for _, w := range p.words[begin:] {
		if w.grade >= likely {
			kept = append(kept, w)
		}
	}
	p.words = kept
}

// unbullet takes the marks of a list away: "- ", "* ", "1. ", "2) ", "[x] ".
func unbullet(line string) string {
	for {
		rest := strings.TrimLeft(line, "-*+>\u2022\u2023\u25e6\u2013\u2014")
		if rest == line {
			if n := strings.TrimLeft(line, "0123456789"); n != line && n != "" && (n[0] == '.' || n[0] == ')') {
				rest = n[1:]
			}
		}
		for _, box := range []string{"[ ]", "[x]", "[X]"} {
			rest = strings.TrimPrefix(rest, box)
		}
		trimmed := strings.TrimLeft(rest, " \t")
		if rest == line || trimmed == rest {
			return line
		}
		line = trimmed
	}
}

type kind int

const (
	isWord kind = iota
	// isName names what follows.
	isName
	// isPair is a name and its value.
	isPair
)

// split tells a name from what it names.
func (p *paste) split(text string) (what kind, left, right string) {
	lower := strings.ToLower(text)
	switch {
	case lower == "bearer", lower == "=", lower == ":", lower == "=>", lower == ":=":
		if lower == "bearer" {
			return isName, "bearer", ""
		}
		if n := len(p.words); n > 0 && p.words[n-1].line == p.line {
			return isName, p.words[n-1].text, ""
		}
		return isName, "", ""
	case strings.HasSuffix(text, ":") && len(text) > 1:
		return isName, text[:len(text)-1], ""
	}
	// The flag of a command, or a line of a patch.
	text = strings.TrimLeft(text, "-+")
	url := strings.Index(text, "://")
	if i := strings.IndexByte(text, '='); i > 0 && (url < 0 || i < url) && isIdentifier(text[:i]) {
		if right := strings.TrimLeft(text[i:], "="); right != "" {
			return isPair, text[:i], right
		} else if len(text)-i == 1 && (keyName(text[:i]) || gradeOf(text[:i], p.shape.Prefixes) < likely) {
			return isName, text[:i], ""
		}
	}
	if i := strings.IndexByte(text, ':'); i > 0 && i != url && !strings.EqualFold(text[:i], "workos") && gradeOf(text[:i], p.shape.Prefixes) < likely {
		return isPair, text[:i], text[i+1:]
	}
	if isVariable(text) {
		return isName, text, ""
	}
	return isWord, "", ""
}

func isIdentifier(text string) bool {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if !(c|0x20 >= 'a' && c|0x20 <= 'z') && c != '_' && c != '$' && (i == 0 || (c < '0' || c > '9') && strings.IndexByte(".-:", c) < 0) {
			return false
		}
	}
	return len(text) <= 64
}

// isVariable reports whether a word alone is the name of a variable that holds a key, as "setx NAME value" and fish write it.
func isVariable(text string) bool {
	return strings.Contains(text, "_") && strings.ToUpper(text) == text && text[0] != '$' && keyName(text) && isIdentifier(text) && !placeholder(text)
}

// keyName reports whether what a name names is a key.
func keyName(name string) bool {
	name = strings.ToLower(name)
	for _, end := range []string{"id", "name", "type", "label", "url", "hint", "prefix", "tokens", "keyboard", "_at", "expires", "endpoint", "base"} {
		if strings.HasSuffix(name, end) {
			return false
		}
	}
	for _, part := range []string{"key", "token", "secret", "auth", "bearer", "credential"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return name == "pat"
}

// otherName reports whether what a name names is known to be something else: another variable of an env file, a header, a field.
func otherName(name string) bool {
	lower := strings.ToLower(name)
	if strings.ToUpper(name) == name && lower != name || strings.HasSuffix(lower, "id") || strings.HasSuffix(lower, "version") || strings.HasSuffix(lower, "type") {
		return true
	}
	for _, part := range []string{"model", "content-", "accept", "agent", "host", "region", "location", "project", "organi", "email", "user", "date", "created", "expires", "gateway", "url", "pass"} {
		if strings.HasPrefix(lower, part) {
			return true
		}
	}
	return false
}

// baseName reports whether what a name names is a base URL.
func baseName(name string) bool {
	name = strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(name))
	return strings.HasSuffix(name, "baseurl") || strings.HasSuffix(name, "apibase") || strings.HasSuffix(name, "endpoint") || strings.HasSuffix(name, "apiurl")
}

// placeholder reports whether a word stands for a key that is to be put there.
func placeholder(text string) bool {
	lower := strings.ToLower(text)
	for _, part := range []string{"your_", "your-", "yourkey", "yourapi", "your.", "placeholder", "changeme", "change-me", "change_me", "xxxx", "example_key", "insert-", "insert_"} {
		if strings.Contains(lower, part) {
			return true
		}
	}
	return false
}

// add takes a word, or what it holds; need is the grade from which on it is what the name names.
func (p *paste) add(text, name string, need grade) {
	if strings.Contains(text, "://") {
		if baseName(name) {
			p.bases = append(p.bases, text)
		}
		if _, query, ok := strings.Cut(text, "?"); ok {
			for _, pair := range strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == '#' }) {
				if field, value, _ := strings.Cut(pair, "="); keyName(field) {
					p.add(value, field, prose)
				}
			}
		}
		return
	}
	if strings.Contains(text, "...") || strings.ContainsAny(text, "*\u2026\u2022\u25cf") || strings.Contains(text, "[secret]") {
		if !strings.HasPrefix(text, "...") {
			p.refused = "The key is shown shortened; copy the whole of it."
		}
		return
	}
	text = strings.Trim(text, ".!?:&@")
	switch {
	case text == "" || strings.ContainsAny(text[:1], "-=/") || noise(text):
		return
	case strings.HasPrefix(text, "$") || strings.HasPrefix(text, "%") && strings.HasSuffix(text, "%"):
		p.refused = "That names a variable; paste the key itself."
		return
	case placeholder(text):
		p.refused = "That stands for a key and is none; paste the key itself."
		return
	case len(text) > maxKey:
		p.refused = "That is too long for a key."
		return
	}
	w := word{text: text, grade: gradeOf(text, p.shape.Prefixes), line: p.line, name: name}
	for i := 0; i < len(text); i++ {
		if text[i] <= ' ' || text[i] >= 0x7f || strings.IndexByte("\"'`,;<>\\", text[i]) >= 0 {
			// No vendor's key holds such a character.
			return
		}
	}
	switch {
	case name == "" || w.grade == sure:
	case keyName(name):
		if w.grade < need {
			return
		}
		w.grade = sure
	case otherName(name):
		return
	}
	p.words = append(p.words, w)
}

// noise are words of shells and of clients that nobody takes for a key.
func noise(text string) bool {
	return strings.Contains(" export set setx env declare local const let var curl authorization api_key apikey api-key x-api-key api key keys token and the is my = := => null true false none ",
		" "+strings.ToLower(text)+" ")
}

// json takes the strings of a JSON value whose names say that they are keys, and where none says so, those that look like keys.
func (p *paste) json(v gjson.Result, base string, depth int) {
	if depth > 16 {
		return
	}
	switch {
	case v.IsObject():
		v.ForEach(func(name, value gjson.Result) bool {
			if value.Type == gjson.String && baseName(name.Str) {
				base = value.Str
			}
			return true
		})
		login := v.Get("type").Str == "oauth"
		if login {
			p.refused = "That is a login and no key; log in once more instead."
		}
		v.ForEach(func(name, value gjson.Result) bool {
			if value.Type != gjson.String {
				p.json(value, base, depth+1)
				return true
			}
			if login || baseName(name.Str) {
				return true
			}
			n := len(p.words)
			text := strings.TrimSpace(value.Str)
			if keyName(name.Str) {
				text = strings.TrimSpace(strings.TrimPrefix(text, "Bearer "))
			}
			if p.line++; !strings.ContainsAny(text, " \n") {
				p.add(text, name.Str, prose)
			}
			for ; n < len(p.words); n++ {
				p.words[n].base, p.words[n].field = base, true
			}
			return true
		})
	case v.IsArray():
		v.ForEach(func(_, value gjson.Result) bool {
			p.json(value, base, depth+1)
			return true
		})
	case v.Type == gjson.String:
		n := len(p.words)
		for _, line := range strings.Split(v.Str, "\n") {
			if !isJSON(line) {
				p.read(strings.TrimSpace(line))
			}
		}
		for ; n < len(p.words); n++ {
			p.words[n].base = base
		}
	}
}

// keep drops the words that do not pass.
func (p *paste) keep(pass func(*word) bool) {
	kept := p.words[:0]
	for i := range p.words {
		if pass(&p.words[i]) {
			kept = append(kept, p.words[i])
		}
	}
	p.words = kept
}

// ours reports whether a name is one of the provider's variables, also with a number or a remark at its end.
func (p *paste) ours(name string) bool {
	for _, env := range p.env {
		if strings.HasPrefix(strings.ToUpper(name), env) {
			return true
		}
	}
	return false
}

// choose leaves what is a key, given what else there is.
func (p *paste) choose() {
	best, shaped, named := prose, false, false
	lines, counts := map[int]grade{}, map[int]int{}
	for _, w := range p.words {
		best, lines[w.line] = max(best, w.grade), max(lines[w.line], w.grade)
		counts[w.line]++
		named = named || p.ours(w.name)
		for _, prefix := range p.shape.Prefixes {
			shaped = shaped || strings.HasPrefix(w.text, prefix)
		}
	}
	p.keep(func(w *word) bool {
		if named && keyName(w.name) && !p.ours(w.name) && strings.ToUpper(w.name) == w.name {
			// The key of another provider, in one env file with this one's.
			return false
		}
		alone := counts[w.line] == 1 && w.name == ""
		switch best {
		case sure:
			// Beside a key stand labels; elsewhere it may be a key of another kind, unless the vendor's all begin alike.
			return w.grade == sure || !w.field && !shaped && lines[w.line] < sure && (w.grade == likely || w.grade == short && alone)
		case likely:
			return w.grade == likely || w.grade == short && alone
		case short:
			return w.grade == short
		}
		return counts[w.line] <= 3
	})
}

// take makes the answer of the words.
func (p *paste) take(many bool) Paste {
	p.choose()
	out := Paste{Ignored: p.ignored}
	base := ""
	for _, b := range p.bases {
		if base == "" || base == b {
			base = b
		} else {
			base = "several"
		}
	}
	at := map[string]int{}
	for _, w := range p.words {
		if w.base == "" {
			w.base = base
		}
		address, why := CheckBaseURL(w.base, true)
		if why != "" {
			address = ""
		}
		for _, key := range pieces(w.text, p.shape.Prefixes) {
			i, ok := at[key]
			if !ok {
				i = len(out.Keys)
				at[key] = i
				out.Keys = append(out.Keys, PastedKey{Key: Secret(key)})
			} else {
				out.Duplicates++
			}
			if out.Keys[i].BaseURL == "" && address != "" {
				out.Keys[i].BaseURL = address
				out.Overrides++
			}
		}
	}
	switch {
	case len(out.Keys) == 0:
		out.Error = strings.TrimSpace("No API keys detected. " + p.refused)
	case len(out.Keys) > 1 && !many:
		out = Paste{Error: "Multiple API keys detected; paste one of them.", Ignored: out.Ignored, Duplicates: out.Duplicates}
	}
	return out
}

// pieces takes keys apart that were pasted without a gap: they begin alike. A prefix that vendors use is enough for it when it is
// long; a shorter or unknown one only when all the pieces are equally long, because a key may repeat a few characters by chance.
func pieces(key string, shape []string) []string {
	prefix := prefixOf(key, shape)
	if prefix == "workos:" || prefix == "LLM|" {
		return []string{key}
	}
	if prefix != "" {
		if parts := partsOf(key, prefix); parts != nil && (len(prefix) > 4 || evenly(parts)) {
			return parts
		}
	}
	for n := min(len(key)/2, 48); n >= 3; n-- {
		if strings.IndexByte("-_", key[n-1]) < 0 || strings.Trim(key[:n], "-_0123456789") == "" {
			continue
		}
		if parts := partsOf(key, key[:n]); parts != nil && evenly(parts) {
			return parts
		}
	}
	return []string{key}
}

func partsOf(key, prefix string) []string {
	var parts []string
	for {
		next := strings.Index(key[len(prefix):], prefix)
		if next < 0 {
			break
		}
		parts = append(parts, key[:len(prefix)+next])
		key = key[len(prefix)+next:]
	}
	if parts = append(parts, key); len(parts) == 1 {
		return nil
	}
	for _, part := range parts {
		if len(part) < len(prefix)+4 {
			return nil
		}
	}
	return parts
}

func evenly(parts []string) bool {
	for _, part := range parts {
		if len(part) != len(parts[0]) {
			return false
		}
	}
	return true
}
