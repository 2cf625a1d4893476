package core

import "strings"

// Zones by the names that providers and their clients write, as they have stood since 2024 (IANA time zone database, 2025b): the offset
// in minutes, the rule of its summer, the names. A zone that is not here, such as one whose summer follows a rule of its own, is not
// known, which is answered honestly.
var zones = []struct {
	minutes int
	summer  summer
	names   string
}{
	{0, noSummer, "|utc|gmt|z|etc/utc|etc/gmt|etc/universal|universal|uct|coordinated universal time|atlantic/reykjavik|africa/abidjan|africa/accra|" +
		"世界标准时间|世界協定時|africa/bamako|africa/banjul|africa/bissau|africa/conakry|africa/dakar|africa/freetown|africa/lome|africa/monrovia|" +
		"africa/nouakchott|africa/ouagadougou|africa/sao_tome|africa/timbuktu|america/danmarkshavn|atlantic/st_helena|"},
	{0, european, "|europe/london|europe/dublin|europe/lisbon|atlantic/canary|wet|west|london|uk time|british time|heure de londres|atlantic/faeroe|" +
		"atlantic/faroe|atlantic/madeira|europe/belfast|europe/guernsey|europe/isle_of_man|europe/jersey|"},
	{60, european, "|europe/berlin|europe/paris|europe/madrid|europe/rome|europe/vienna|europe/zurich|europe/amsterdam|europe/brussels|" +
		"europe/stockholm|europe/oslo|europe/copenhagen|europe/prague|europe/warsaw|europe/budapest|europe/belgrade|europe/zagreb|" +
		"europe/ljubljana|europe/bratislava|europe/luxembourg|europe/monaco|europe/malta|europe/sarajevo|europe/skopje|europe/tirane|" +
		"europe/andorra|europe/vaduz|europe/san_marino|europe/gibraltar|europe/busingen|europe/podgorica|arctic/longyearbyen|mez|" +
		"central european time|berlin|paris|heure de paris|hora de madrid|madrid|mitteleuropäische zeit|africa/ceuta|atlantic/jan_mayen|" +
		"europe/vatican|"},
	{60, noSummer, "|cet|africa/lagos|africa/algiers|africa/tunis|africa/casablanca|bst|west africa time|africa/bangui|africa/brazzaville|" +
		"africa/douala|africa/kinshasa|africa/libreville|africa/luanda|africa/malabo|africa/ndjamena|africa/niamey|africa/porto-novo|"},
	{120, noSummer, "|cest|mesz|eet|africa/johannesburg|africa/harare|africa/maputo|africa/tripoli|europe/kaliningrad|sast|africa/blantyre|" +
		"africa/bujumbura|africa/gaborone|africa/juba|africa/khartoum|africa/kigali|africa/lubumbashi|africa/lusaka|africa/maseru|" +
		"africa/mbabane|africa/windhoek|"},
	{120, european, "|europe/helsinki|europe/athens|europe/kiev|europe/kyiv|europe/bucharest|europe/sofia|europe/riga|europe/tallinn|europe/vilnius|" +
		"europe/chisinau|europe/mariehamn|asia/nicosia|asia/famagusta|europe/nicosia|europe/uzhgorod|europe/zaporozhye|"},
	{120, israeli, "|asia/jerusalem|asia/tel_aviv|"},
	{180, noSummer, "|europe/moscow|europe/istanbul|europe/minsk|europe/simferopol|asia/riyadh|asia/baghdad|asia/kuwait|asia/qatar|asia/amman|" +
		"asia/damascus|africa/nairobi|africa/addis_ababa|msk|eest|moscow|africa/asmara|africa/asmera|africa/dar_es_salaam|africa/djibouti|" +
		"africa/kampala|africa/mogadishu|asia/aden|asia/bahrain|asia/istanbul|europe/kirov|europe/volgograd|indian/antananarivo|" +
		"indian/comoro|indian/mayotte|"},
	{210, noSummer, "|asia/tehran|"},
	{240, noSummer, "|asia/dubai|asia/baku|asia/tbilisi|asia/yerevan|europe/samara|indian/mauritius|asia/muscat|europe/astrakhan|europe/saratov|" +
		"europe/ulyanovsk|indian/mahe|indian/reunion|"},
	{270, noSummer, "|asia/kabul|"},
	{300, noSummer, "|asia/karachi|asia/tashkent|asia/yekaterinburg|asia/almaty|pkt|asia/aqtau|asia/aqtobe|asia/ashgabat|asia/ashkhabad|asia/atyrau|" +
		"asia/dushanbe|asia/oral|asia/qostanay|asia/qyzylorda|asia/samarkand|indian/kerguelen|indian/maldives|"},
	{330, noSummer, "|asia/kolkata|asia/calcutta|asia/colombo|ist|india standard time|"},
	{345, noSummer, "|asia/kathmandu|asia/katmandu|"},
	{360, noSummer, "|asia/dhaka|asia/omsk|asia/bishkek|asia/dacca|asia/kashgar|asia/thimbu|asia/thimphu|asia/urumqi|indian/chagos|"},
	{390, noSummer, "|asia/rangoon|asia/yangon|indian/cocos|"},
	{420, noSummer, "|asia/bangkok|asia/jakarta|asia/ho_chi_minh|asia/saigon|asia/novosibirsk|wib|ict|asia/barnaul|asia/hovd|asia/krasnoyarsk|" +
		"asia/novokuznetsk|asia/phnom_penh|asia/pontianak|asia/tomsk|asia/vientiane|indian/christmas|"},
	{480, noSummer, "|asia/shanghai|asia/hong_kong|asia/taipei|asia/singapore|asia/manila|asia/kuala_lumpur|asia/chongqing|asia/macau|australia/perth|" +
		"prc|hongkong|singapore|sgt|hkt|awst|beijing time|beijing|china standard time|china time|singapore time|北京时间|北京時間|中国标准时间|台北时间|" +
		"asia/brunei|asia/choibalsan|asia/chungking|asia/harbin|asia/irkutsk|asia/kuching|asia/macao|asia/makassar|asia/ujung_pandang|" +
		"asia/ulaanbaatar|asia/ulan_bator|australia/west|"},
	{525, noSummer, "|australia/eucla|"},
	{540, noSummer, "|asia/tokyo|asia/seoul|asia/pyongyang|jst|kst|japan|japan standard time|korea standard time|日本時間|日本标准时间|asia/chita|asia/dili|" +
		"asia/jayapura|asia/khandyga|asia/yakutsk|pacific/palau|"},
	{570, australian, "|australia/adelaide|australia/broken_hill|australia/south|australia/yancowinna|"},
	{570, noSummer, "|australia/darwin|australia/north|"},
	{600, australian, "|australia/sydney|australia/melbourne|australia/hobart|australia/canberra|sydney|australia/act|australia/currie|australia/nsw|" +
		"australia/tasmania|australia/victoria|"},
	{600, noSummer, "|australia/brisbane|aest|asia/ust-nera|asia/vladivostok|australia/lindeman|australia/queensland|pacific/chuuk|pacific/guam|" +
		"pacific/port_moresby|pacific/saipan|pacific/truk|pacific/yap|"},
	{660, noSummer, "|aedt|asia/magadan|asia/sakhalin|asia/srednekolymsk|pacific/bougainville|pacific/efate|pacific/guadalcanal|pacific/kosrae|" +
		"pacific/noumea|pacific/pohnpei|pacific/ponape|"},
	{660, australian, "|pacific/norfolk|"},
	{720, newZealand, "|pacific/auckland|"},
	{720, noSummer, "|nzst|asia/anadyr|asia/kamchatka|pacific/fiji|pacific/funafuti|pacific/kwajalein|pacific/majuro|pacific/nauru|pacific/tarawa|" +
		"pacific/wake|pacific/wallis|"},
	{780, noSummer, "|nzdt|pacific/apia|pacific/enderbury|pacific/fakaofo|pacific/kanton|pacific/tongatapu|"},
	{840, noSummer, "|pacific/kiritimati|"},
	{-60, european, "|atlantic/azores|"},
	{-60, noSummer, "|atlantic/cape_verde|"},
	{-120, european, "|america/godthab|america/nuuk|america/scoresbysund|"},
	{-120, noSummer, "|america/noronha|atlantic/south_georgia|brazil/denoronha|"},
	{-180, noSummer, "|america/sao_paulo|america/argentina/buenos_aires|america/buenos_aires|america/montevideo|brt|adt|america/araguaina|" +
		"america/argentina/catamarca|america/argentina/comodrivadavia|america/argentina/cordoba|america/argentina/jujuy|" +
		"america/argentina/la_rioja|america/argentina/mendoza|america/argentina/rio_gallegos|america/argentina/salta|" +
		"america/argentina/san_juan|america/argentina/san_luis|america/argentina/tucuman|america/argentina/ushuaia|america/asuncion|" +
		"america/bahia|america/belem|america/catamarca|america/cayenne|america/cordoba|america/coyhaique|america/fortaleza|america/jujuy|" +
		"america/maceio|america/mendoza|america/paramaribo|america/punta_arenas|america/recife|america/rosario|america/santarem|" +
		"atlantic/stanley|brazil/east|"},
	{-180, american, "|america/miquelon|"},
	{-210, american, "|america/st_johns|canada/newfoundland|"},
	{-240, american, "|america/halifax|atlantic/bermuda|america/glace_bay|america/goose_bay|america/moncton|america/thule|canada/atlantic|"},
	{-240, noSummer, "|edt|ast|america/puerto_rico|america/caracas|america/la_paz|america/manaus|america/anguilla|america/antigua|america/aruba|" +
		"america/barbados|america/blanc-sablon|america/boa_vista|america/campo_grande|america/cuiaba|america/curacao|america/dominica|" +
		"america/grenada|america/guadeloupe|america/guyana|america/kralendijk|america/lower_princes|america/marigot|america/martinique|" +
		"america/montserrat|america/port_of_spain|america/porto_velho|america/santo_domingo|america/st_barthelemy|america/st_kitts|" +
		"america/st_lucia|america/st_thomas|america/st_vincent|america/tortola|america/virgin|brazil/west|"},
	{-300, american, "|america/new_york|america/toronto|america/detroit|america/montreal|us/eastern|et|eastern|eastern time|new york|new york time|" +
		"america/fort_wayne|america/grand_turk|america/indiana/indianapolis|america/indiana/marengo|america/indiana/petersburg|" +
		"america/indiana/vevay|america/indiana/vincennes|america/indiana/winamac|america/indianapolis|america/iqaluit|" +
		"america/kentucky/louisville|america/kentucky/monticello|america/louisville|america/nassau|america/nipigon|america/pangnirtung|" +
		"america/port-au-prince|america/thunder_bay|canada/eastern|us/east-indiana|us/michigan|"},
	{-300, noSummer, "|est|cdt|america/bogota|america/lima|america/panama|america/jamaica|america/cancun|eastern standard time|america/atikokan|" +
		"america/cayman|america/coral_harbour|america/eirunepe|america/guayaquil|america/porto_acre|america/rio_branco|brazil/acre|"},
	{-360, american, "|america/chicago|america/winnipeg|us/central|ct|central time|america/indiana/knox|america/indiana/tell_city|america/knox_in|" +
		"america/matamoros|america/menominee|america/north_dakota/beulah|america/north_dakota/center|america/north_dakota/new_salem|" +
		"america/ojinaga|america/rainy_river|america/rankin_inlet|america/resolute|canada/central|us/indiana-starke|"},
	{-360, noSummer, "|cst|mdt|america/mexico_city|america/costa_rica|america/guatemala|america/regina|central standard time|america/bahia_banderas|" +
		"america/belize|america/chihuahua|america/el_salvador|america/managua|america/merida|america/monterrey|america/swift_current|" +
		"america/tegucigalpa|canada/saskatchewan|mexico/general|pacific/galapagos|"},
	{-420, american, "|america/denver|america/edmonton|america/boise|us/mountain|mt|mountain time|america/cambridge_bay|america/ciudad_juarez|" +
		"america/inuvik|america/shiprock|america/yellowknife|canada/mountain|"},
	{-420, noSummer, "|mst|pdt|america/phoenix|pacific daylight time|america/creston|america/dawson|america/dawson_creek|america/fort_nelson|" +
		"america/hermosillo|america/mazatlan|america/whitehorse|canada/yukon|mexico/bajasur|us/arizona|"},
	{-480, american, "|america/los_angeles|america/vancouver|america/tijuana|us/pacific|pt|pacific|pacific time|america/ensenada|america/santa_isabel|" +
		"canada/pacific|mexico/bajanorte|"},
	{-480, noSummer, "|pst|pacific standard time|pacific/pitcairn|"},
	{-540, american, "|america/anchorage|america/juneau|america/metlakatla|america/nome|america/sitka|america/yakutat|us/alaska|"},
	{-540, noSummer, "|pacific/gambier|"},
	{-570, noSummer, "|pacific/marquesas|"},
	{-600, noSummer, "|pacific/honolulu|us/hawaii|hst|pacific/johnston|pacific/rarotonga|pacific/tahiti|"},
	{-600, american, "|america/adak|america/atka|us/aleutian|"},
	{-660, noSummer, "|pacific/midway|pacific/niue|pacific/pago_pago|pacific/samoa|us/samoa|"},
}

type summer int

// The rules of summer time: each adds an hour.
const (
	noSummer summer = iota
	// american lasts from the second Sunday of March to the first of November, at two in the morning (15 U.S.C. 260a).
	american
	// european lasts from the last Sunday of March to the last of October, at 01:00 UTC (Directive 2000/84/EC).
	european
	// australian lasts from the first Sunday of October to the first of April, at two in the morning of the standard.
	australian
	// newZealand lasts from the last Sunday of September to the first of April.
	newZealand
	// israeli lasts from the Friday before the last Sunday of March to the last Sunday of October.
	israeli
)

// ZoneOffset is how far a zone lies east of UTC at an instant. It knows common names of the IANA database, English names and
// abbreviations, "UTC+8", "GMT-03:30" and "+02:00", and the POSIX names "Etc/GMT+5", whose sign points the other way; case and
// underscores do not matter. False is a zone it does not know.
func ZoneOffset(name string, at Time) (Duration, bool) {
	name = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), " / ", "/")
	if len(name) < 1 || len(name) > 40 || strings.Contains(name, "|") {
		return 0, false
	}
	wanted := "|" + name + "|"
	for i := range zones {
		if z := &zones[i]; strings.Contains(z.names, wanted) {
			offset := Duration(z.minutes) * Minute
			if z.summer.holds(at, offset) {
				offset += Hour
			}
			return offset, true
		}
	}
	return namedOffset(name)
}

func namedOffset(name string) (Duration, bool) {
	sign := Duration(1)
	if posix, ok := strings.CutPrefix(name, "etc/gmt"); ok {
		name, sign = posix, -1
	} else {
		name = strings.TrimPrefix(strings.TrimPrefix(name, "utc"), "gmt")
	}
	name = strings.TrimSpace(name)
	if name == "" || (name[0] != '+' && name[0] != '-') {
		return 0, false
	}
	if name[0] == '-' {
		sign = -sign
	}
	hourText, minuteText, colon := strings.Cut(name[1:], ":")
	if !colon && len(hourText) == 4 {
		hourText, minuteText = hourText[:2], hourText[2:]
	}
	hour, ok := digits(hourText)
	if !ok || hour > 14 {
		return 0, false
	}
	minute := 0
	if minuteText != "" {
		if minute, ok = digits(minuteText); !ok || minute > 59 {
			return 0, false
		}
	}
	return sign * (Duration(hour)*Hour + Duration(minute)*Minute), true
}

func (s summer) holds(at Time, offset Duration) bool {
	year, _, _ := at.Add(offset).Date()
	var from, to Time
	switch s {
	case american:
		from, to = firstSunday(year, 3, 8).Add(2*Hour-offset), firstSunday(year, 11, 1).Add(Hour-offset)
	case european:
		from, to = firstSunday(year, 3, 25).Add(Hour), firstSunday(year, 10, 25).Add(Hour)
	case israeli:
		from, to = firstSunday(year, 3, 25).Add(2*Hour-2*Day-offset), firstSunday(year, 10, 25).Add(Hour-offset)
	case australian:
		from, to = firstSunday(year, 4, 1).Add(2*Hour-offset), firstSunday(year, 10, 1).Add(2*Hour-offset)
		return at.Before(from) || !at.Before(to)
	case newZealand:
		from, to = firstSunday(year, 4, 1).Add(2*Hour-offset), firstSunday(year, 9, 24).Add(2*Hour-offset)
		return at.Before(from) || !at.Before(to)
	default:
		return false
	}
	return !at.Before(from) && at.Before(to)
}

// firstSunday is the first Sunday on or after a day of a month.
func firstSunday(year, month, day int) Time {
	date, _ := Date(year, month, day)
	return date.Add((7 - Duration(date.Weekday())) % 7 * Day)
}

// Weekday is the day of the week of t in UTC, Sunday being 0. 1970-01-01 was a Thursday.
func (t Time) Weekday() int {
	return int(((Duration(t.floor())/Day+4)%7 + 7) % 7)
}

func (t Time) floor() Time {
	into := Duration(t) % Day
	if into < 0 {
		into += Day
	}
	return t.Add(-into)
}
