package core

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// UsageSource is how the usage of an account is read: whom to ask and where the answer holds what. It is data, with More for the rest:
// code weighs, and every provider tells the same few things.
//
// Its texts are paths of gjson, several to be tried in turn divided by "|". A path that begins with "/" starts at the body rather than
// at the element in hand, one that begins with "@" in the account's credential.
//
// Signs are conditions, one of which has to hold, divided by "|" too: "path" (it is there), "path=text", "path!text" (it is there and
// says something else) and "path^text" (it begins so).
type UsageSource struct {
	// Logins and Keys say for which accounts it works.
	Logins bool
	Keys   bool
	// URLs are asked in their order. "{name}" is that field of the credential, "{name:other}" with what stands for it when it is missing;
	// an address that lacks a field is not asked.
	URLs []string
	// Base says that an account's own base URL takes the place of the addresses' own.
	Base bool
	// Token is the field a login's secret stands in, "" for "access"; Scheme what stands before it, "" for "Bearer ".
	Token  string
	Scheme string
	// Headers go with it beside the usual ones; fields stand in them as in URLs. Of two in a row with one name the first that is whole.
	Headers []Header
	// Denied explains a 403.
	Denied string

	// Known is what has to be there for a body to be the provider's.
	Known string
	// Failed are signs of a failure within status 200, Code says which, and Invalid lists the codes of a wrong key, a blank after each.
	Failed  string
	Code    string
	Invalid string
	Plan    string
	Windows []WindowRow
	Balance []BalanceRow
	// Refused are signs that the account is refused now, whatever its windows say; Paid that its owner pays beyond full ones.
	Refused string
	Paid    string
	// Every says that the account is refused only when every window is full, asides too.
	Every bool
	// Empty says in plain words what it means that no window was told; "" where that may be.
	Empty string
	// More reads what rows cannot say, after them.
	More func(r *Reading)
}

// WindowRow is where a body holds a window, or several alike. What its texts leave out is looked for under the names providers share.
type WindowRow struct {
	_ [0]func() // Nobody compares rows; the code for it would weigh.
	// Each is a list whose elements are read one by one; At is the window within the element, or within the body.
	Each string
	At   string
	// If and Unless are signs in the element.
	If     string
	Unless string
	Window
	// Else is its name where its length has none.
	Else string
	// ModelAt is where the model's name stands; Whole is the name that stands for all.
	ModelAt string
	Whole   string
	// Part and rest of a window in percent and in numbers, beside the shared names.
	LeftPercent, UsedPercent, Used, Left, Limit string
	// Count times Unit is how long it lasts; Period is a word that says so.
	Count, Unit, Period string
	// Start and Reset are its ends; Wait is milliseconds until the latter. Calendar says that it ends with the day, week or month in UTC.
	Start, Reset, Wait string
	Calendar           bool
	// Full are signs that it is; Zero that a part that is left out is none.
	Full, Zero string
	// Again says that it is left out when it was told before.
	Again bool
}

// BalanceRow is where a body holds a balance. Of several the first that is more than nothing counts.
type BalanceRow struct {
	_    [0]func()
	Each string
	// If are signs without which there is none.
	If string
	// Amount less Less, divided by Per, is what is left.
	Amount, Less string
	Per          float64
	Currency     string
	CurrencyAt   string
	// Exhausted are signs that the account is refused because of it, Not that it is not; without either, nothing left means that it is,
	// unless the account Serves without.
	Exhausted, Not string
	Serves         bool
}

// Reading is the usage of an account while its answers are read.
type Reading struct {
	Usage
	Account Account
	At      Time
	body    gjson.Result
	// only is the model all windows are of, where a body that tells of models alone tells of one.
	only          string
	paid, refused bool
}

// Has reports whether one of the signs holds for the body in hand.
func (r *Reading) Has(signs string) bool { return r.holds(r.body, signs) }

// Read joins the answers of an account, told apart by what they hold. One that failed counts only when nothing could be read.
func (s *UsageSource) Read(account Account, answers []FetchResult, at Time) Usage {
	r := Reading{Account: account, At: at}
	known, failure := false, ""
	for i := range answers {
		body, why := s.answer(&answers[i])
		if why == "" && !r.holds(body, s.Known) {
			why = "the format was invalid"
		}
		if why == "" {
			known = true
			r.body = body
			s.read(&r, body)
		} else if failure == "" {
			failure = why
		}
	}
	u := r.Usage
	u.At = at
	switch {
	case known && len(u.Windows) == 0:
		u.Error = s.Empty
	case known:
	case failure == "":
		u.Error = "there was no answer"
	default:
		u.Error = failure
	}
	// A service may say back what it was sent, and names are shown and kept.
	secrets := SecretsOf(account.Credential)
	u.Plan = strings.TrimPrefix(strings.ToLower(Plain(Redact(u.Plan, secrets), 60)), "level_")
	for i := range u.Windows {
		u.Windows[i].Model = Redact(u.Windows[i].Model, secrets)
	}
	u.Tidy(at)
	if r.refused || !r.paid {
		u.Block(at, r.only, r.refused)
	}
	return u
}

func (s *UsageSource) answer(a *FetchResult) (gjson.Result, string) {
	if a.Status == 200 {
		body, ok := ReadObject(a.Body.Reveal())
		if !ok {
			return body, "the format was invalid"
		}
		if (&Reading{}).holds(body, s.Failed) {
			code := Plain(body.Get(s.Code).String(), 20)
			if code != "" && strings.Contains(s.Invalid, code+" ") {
				return body, "the key has expired or is invalid (code " + code + ")"
			}
			if code == "" {
				return body, "the service refused"
			}
			return body, "the service refused (code " + code + ")"
		}
		return body, ""
	}
	words := "the service could not say"
	switch a.Status {
	case 0:
		return gjson.Result{}, "there was no answer"
	case 401:
		words = "the login or key has expired or is invalid"
	case 402:
		words = "payment is required"
	case 403:
		words = "access was denied"
	case 404:
		words = "there is no usage at this address"
	case 429:
		words = "it was asked too often"
	}
	words += " (status " + strconv.Itoa(a.Status) + ")"
	if a.Status == 403 && s.Denied != "" {
		words += ": " + s.Denied
	}
	return gjson.Result{}, words
}

func (s *UsageSource) read(r *Reading, body gjson.Result) {
	if plan := r.at(body, s.Plan); plan.Exists() {
		r.Plan = plan.String()
	}
	for i := range s.Windows {
		row := &s.Windows[i]
		r.each(body, row.Each, func(element gjson.Result) { r.window(row, element) })
	}
	for i := range s.Balance {
		row := &s.Balance[i]
		r.each(body, row.Each, func(element gjson.Result) { r.balance(row, element) })
	}
	r.refused = r.refused || r.holds(body, s.Refused)
	r.paid = r.paid || (r.holds(body, s.Paid) && !(r.Balance.Known && r.Balance.Amount <= 0))
	if s.More != nil {
		s.More(r)
	}
	one := true
	for i := range r.Windows {
		r.paid = r.paid || (s.Every && r.Windows[i].Used < 100)
		one = one && r.Windows[i].Model == r.Windows[0].Model
	}
	if one && len(r.Windows) > 0 {
		r.only = r.Windows[0].Model
	}
}

func (r *Reading) each(body gjson.Result, path string, visit func(gjson.Result)) {
	if path == "" {
		visit(body)
		return
	}
	n := 0
	r.at(body, path).ForEach(func(_, element gjson.Result) bool {
		n++
		visit(element)
		return n < 64
	})
}

// at is the first of several paths that leads to something.
func (r *Reading) at(element gjson.Result, paths string) gjson.Result {
	for paths != "" {
		var path string
		path, paths, _ = strings.Cut(paths, "|")
		v := gjson.Result{}
		switch path[0] {
		case '@':
			v = gjson.Get(r.Account.Credential.Reveal(), path[1:])
		case '/':
			v = r.body.Get(path[1:])
		default:
			v = element.Get(path)
		}
		if v.Type != gjson.Null {
			return v
		}
	}
	return gjson.Result{}
}

func (r *Reading) number(element gjson.Result, paths string) (float64, bool) {
	return ReadNumber(r.at(element, paths))
}

func (r *Reading) holds(element gjson.Result, signs string) bool {
	for signs != "" {
		var sign string
		sign, signs, _ = strings.Cut(signs, "|")
		i := strings.IndexAny(sign, "=!^")
		if i < 0 {
			if element.Get(sign).Exists() {
				return true
			}
			continue
		}
		v := r.at(element, sign[:i])
		if v.Type == gjson.Null {
			continue
		}
		text, want := v.String(), sign[i+1:]
		if (sign[i] == '=' && text == want) || (sign[i] == '!' && text != want) || (sign[i] == '^' && strings.HasPrefix(text, want)) {
			return true
		}
	}
	return false
}

// usageUnits are the units of a window's length by the words and numbers of the providers that name them.
const usageUnits = "SECOND MINUTE HOUR DAY WEEK MONTH"

var unitLengths = [...]Duration{Second, Minute, Hour, Day, Week, Month}

func unitOf(word string) Duration {
	// Z.AI numbers its units.
	switch word {
	case "3":
		return Hour
	case "4":
		return Day
	case "5":
		return Month
	case "6":
		return Week
	}
	word = strings.ToUpper(word)
	for i, name := range strings.Fields(usageUnits) {
		if strings.Contains(word, name) || (name == "DAY" && word == "DAILY") {
			return unitLengths[i]
		}
	}
	return 0
}

func (r *Reading) window(row *WindowRow, element gjson.Result) {
	if (row.If != "" && !r.holds(element, row.If)) || r.holds(element, row.Unless) {
		return
	}
	told := element
	if row.At != "" {
		if told = r.at(element, row.At); !told.IsObject() && row.Each != "" {
			told = element
		}
	}
	w := Window{}
	if told.IsObject() && row.UsedPercent+row.LeftPercent+row.Left == "" {
		w = ReadWindow(told, r.At)
	}
	w.Name, w.Aside = row.Name, row.Aside
	if row.Length != 0 {
		w.Length = row.Length
	}
	r.part(row, told, &w)
	if n, ok := r.number(element, row.Count); ok {
		w.Length = span(n, unitOf(r.at(element, row.Unit).String()))
		if w.Length > 0 {
			w.Length = max(w.Length, Minute)
		}
	} else if row.Unit != "" {
		w.Length = unitOf(r.at(element, row.Unit).String())
	}
	if row.Period != "" {
		w.Length = unitOf(r.at(element, row.Period).String())
	}
	if w.ResetsAt.IsZero() && row.At != "" && row.Each != "" {
		w.ResetsAt = ReadResetOf(element, r.At)
	}
	if t, ok := ReadMoment(r.at(element, row.Reset), r.At); ok && w.ResetsAt.IsZero() {
		w.ResetsAt = t
	}
	// A window began at most as long before its reset as a reset may lie ahead.
	if start, ok := ReadMoment(r.at(element, row.Start), w.ResetsAt.Add(-ResetFuture)); ok && w.Length == 0 && start < w.ResetsAt {
		if w.Length = w.ResetsAt.Sub(start); w.Length >= 28*Day && w.Length <= 31*Day {
			w.Length = Month
		}
	}
	if ms, ok := r.number(element, row.Wait); ok && w.ResetsAt.IsZero() && ms > 0 {
		w.ResetsAt, _ = PlausibleReset(r.At.Add(span(ms, Millisecond)), r.At)
	}
	if limit, ok := r.number(told, row.Limit); row.Calendar && (w.Known || (ok && limit > 0)) {
		switch w.Length {
		case Day:
			w.ResetsAt = r.At.NextMidnight(0)
		case Week:
			// 1970-01-05 was the first Monday.
			w.ResetsAt = r.At.Add(Week - r.At.Sub(Time(4*Day))%Week)
		case Month:
			w.ResetsAt = r.At.NextMonth()
		}
	}
	if w.Name == "" && NameOf(w.Length) == "" {
		w.Name = row.Else
	}
	w.Model = row.Model
	if row.ModelAt != "" {
		w.Model = Plain(r.at(element, row.ModelAt).String(), 4*60)
		switch {
		case row.Whole != "" && w.Model == row.Whole:
			w.Model = ""
		case row.Whole != "":
			w.Aside = strings.Contains(r.body.Raw, `"`+row.Whole+`"`)
		case w.Model == "":
			return
		}
	}
	if !row.Again || !r.told(w.Model, w.Length) {
		r.Add(w)
	}
}

// part reads how much of a window is used, where the row says it stands under a name of its own.
func (r *Reading) part(row *WindowRow, told gjson.Result, w *Window) {
	if used, ok := r.number(told, row.UsedPercent); ok {
		w.SetUsed(used)
	} else if left, ok := r.number(told, row.LeftPercent); ok {
		w.SetUsed(100 - left)
	} else if !w.Known {
		limit, limited := r.number(told, row.Limit)
		used, counted := r.number(told, row.Used)
		left, leaves := r.number(told, row.Left)
		switch {
		case limited && limit > 0 && counted:
			w.SetUsed(used / limit * 100)
		case limited && limit > 0 && leaves:
			w.SetUsed((limit - left) / limit * 100)
		case leaves && left <= 0:
			w.SetUsed(100)
		}
	}
	if r.holds(told, row.Full) {
		w.SetUsed(100)
	}
	if !w.Known && row.Zero != "" && r.holds(told, row.Zero) && !r.at(told, row.UsedPercent).Exists() {
		w.SetUsed(0)
	}
}

// told reports whether a window of that length and of a model of that name, or of a part of its name, was read already.
func (r *Reading) told(model string, length Duration) bool {
	for i := range r.Windows {
		w := &r.Windows[i]
		if w.Length == length && w.Known && (w.Model == "") == (model == "") && strings.Contains(strings.ToLower(model), strings.ToLower(w.Model)) {
			return true
		}
	}
	return false
}

func (r *Reading) balance(row *BalanceRow, element gjson.Result) {
	if row.If != "" && !r.holds(element, row.If) {
		return
	}
	b := Balance{Currency: row.Currency}
	if currency := r.at(element, row.CurrencyAt); currency.Exists() {
		b.Currency = Plain(Redact(currency.String(), SecretsOf(r.Account.Credential)), 20)
	}
	amount, ok := r.number(element, row.Amount)
	less, told := r.number(element, row.Less)
	if b.Known = ok && (told || row.Less == ""); b.Known {
		b.Amount = (amount - less) / max(row.Per, 1)
	}
	switch {
	case r.holds(element, row.Exhausted):
		b.Exhausted = true
	case r.holds(element, row.Not) || row.Serves:
	case !b.Known:
		// A name without an amount says nothing, not even that there is something left.
		return
	default:
		b.Exhausted = b.Amount <= 0
	}
	if !r.Balance.Known || (r.Balance.Amount <= 0 && b.Known && b.Amount > 0) {
		r.Balance = b
	}
}

// Requests are the calls to make for an account, none when its credential lacks what they need.
func (s *UsageSource) Requests(account Account) []Fetch {
	token := account.Token(s.Token)
	if token == "" {
		return nil
	}
	scheme := s.Scheme
	if scheme == "" {
		scheme = "Bearer "
	}
	// A scheme may end in what some tokens have before them already.
	if i := strings.IndexByte(scheme, ' '); strings.HasPrefix(token, scheme[i+1:]) || !account.Login {
		scheme = scheme[:i+1]
	}
	own, why := ReadOverride(gjson.Get(account.Credential.Reveal(), "request").Raw)
	if why != "" {
		return nil
	}
	var fetches []Fetch
	for _, url := range s.URLs {
		if base := own.BaseURL; s.Base && base != "" {
			base = strings.TrimSuffix(base, "/chat/completions")
			url = strings.TrimRight(strings.TrimSuffix(base, "/v1"), "/") + url[strings.LastIndexByte(url, '/'):]
		}
		url, ok := account.fill(url)
		if !ok {
			continue
		}
		address, _, _ := strings.Cut(url, "?")
		u, why := ParseURL(address)
		if why != "" || u.Barred(own.Private) != "" {
			// A host that the credential names may be anything.
			continue
		}
		headers := []SecretHeader{{"authorization", Secret(scheme + token)}, {"accept", "application/json"}, {"user-agent", "pi-multi-auth"}}
		for _, h := range s.Headers {
			if value, ok := account.fill(h.Value); ok && headers[len(headers)-1].Name != h.Name {
				headers = append(headers, SecretHeader{h.Name, Secret(value)})
			}
		}
		fetches = append(fetches, Fetch{Method: "GET", URL: url, Headers: headers, Timeout: 5 * Second, MaxBytes: 256 << 10, Origin: OriginOf(url)})
	}
	return fetches
}

// fill puts fields of the credential into a text; false when one is missing or holds more than a name may.
func (a *Account) fill(text string) (string, bool) {
	before, rest, ok := strings.Cut(text, "{")
	if !ok {
		return text, true
	}
	name, after, _ := strings.Cut(rest, "}")
	other := ""
	if !strings.HasPrefix(name, "access/") {
		name, other, _ = strings.Cut(name, ":")
	}
	value := strings.TrimSuffix(strings.TrimPrefix(a.Field(name), "https://"), "/")
	if value == "" {
		value = other
	}
	for _, c := range value {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-._", c) {
			return "", false
		}
	}
	return before + value + after, value != "" && value[0] != '.'
}

// Token is the secret an account's requests carry: the field of a login ("" for its access token), or its key; "" where only the host
// can tell it.
func (a *Account) Token(field string) string {
	if a.Login {
		if field == "" {
			field = "access"
		}
		return a.Field(field)
	}
	c, _ := ReadCredential(a.Credential)
	if c.Template {
		return ""
	}
	return c.Key.Reveal()
}

// Field is a text of the credential, "" when there is none of that name. "access/" before a name looks into the claims of its token.
func (a *Account) Field(name string) string {
	if strings.HasPrefix(name, "access/") {
		c, _ := ReadCredential(a.Credential)
		return c.Field(name)
	}
	v := gjson.Get(a.Credential.Reveal(), name)
	if v.Type != gjson.String {
		return ""
	}
	return v.Str
}

// OriginOf is scheme and host of an address, "" where it has none.
func OriginOf(url string) string {
	i := strings.Index(url, "://")
	if i < 0 {
		return ""
	}
	if j := strings.IndexAny(url[i+3:], "/?#"); j >= 0 {
		return url[:i+3+j]
	}
	return url
}
