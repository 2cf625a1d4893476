package fault

import (
	"strings"

	"pimultiauth/core"
)

// Phrases that announce an instant, the surest first.
const instantWords = "reset at|resets at|reset on|resets on|resets:|reset:|reset time is|reset time:|reset_at|resets_at|reset date:|reset after|resets after|try again at|try again on|try again after|try again|retry at|retry on|retry after|available again at|available again on|available again|available at|available on|" +
	"access on|regain access|access again|renews on|renews at|renews|renew on|refreshes on|refreshes at|refreshes|refreshed on|refreshed at|refill on|replenished on|back at|back on|until|next reset|limit reached||limit reached ∙ resets|resets|reset |" +
	"重置时间|将在|将于|会在|请于|请在|恢复时间|リセット|まで|zurückgesetzt am|zurückgesetzt um|zurückgesetzt|zurücksetzung|erneut am|erneut um|wieder am|wieder um|wieder verfügbar|versuchen sie es|versuche es|ab dem|bis|réinitialisé le|réinitialisé à|réinitialisée|réinitialisé|réinitialisation|" +
	"réinitialise à|réinitialise le|réessayez|à partir de|à partir du|jusqu'à|jusqu'au|disponible le|disponible à|restablece a|restablece el|restablecerá|restablece|reinicia a|reinicia el|reinicia|de nuevo el|de nuevo a|de nuevo|disponible el|disponible a|hasta"

// announcedInstant finds a date, a day or a time of day behind one of the phrases. Its source is FromDefault where nobody says in whose
// zone a time of day is meant: the end is then a short probe.
func (e *evidence) announcedInstant() (core.Time, core.Source, bool) {
	for list := instantWords; list != ""; {
		var phrase string
		phrase, list, _ = strings.Cut(list, "|")
		if phrase == "" {
			// Claude Code of 2025: "Claude AI usage limit reached|1768474800".
			phrase = "limit reached|"
		}
		for rest := range after(e.words, phrase) {
			if t, source, ok := e.instant(rest); ok {
				return t, source, true
			}
		}
	}
	// Chinese and Japanese put the word behind: "1月16日 9:00 にリセット".
	if e.says("リセット|重置|恢复|恢復|再试|再試|解除|解禁|利用可能") {
		for i := 0; i < len(e.words); i++ {
			c := e.words[i]
			begins := c >= '0' && c <= '9' && (i == 0 || (e.words[i-1] < '0' || e.words[i-1] > '9') && e.words[i-1] != '.')
			if !begins && !strings.HasPrefix(e.words[i:], "明天") && !strings.HasPrefix(e.words[i:], "明日") {
				continue
			}
			if t, source, ok := e.instant(cut(e.words[i:], 120)); ok {
				return t, source, true
			}
		}
	}
	return 0, "", false
}

// moment is an instant as far as words have told it.
type moment struct {
	date          core.Time // midnight of the day as if it were UTC
	dated, yearly bool      // yearly says that the year is not told
	shift         int       // days from today
	shifted       bool
	weekday       int
	named         bool // weekday is told
	clock         core.Duration
	clocked       bool
	midnight      bool
	zone          string
	end           core.Time // the instant itself
	month, day    int
}

// instant reads "2026-02-01 at 00:00 utc", "3pm (europe/berlin)", "jan 20th, 2026 10:15 am", "tomorrow at 9:00", "monday", "1768474800"
// at the beginning of a text.
func (e *evidence) instant(text string) (core.Time, core.Source, bool) {
	m := moment{}
	for n := 0; n < 14; n++ {
		text = strings.TrimLeft(text, " ,:;\"'`()[]~*·∙|@<（【")
		left, ok := m.read(text)
		if !ok {
			break
		}
		text = left
		if !m.end.IsZero() {
			return e.later(m.end, core.FromText)
		}
	}
	return e.compose(&m)
}

func (e *evidence) later(t core.Time, source core.Source) (core.Time, core.Source, bool) {
	t, ok := core.PlausibleReset(t, e.at)
	return t, source, ok && !t.Before(e.at)
}

// compose makes an instant of what was told.
func (e *evidence) compose(m *moment) (core.Time, core.Source, bool) {
	if m.month > 0 && m.day > 0 && !m.dated {
		year, _, _ := e.at.Date()
		m.date, m.dated = core.Date(year, m.month, m.day)
		m.yearly = true
	}
	days := m.dated || m.shifted || m.named
	if !days && !m.clocked {
		return 0, "", false
	}
	zone := m.zone
	if zone == "" {
		zone = e.provider.Zone
	}
	if zone == "" {
		if !days && !m.midnight {
			return e.at.Add(defaultProbe), core.FromDefault, true
		}
		zone = "utc"
	}
	offset, ok := core.ZoneOffset(zone, e.at)
	if !ok {
		return e.at.Add(defaultProbe), core.FromDefault, true
	}
	day := e.at.Add(offset)
	day = day.Add(-(core.Duration(day) % core.Day))
	switch {
	case m.dated:
		day = m.date
	case m.shifted:
		day = day.Add(core.Duration(m.shift) * core.Day)
	case m.named:
		ahead := (m.weekday - day.Weekday() + 7) % 7
		if ahead == 0 && !(m.clocked && e.at.Before(day.Add(m.clock-offset))) {
			ahead = 7
		}
		day = day.Add(core.Duration(ahead) * core.Day)
	}
	t := day.Add(m.clock - offset)
	// The summer may begin or end on the way there.
	if then, ok := core.ZoneOffset(zone, t); ok {
		t = day.Add(m.clock - then)
	}
	switch {
	case !days && t.Before(e.at):
		t = t.Add(core.Day)
	case m.yearly && t.Before(e.at.Add(-core.Day)):
		year, _, _ := e.at.Date()
		if date, ok := core.Date(year+1, m.month, m.day); ok {
			t = date.Add(m.clock - offset)
		}
	}
	return e.later(t, core.FromText)
}

// read takes one word of an instant from the beginning of a text.
func (m *moment) read(text string) (string, bool) {
	if text == "" {
		return "", false
	}
	if c := text[0]; c >= '0' && c <= '9' {
		return m.number(text)
	}
	if c := text[0]; (c == '+' || c == '-') && m.clocked && m.zone == "" {
		n := 1
		for n < len(text) && n < 6 && (text[n] >= '0' && text[n] <= '9' || text[n] == ':') {
			n++
		}
		if _, ok := core.ZoneOffset(text[:n], 0); ok {
			m.zone = text[:n]
			return text[n:], true
		}
		return "", false
	}
	for list := dayWords; list != ""; {
		var one string
		one, list, _ = strings.Cut(list, "|")
		word, meaning, _ := strings.Cut(one, "=")
		if !strings.HasPrefix(text, word) || goesOn(word, text) {
			continue
		}
		switch c := meaning; {
		case c == "":
		case c == "+":
			m.shift, m.shifted = 1, true
		case c == "0":
			m.shift, m.shifted = 0, true
		case c == "++":
			m.shift, m.shifted = 2, true
		case c == "m":
			m.clocked, m.midnight = true, true
		case c == "n":
			m.clock, m.clocked = 12*core.Hour, true
		case c[0] == 'w':
			m.weekday, m.named = int(c[1]-'0'), true
		default:
			n, _ := core.ParseDecimal(c)
			m.month = int(n)
		}
		return text[len(word):], true
	}
	return m.zoned(text)
}

// goesOn reports whether a word of letters is only the beginning of a longer one.
func goesOn(word, text string) bool {
	if len(text) == len(word) || word[len(word)-1] >= 0x80 || word[len(word)-1] == ' ' {
		return false
	}
	c := text[len(word)]
	return c >= 'a' && c <= 'z' || c == '/' || c == '_'
}

// dayWords are the words instants are told in: "+" is tomorrow, "0" today, "m" midnight, "n" noon, "w1" Monday, a number the month.
const dayWords = "tomorrow=+|morgen=+|demain=+|mañana=+|manana=+|明天=+|明日=+|次日=+|翌日=+|today=0|heute=0|aujourd'hui=0|hoy=0|今天=0|今日=0|本日=0|后天=++|übermorgen=++|" +
	"midnight=m|mitternacht=m|minuit=m|medianoche=m|午夜=m|凌晨=|noon=n|midi=n|mittag=n|mediodía=n|" +
	"sunday=w0|monday=w1|tuesday=w2|wednesday=w3|thursday=w4|friday=w5|saturday=w6|sun=w0|mon=w1|tues=w2|tue=w2|wed=w3|thurs=w4|thur=w4|thu=w4|fri=w5|sat=w6|" +
	"sonntag=w0|montag=w1|dienstag=w2|mittwoch=w3|donnerstag=w4|freitag=w5|samstag=w6|sonnabend=w6|dimanche=w0|lundi=w1|mardi=w2|mercredi=w3|jeudi=w4|vendredi=w5|samedi=w6|" +
	"domingo=w0|lunes=w1|martes=w2|miércoles=w3|jueves=w4|viernes=w5|sábado=w6|星期日=w0|星期天=w0|星期一=w1|星期二=w2|星期三=w3|星期四=w4|星期五=w5|星期六=w6|周日=w0|周一=w1|周二=w2|周三=w3|周四=w4|周五=w5|周六=w6|" +
	"日曜日=w0|月曜日=w1|火曜日=w2|水曜日=w3|木曜日=w4|金曜日=w5|土曜日=w6|" +
	"january=1|february=2|march=3|april=4|may=5|june=6|july=7|august=8|september=9|october=10|november=11|december=12|jan=1|feb=2|mar=3|apr=4|jun=6|jul=7|aug=8|sept=9|sep=9|oct=10|nov=11|dec=12|" +
	"januar=1|februar=2|märz=3|mai=5|juni=6|juli=7|oktober=10|dezember=12|janvier=1|février=2|mars=3|avril=4|juin=6|juillet=7|août=8|septembre=9|octobre=10|novembre=11|décembre=12|" +
	"enero=1|febrero=2|marzo=3|abril=4|mayo=5|junio=6|julio=7|agosto=8|septiembre=9|octubre=10|noviembre=11|diciembre=12|" +
	"at =|on =|the =|um =|à =|a las =|las =|le =|el =|am =|den =|dem =|of =|de =|around =|about =|by =|next =|nächsten =|approximately =|ca. =|again =|t=|于 =|于=|在=|的=|上午=|早上="

// zoned takes the name of a zone, of at most three words.
func (m *moment) zoned(text string) (string, bool) {
	// "北京时间 2026-01-16 00:00" begins with it.
	if text[0] < 0x80 && !m.clocked && !m.dated && !m.shifted && !m.named || m.zone != "" {
		return "", false
	}
	end := strings.IndexAny(text, "),;.|\"'）】")
	if end < 0 || end > 40 {
		end = min(len(text), 40)
	}
	for name := text[:end]; name != ""; {
		if _, ok := core.ZoneOffset(name, 0); ok {
			m.zone = strings.TrimSpace(name)
			return text[len(name):], true
		}
		i := strings.LastIndexByte(name, ' ')
		if i < 0 {
			// A zone in brackets that is not known must not pass for none.
			if contains(name, "/") {
				m.zone = name
			}
			return "", false
		}
		name = name[:i]
	}
	return "", false
}

// number takes what begins with a digit: an epoch, a date, a time of day, a day, a year.
func (m *moment) number(text string) (string, bool) {
	figures := digitsOf(text)
	rest := text[len(figures):]
	value, _ := core.ParseDecimal(figures)
	n := int(value)
	switch {
	case (len(figures) == 10 || len(figures) == 13) && !m.clocked && !m.dated:
		t := core.Time(value)
		if len(figures) == 10 {
			t *= 1000
		}
		m.end = t
		return rest, true
	case len(figures) == 4 && len(text) >= 10 && (rest[0] == '-' || rest[0] == '/') && rest[3] == rest[0]:
		date, ok := core.ParseTimestamp(figures + "-" + rest[1:3] + "-" + rest[4:6])
		m.date, m.dated = date, ok
		return rest[6:], ok
	case strings.HasPrefix(rest, "年"):
		return m.chineseDate(n, rest[len("年"):])
	case strings.HasPrefix(rest, "月"):
		day := digitsOf(rest[len("月"):])
		d, ok := core.ParseDecimal(day)
		m.month, m.day = n, int(d)
		return strings.TrimPrefix(rest[len("月")+len(day):], "日"), ok && len(day) <= 2
	case len(figures) == 4 && m.month > 0 && m.day > 0 && !m.dated:
		date, ok := core.Date(n, m.month, m.day)
		m.date, m.dated = date, ok
		return rest, ok
	case len(figures) > 2:
		return "", false
	}
	if !m.clocked {
		if left, ok := m.timeOfDay(n, rest); ok {
			return left, true
		}
	}
	if m.day == 0 && n >= 1 && n <= 31 {
		for list := "st|nd|rd|th|.|er|º"; list != ""; {
			var one string
			one, list, _ = strings.Cut(list, "|")
			rest = strings.TrimPrefix(rest, one)
		}
		m.day = n
		return rest, m.month > 0 || beginsMonth(strings.TrimLeft(rest, " "))
	}
	return "", false
}

func beginsMonth(text string) bool {
	text = strings.TrimPrefix(strings.TrimPrefix(text, "of "), "de ")
	probe := moment{}
	_, ok := probe.read(text)
	return ok && probe.month > 0
}

func (m *moment) chineseDate(year int, rest string) (string, bool) {
	monthText := digitsOf(rest)
	month, ok1 := core.ParseDecimal(monthText)
	rest, ok2 := strings.CutPrefix(rest[len(monthText):], "月")
	dayText := digitsOf(rest)
	day, ok3 := core.ParseDecimal(dayText)
	if !ok1 || !ok2 || !ok3 || month > 12 || day > 31 {
		return "", false
	}
	date, ok := core.Date(year, int(month), int(day))
	m.date, m.dated = date, ok
	return strings.TrimPrefix(rest[len(dayText):], "日"), ok
}

// timeOfDay takes "3pm", "3:05 p.m.", "15:00:30.5", "15h30", "15 uhr", "8点30分"; hour is read already.
func (m *moment) timeOfDay(hour int, rest string) (string, bool) {
	minute, second := 0, 0
	told := false
	for _, colon := range []string{":", "h", " h", "点", "點", "時", "时", ".", " uhr"} {
		after, ok := strings.CutPrefix(rest, colon)
		if !ok {
			continue
		}
		if colon == " h" && goesOn(colon, rest) {
			continue
		}
		after = strings.TrimPrefix(after, "e") // "8 heures" begins with h
		figures := digitsOf(strings.TrimLeft(after, " "))
		if (colon == ":" || colon == ".") && len(figures) != 2 {
			continue
		}
		told = true
		if colon == "." {
			// "9.30 uhr"; a bare "20." is a day.
			told = strings.HasPrefix(strings.TrimLeft(after[2:], " "), "uhr")
			if !told {
				continue
			}
		}
		rest = after
		if len(figures) == 2 && (colon == ":" || strings.HasPrefix(after, figures) || colon == " uhr") {
			value, _ := core.ParseDecimal(figures)
			minute = int(value)
			rest = strings.TrimPrefix(strings.TrimLeft(after, " ")[2:], "分")
		}
		if figures = digitsOf(strings.TrimPrefix(rest, ":")); colon == ":" && strings.HasPrefix(rest, ":") && len(figures) == 2 {
			value, _ := core.ParseDecimal(figures)
			second = int(value)
			rest = rest[3:]
			if strings.HasPrefix(rest, ".") {
				rest = rest[1+len(digitsOf(rest[1:])):]
			}
		}
		break
	}
	left := strings.TrimLeft(rest, " ")
	for _, half := range []string{"am", "a.m.", "pm", "p.m.", "a. m.", "p. m."} {
		if strings.HasPrefix(left, half) && !goesOn(half, left) {
			if hour < 1 || hour > 12 {
				return "", false
			}
			hour %= 12
			if half[0] == 'p' {
				hour += 12
			}
			rest, told = left[len(half):], true
			break
		}
	}
	rest = strings.TrimPrefix(rest, " uhr")
	if !told || hour > 24 || minute > 59 || second > 60 {
		return "", false
	}
	m.clock = core.Duration(hour)*core.Hour + core.Duration(minute)*core.Minute + core.Duration(second)*core.Second
	m.clocked = true
	return rest, true
}
