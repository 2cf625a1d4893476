package fault

import (
	"strings"

	"pimultiauth/core"
)

// Phrases that announce a wait, in the languages people meet, the surest first.
const waitWords = "try again in|retry in|again after|retry after|retry-after:|retry_after:|retry-after=|retry_after=|retry-after-ms=|resets in|reset in|resets after|reset after|available in|" +
	"available again in|refreshes in|refresh in|renews in|renew in|replenished in|unlocks in|next reset in|time until reset:|time remaining:|wait for|please wait|wait at least|wait another|wait about|must wait|retry your request in|access again in|" +
	"regain access in|try again after|quota will reset after|will reset after|will be available in|back in|come back in|cooldown:|cooldown of|cooldown for|blocked for|limited for|suspended for|expected wait|wait time:|" +
	"versuchen sie es in|versuche es in|erneut in|wieder in|warten sie|bitte warte|zurückgesetzt in|" +
	"réessayez dans|réessayer dans|ressayez dans|veuillez patienter|patientez|attendez|attendre|réinitialisé dans|réinitialisée dans|réinitialisation dans|disponible dans|à nouveau dans|réessayez après|" +
	"de nuevo en|nuevamente en|intentarlo en|reintente en|reintentar en|reinténtalo en|espere|espera|restablece en|restablecerá en|reinicia en|reiniciará en|disponible en|dentro de|" +
	"riprova tra|attendi|tente novamente em|aguarde|请等待|请稍等|还需等待|等待时间|剩余时间|あと|残り|待機時間|через"

// Words that make "in 5 minutes" the end of a wait, where none of the phrases stands right before it.
const againWords = "erneut|wieder|noch einmal|again|réessay|reintent|intent|riprov|tente|reset|zurückgesetzt|réinitialis|restablec|reinici|available|verfügbar|disponible|renew|refresh|unlock|novamente"

// wordsEnd finds a wait or an instant in sentences. Only what follows a phrase that announces an end counts: a sentence holds many
// numbers.
func (e *evidence) wordsEnd() (core.Time, core.Source, bool) {
	if t, ok := e.announcedSpan(); ok {
		return t, core.FromText, true
	}
	return e.announcedInstant()
}

func (e *evidence) announcedSpan() (core.Time, bool) {
	for list := waitWords; list != ""; {
		var phrase string
		phrase, list, _ = strings.Cut(list, "|")
		for rest := range after(e.words, phrase) {
			if phrase == "retry-after-ms=" {
				rest = digitsOf(rest) + "ms"
			}
			if d, _, ok := span(rest, strings.HasPrefix(phrase, "retry")); ok {
				return core.PlausibleReset(e.at.Add(d), e.at)
			}
		}
	}
	for list := " in | nach | dans | en | tra | em "; list != ""; {
		var word string
		word, list, _ = strings.Cut(list, "|")
		from := 0
		for n := 0; n < 8; n++ {
			i := strings.Index(e.words[from:], word)
			if i < 0 {
				break
			}
			before, rest := e.words[:from+i], e.words[from+i+len(word):]
			from += i + len(word)
			d, left, ok := span(rest, false)
			if !ok || counted(before) {
				continue
			}
			if says(before[max(0, len(before)-60):], againWords) || says(cut(left, 40), againWords) {
				return core.PlausibleReset(e.at.Add(d), e.at)
			}
		}
	}
	return e.spanBefore()
}

// counted reports whether what stands before "in 5 minutes" makes it the length of a window: "100 requests in 5 minutes".
func counted(before string) bool {
	before = before[max(0, len(before)-14):]
	return says(before, "request|token|message|call|anfrage|requête|solicitud") || strings.ContainsAny(before[max(0, len(before)-3):], "0123456789")
}

// spanBefore reads the languages that put the word behind: "5 小时后", "30秒後に", "1時間30分後".
func (e *evidence) spanBefore() (core.Time, bool) {
	for i := 0; i < len(e.words); i++ {
		if c := e.words[i]; c < '0' || c > '9' {
			continue
		}
		d, left, ok := span(e.words[i:], false)
		if ok {
			left = strings.TrimLeft(left, " ")
			for _, end := range []string{"后", "後", "之后", "以后", "以後", "之後", "待", "お待ち", "후"} {
				if strings.HasPrefix(left, end) {
					return core.PlausibleReset(e.at.Add(d), e.at)
				}
			}
		}
		for i+1 < len(e.words) && (e.words[i+1] >= '0' && e.words[i+1] <= '9' || e.words[i+1] == '.') {
			i++
		}
	}
	return 0, false
}

func says(text, list string) bool {
	for list != "" {
		var one string
		one, list, _ = strings.Cut(list, "|")
		if strings.Contains(text, one) {
			return true
		}
	}
	return false
}

func contains(text, part string) bool { return strings.Contains(text, part) }

// after yields what follows each of the first occurrences of a phrase.
func after(words, phrase string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for n := 0; n < 8; n++ {
			i := strings.Index(words, phrase)
			if i < 0 {
				return
			}
			words = words[i+len(phrase):]
			if !yield(cut(words, 120)) {
				return
			}
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

const fillers = "about |approximately |approx. |another |around |at least |up to |roughly |circa |etwa |ca. |environ |unos |aproximadamente |约 |约|大约 |大约|for |time: |period: |the next |noch |encore |otros "

// span reads "~ 5 hours", "6m0s", "27h41m36s", "2h 15m", "1 day, 3 hours and 5 minutes", "01:30:00", "an hour" at the beginning of a
// text, and what is left of it. Seconds is for phrases that come from the header of that name, whose unit they leave out.
func span(text string, seconds bool) (core.Duration, string, bool) {
	text = strings.TrimLeft(text, " ~:≈=\"'`(*<")
	for again := true; again; {
		again = false
		for list := fillers; list != ""; {
			var one string
			one, list, _ = strings.Cut(list, "|")
			if strings.HasPrefix(text, one) {
				text, again = strings.TrimLeft(text[len(one):], " ~"), true
			}
		}
	}
	if d, rest, ok := clockSpan(text); ok {
		return d, rest, true
	}
	total, groups := core.Duration(0), 0
	unit := core.Duration(0)
	for groups < 6 {
		number, rest, ok := numberOf(text, groups == 0)
		if !ok {
			break
		}
		bare := unit
		var left string
		unit, left = unitOf(strings.TrimLeft(rest, " -"))
		if unit == 0 {
			switch {
			case groups == 0 && seconds && number < 1e7 && bareNumber(rest):
				return core.Duration(number*1000 + 0.999), rest, true
			case bare == core.Hour && number < 60 && len(digitsOf(text)) == 2 && (rest == "" || rest[0] == ' ' || rest[0] == '.' || rest[0] == ','):
				// "1h30" of the French.
				total += core.Duration(number) * core.Minute
				text = rest
			}
			break
		}
		if number > 1e9 {
			return 0, "", false
		}
		total += core.Duration(number*float64(unit) + 0.999)
		groups++
		text = strings.TrimLeft(left, " ,")
		for list := "and |und |et |y |e "; list != ""; {
			var one string
			one, list, _ = strings.Cut(list, "|")
			text = strings.TrimPrefix(text, one)
		}
	}
	return total, text, groups > 0
}

// bareNumber reports whether a number stands alone: no unit, no clock, no share.
func bareNumber(rest string) bool {
	rest = strings.TrimSpace(rest)
	if rest == "" {
		return true
	}
	c := rest[0]
	return c != ':' && c != '%' && c != '/' && c < 0x80 && (c < 'a' || c > 'z')
}

// clockSpan reads "01:30:00" and, as .NET writes days, "2.14:18:12" as a wait.
func clockSpan(text string) (core.Duration, string, bool) {
	hours := digitsOf(text)
	if days, ok := core.ParseDecimal(hours); ok && days < 1e4 && strings.HasPrefix(text[len(hours):], ".") {
		clock, rest, ok := clockSpan(text[len(hours)+1:])
		return core.Duration(days)*core.Day + clock, rest, ok
	}
	if hours == "" || len(hours) > 3 || len(text) < len(hours)+6 {
		return 0, "", false
	}
	rest := text[len(hours):]
	if rest[0] != ':' || rest[3] != ':' || len(digitsOf(rest[1:])) != 2 || len(digitsOf(rest[4:])) != 2 {
		return 0, "", false
	}
	h, _ := core.ParseDecimal(hours)
	m, _ := core.ParseDecimal(rest[1:3])
	s, _ := core.ParseDecimal(rest[4:6])
	return core.Duration(h)*core.Hour + core.Duration(m)*core.Minute + core.Duration(s)*core.Second, rest[6:], m < 60 && s < 60
}

const numberWords = "|a few:3|an:1|a:1|one:1|two:2|three:3|four:4|five:5|six:6|seven:7|eight:8|nine:9|ten:10|twelve:12|fifteen:15|twenty:20|thirty:30|half an:0.5|half a:0.5|" +
	"eine:1|einer:1|einem:1|einen:1|zwei:2|drei:3|fünf:5|une:1|un:1|deux:2|trois:3|cinq:5|una:1|uno:1|dos:2|tres:3|cinco:5|"

// numberOf reads digits or, at the beginning of a span, a number in words.
func numberOf(text string, words bool) (float64, string, bool) {
	n := 0
	for n < len(text) && (text[n] >= '0' && text[n] <= '9' || (text[n] == '.' && n+1 < len(text) && text[n+1] >= '0' && text[n+1] <= '9')) {
		n++
	}
	if n > 0 || !words {
		number, ok := core.ParseDecimal(text[:n])
		return number, text[n:], ok
	}
	for n = 0; n < len(text) && n < 9; n++ {
		if text[n] != ' ' {
			continue
		}
		i := strings.Index(numberWords, "|"+text[:n]+":")
		if i < 0 {
			continue
		}
		value, _, _ := strings.Cut(numberWords[i+n+2:], "|")
		number, ok := core.ParseDecimal(value)
		if unit, _ := unitOf(text[n+1:]); ok && unit > 0 {
			return number, text[n+1:], true
		}
	}
	return 0, text, false
}

// units by the words for them. Those that need no blank behind them are tried as beginnings, the longer ones first.
var units = []struct {
	length core.Duration
	words  string
	begin  string
}{
	{core.Millisecond, "|ms|msec|msecs|millisecond|milliseconds|millisekunden|millisecondes|", "毫秒|ミリ秒"},
	{core.Second, "|s|sec|secs|second|seconds|sekunde|sekunden|seconde|secondes|segundo|segundos|secondi|", "秒钟|秒鐘|秒|초|секунд|сек"},
	{core.Minute, "|m|min|mins|minute|minutes|minuten|minuto|minutos|minuti|", "分钟|分鐘|分間|分|분|минут|мин"},
	{core.Hour, "|h|hr|hrs|hour|hours|stunde|stunden|std|heure|heures|hora|horas|ora|ore|", "个小时|小时|小時|時間|時间|시간|час"},
	{core.Day, "|d|day|days|tag|tage|tagen|jour|jours|día|días|dia|dias|giorno|giorni|", "天|日間|日|일|день|дня|дней"},
	{core.Week, "|w|wk|wks|week|weeks|woche|wochen|semaine|semaines|semana|semanas|", "周|週間|週|недел|주"},
	{30 * core.Day, "|month|months|monat|monate|monaten|mois|mes|meses|mês|", "个月|ヶ月|か月"},
}

// unitOf reads the unit at the beginning of a text, 0 for none, and what is left.
func unitOf(text string) (core.Duration, string) {
	n := 0
	for n < len(text) && n < 14 && (text[n] >= 'a' && text[n] <= 'z' || text[n] >= 0x80) {
		n++
	}
	if n == 0 {
		return 0, text
	}
	wanted := "|" + text[:n] + "|"
	for i := range units {
		u := &units[i]
		if strings.Contains(u.words, wanted) {
			return u.length, text[n:]
		}
	}
	if text[0] < 0x80 {
		return 0, text
	}
	for i := range units {
		for list := units[i].begin; list != ""; {
			var one string
			one, list, _ = strings.Cut(list, "|")
			if strings.HasPrefix(text, one) {
				return units[i].length, text[len(one):]
			}
		}
	}
	return 0, text
}
