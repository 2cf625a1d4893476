package core

import (
	"strconv"
	"strings"
)

// Reach says what kind of place a host is. The zero value is a place of the public network.
type Reach int

// The kinds of places. ReachLoopback is this machine, ReachPrivate somebody's own network, ReachNever is asked under no circumstances:
// metadata services, link-local, multicast and reserved addresses.
const (
	ReachPublic Reach = iota
	ReachLoopback
	ReachPrivate
	ReachNever
)

// URL is the address of a service: what ParseURL accepts has no userinfo, no query and no fragment. Its String parses to the same URL
// here and under the WHATWG rules that the host's fetch follows, so that what was checked is what is asked.
type URL struct {
	Scheme string
	// Host is in lower case; an IPv6 address stands in brackets, an international name in its ASCII form.
	Host string
	// Port is 0 for the scheme's own.
	Port int
	// Path has no slash at its end; "" is the root.
	Path  string
	Reach Reach
}

// Origin is scheme, host and port, as a browser writes it.
func (u URL) Origin() string {
	if u.Port == 0 {
		return u.Scheme + "://" + u.Host
	}
	return u.Scheme + "://" + u.Host + ":" + strconv.Itoa(u.Port)
}

// String is the address in its one spelling, without a slash at its end.
func (u URL) String() string { return u.Origin() + u.Path }

// maxURL is longer than any address of a service.
const maxURL = 2048

// ParseURL reads the address of a service. It knows http and https and takes the strict side where the WHATWG URL standard guesses:
// what a browser would mend is refused. The second result says in plain words what is wrong, never quoting the text; "" when nothing is.
func ParseURL(text string) (URL, string) {
	var u URL
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return u, "is empty"
	case len(text) > maxURL:
		return u, "is longer than 2048 characters"
	}
	for i := 0; i < len(text); i++ {
		if c := text[i]; c <= ' ' || c == 0x7f || c == '\\' {
			return u, "holds a space, a control character or a backslash"
		}
	}
	scheme, rest, _ := strings.Cut(text, ":")
	u.Scheme = strings.ToLower(scheme)
	if u.Scheme != "https" && u.Scheme != "http" {
		return u, "must begin with https://"
	}
	rest, ok := strings.CutPrefix(rest, "//")
	if !ok {
		return u, "must begin with https://"
	}
	authority, path := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	switch {
	case strings.Contains(authority, "@"):
		return u, "must not hold a user name or password"
	case strings.Contains(path, "#"):
		return u, "must not hold a fragment (#)"
	case strings.Contains(path, "?"):
		return u, "must not hold a query (?)"
	}
	host, port := authority, ""
	if end := strings.LastIndexByte(authority, ']'); end >= 0 {
		host, port = authority[:end+1], authority[end+1:]
	} else if i := strings.IndexByte(authority, ':'); i >= 0 {
		host, port = authority[:i], authority[i:]
	}
	if port != "" {
		n, ok := number(port[1:], 65535)
		if port[0] != ':' || !ok || n == 0 {
			return u, "has a port that is no number from 1 to 65535"
		}
		if u.Port = n; u.Scheme == "https" && n == 443 || u.Scheme == "http" && n == 80 {
			u.Port = 0
		}
	}
	var why string
	if u.Host, u.Reach, why = parseHost(host); why != "" {
		return URL{}, why
	}
	if u.Path, why = parsePath(path); why != "" {
		return URL{}, why
	}
	return u, ""
}

// number reads decimal digits without a sign and without leading zeros.
func number(text string, most int) (int, bool) {
	if text == "" || len(text) > 5 || text[0] == '0' && len(text) > 1 {
		return 0, false
	}
	n := 0
	for i := 0; i < len(text); i++ {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		n = n*10 + int(text[i]-'0')
	}
	return n, n <= most
}

// parsePath takes dots and doubled slashes at the end out, as a browser does with the dots.
func parsePath(path string) (string, string) {
	var segments []string
	for i, s := range strings.Split(path, "/") {
		if i == 0 {
			continue
		}
		for j := 0; j < len(s); j++ {
			if s[j] >= 0x80 || strings.IndexByte("\"<>^`{|}", s[j]) >= 0 {
				return "", "has a path with characters that have to be percent-encoded"
			}
			if s[j] != '%' {
				continue
			}
			if j+2 >= len(s) || hexValue(s[j+1]) < 0 || hexValue(s[j+2]) < 0 {
				return "", "has a path with a percent sign that encodes nothing"
			}
			// An encoded dot, slash or control character means one thing here and another behind a proxy.
			if c := byte(hexValue(s[j+1])<<4 | hexValue(s[j+2])); c < ' ' || c == 0x7f || c == '.' || c == '/' || c == '\\' {
				return "", "has a path with an encoded dot, slash or control character"
			}
		}
		switch s {
		case ".":
		case "..":
			if len(segments) > 0 {
				segments = segments[:len(segments)-1]
			}
		default:
			segments = append(segments, s)
		}
	}
	for len(segments) > 0 && segments[len(segments)-1] == "" {
		segments = segments[:len(segments)-1]
	}
	if len(segments) == 0 {
		return "", ""
	}
	return "/" + strings.Join(segments, "/"), ""
}

// neverNames are the names under which clouds offer credentials to the machines they run, and names whose owner lets everybody
// choose the address they stand for, so that a look at the name says nothing.
var neverNames = []string{
	"metadata", "metadata.google.internal", "metadata.goog", "metadata.azure.internal", "metadata.azure.com", "metadata.tencentyun.com",
	"metadata.aws.internal", "metadata.oraclecloud.com", "metadata.platformequinix.com", "metadata.packet.net", "instance-data",
	"instance-data.ec2.internal",
	"nip.io", "sslip.io", "xip.io", "localtest.me", "lvh.me", "vcap.me", "lacolhost.com", "rbndr.us", "1u.ms",
}

func parseHost(host string) (string, Reach, string) {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		ip, ok := parseIPv6(strings.TrimSuffix(inner, "]"))
		if !ok {
			return "", 0, "has a host that is no IPv6 address"
		}
		return "[" + formatIPv6(ip) + "]", reachOf6(ip), ""
	}
	ascii, why := asciiHost(host)
	if why != "" {
		return "", 0, why
	}
	host = ascii
	last := host[strings.LastIndexByte(host, '.')+1:]
	// What ends in a number is an address to a browser, in decimal, octal or hexadecimal; only the common spelling says the same everywhere.
	if last[0] >= '0' && last[0] <= '9' && (strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x")) {
		ip, ok := parseIPv4(host)
		if !ok {
			return "", 0, "has a host that is no address of four decimal numbers"
		}
		return host, reachOf4(ip), ""
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return host, ReachLoopback, ""
	}
	for _, name := range neverNames {
		if host == name || strings.Contains(name, ".") && strings.HasSuffix(host, "."+name) {
			return host, ReachNever, ""
		}
	}
	return host, ReachPublic, ""
}

func parseIPv4(text string) (ip uint32, ok bool) {
	parts := strings.Split(text, ".")
	if len(parts) != 4 {
		return 0, false
	}
	for _, part := range parts {
		n, ok := number(part, 255)
		if !ok {
			return 0, false
		}
		ip = ip<<8 | uint32(n)
	}
	return ip, true
}

// parseIPv6 reads the forms of RFC 4291 section 2.2, without a zone.
func parseIPv6(text string) (ip [8]uint16, ok bool) {
	n, gap := 0, -1
	if strings.HasPrefix(text, "::") {
		gap, text = 0, text[2:]
	}
	for text != "" {
		if n == 8 {
			return ip, false
		}
		part, rest, more := strings.Cut(text, ":")
		if strings.Contains(part, ".") {
			v4, ok := parseIPv4(part)
			if !ok || more || n > 6 {
				return ip, false
			}
			ip[n], ip[n+1] = uint16(v4>>16), uint16(v4)
			n += 2
			break
		}
		if part == "" || len(part) > 4 {
			return ip, false
		}
		v := 0
		for i := 0; i < len(part); i++ {
			h := hexValue(part[i])
			if h < 0 {
				return ip, false
			}
			v = v<<4 | h
		}
		ip[n] = uint16(v)
		n++
		if more && rest == "" {
			return ip, false
		}
		if text = rest; strings.HasPrefix(rest, ":") {
			if gap >= 0 {
				return ip, false
			}
			gap, text = n, rest[1:]
		}
	}
	if gap < 0 {
		return ip, n == 8
	}
	if n > 7 {
		return ip, false
	}
	copy(ip[8-(n-gap):], ip[gap:n])
	for i := gap; i < 8-(n-gap); i++ {
		ip[i] = 0
	}
	return ip, true
}

// formatIPv6 writes an address as the URL standard does: the first longest run of two or more zeros is left out.
func formatIPv6(ip [8]uint16) string {
	at, most := -1, 1
	for i := 0; i < 8; i++ {
		n := 0
		for i+n < 8 && ip[i+n] == 0 {
			n++
		}
		if n > most {
			at, most = i, n
		}
	}
	text := ""
	for i := 0; i < 8; i++ {
		if i == at {
			text += "::"
			i += most - 1
			continue
		}
		if text != "" && !strings.HasSuffix(text, ":") {
			text += ":"
		}
		text += strconv.FormatUint(uint64(ip[i]), 16)
	}
	return text
}

// network is a range of addresses that are not of the public network (IANA special-purpose registries, 2025-10), and the metadata
// services that stand outside of link-local (vendors' pages, 2025-11).
type network struct {
	ip    uint32
	bits  int
	reach Reach
}

var networks = []network{
	{0x7f000000, 8, ReachLoopback},
	{0x00000000, 8, ReachNever},
	{0xa9fe0000, 16, ReachNever},
	{0xe0000000, 3, ReachNever},
	{0x646464c8, 32, ReachNever}, // 100.100.100.200, Alibaba Cloud
	{0xa83f8110, 32, ReachNever}, // 168.63.129.16, Azure
	{0xc00000c0, 32, ReachNever}, // 192.0.0.192, Oracle Cloud
	{0x0a000000, 8, ReachPrivate},
	{0xac100000, 12, ReachPrivate},
	{0xc0a80000, 16, ReachPrivate},
	{0x64400000, 10, ReachPrivate},
	{0xc0000000, 24, ReachPrivate},
	{0xc6120000, 15, ReachPrivate},
}

func reachOf4(ip uint32) Reach {
	for _, n := range networks {
		if (ip^n.ip)>>(32-n.bits) == 0 {
			return n.reach
		}
	}
	return ReachPublic
}

func reachOf6(ip [8]uint16) Reach {
	tail := uint32(ip[6])<<16 | uint32(ip[7])
	zeros := 0
	for zeros < 8 && ip[zeros] == 0 {
		zeros++
	}
	switch {
	case zeros >= 7 && ip[7] == 1:
		return ReachLoopback
	case zeros == 8, ip[0]&0xff00 == 0xff00, ip[0]&0xff80 == 0xfe80:
		return ReachNever
	case ip == [8]uint16{0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254}, ip == [8]uint16{0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254}:
		return ReachNever // Amazon's and Google's metadata services
	case ip[0]&0xfe00 == 0xfc00, ip[0] == 0x64 && ip[1] == 0xff9b && ip[2] == 1:
		return ReachPrivate
	case zeros >= 6, zeros == 5 && ip[5] == 0xffff, zeros == 4 && ip[4] == 0xffff && ip[5] == 0,
		ip[0] == 0x64 && ip[1] == 0xff9b && ip[2]|ip[3]|ip[4]|ip[5] == 0:
		return embedded(tail)
	case ip[0] == 0x2002:
		return embedded(uint32(ip[1])<<16 | uint32(ip[2]))
	}
	return ReachPublic
}

// embedded is the reach of an IPv4 address in the clothes of IPv6: nobody writes this machine that way by accident.
func embedded(ip uint32) Reach {
	if r := reachOf4(ip); r != ReachLoopback {
		return r
	}
	return ReachNever
}

// asciiHost checks a name and answers it in lower case and ASCII. Beside ASCII it knows small Latin letters with marks, kana, Han and
// Hangul: letters that do not look like others. A name of Cyrillic or Greek letters may be one of Latin ones to the eye, and is taken
// in its "xn--" form alone.
func asciiHost(host string) (string, string) {
	labels := strings.Split(host, ".")
	for i, label := range labels {
		plain, foreign := true, false
		for _, r := range label {
			switch {
			case r < 0x80:
				if c := byte(r); !(c|0x20 >= 'a' && c|0x20 <= 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
					return "", "has a host with a character that no host name holds"
				}
			case r >= 0xdf && r <= 0xff && r != 0xf7, r >= 0x101 && r <= 0x17e && r != 0x131 && r != 0x138 && r != 0x149 && lowerLatin(r),
				r >= 0x3041 && r <= 0x3096, r >= 0x30a1 && r <= 0x30fa, r >= 0x4e00 && r <= 0x9fff, r >= 0xac00 && r <= 0xd7a3:
				plain = false
			default:
				foreign = true
			}
		}
		if foreign {
			return "", "has a host with characters that look like others; write the name in its xn-- form"
		}
		label = strings.ToLower(label)
		if !plain {
			label = "xn--" + punycode(label)
		}
		if label == "" || label == "xn--" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return "", "has a host with an empty or too long part"
		}
		labels[i] = label
	}
	if host = strings.Join(labels, "."); len(host) > 253 {
		return "", "has a host that is too long"
	}
	return host, ""
}

// lowerLatin reports whether a letter of Latin Extended-A is a small one: they alternate, in two runs the other way round.
func lowerLatin(r rune) bool {
	if r >= 0x139 && r <= 0x148 || r >= 0x179 && r <= 0x17e {
		return r%2 == 0
	}
	return r%2 == 1 && r != 0x178
}

// punycode is RFC 3492 section 6.3.
func punycode(label string) string {
	const base, tMin, tMax, skew, damp = 36, 1, 26, 38, 700
	var out []byte
	all := 0
	for _, r := range label {
		all++
		if r < 0x80 {
			out = append(out, byte(r))
		}
	}
	done, basic := len(out), len(out)
	if basic > 0 {
		out = append(out, '-')
	}
	n, delta, bias := rune(0x80), 0, 72
	for done < all {
		next := rune(0x10ffff)
		for _, r := range label {
			if r >= n && r < next {
				next = r
			}
		}
		delta += int(next-n) * (done + 1)
		n = next
		for _, r := range label {
			if r < n {
				delta++
			}
			if r != n {
				continue
			}
			q := delta
			for k := base; ; k += base {
				t := min(max(k-bias, tMin), tMax)
				if q < t {
					break
				}
				out = append(out, "abcdefghijklmnopqrstuvwxyz0123456789"[t+(q-t)%(base-t)])
				q = (q - t) / (base - t)
			}
			out = append(out, "abcdefghijklmnopqrstuvwxyz0123456789"[q])
			if done == basic {
				delta /= damp
			} else {
				delta /= 2
			}
			delta += delta / (done + 1)
			k := 0
			for ; delta > (base-tMin)*tMax/2; k += base {
				delta /= base - tMin
			}
			bias = k + (base-tMin+1)*delta/(delta+skew)
			delta = 0
			done++
		}
		delta++
		n++
	}
	return string(out)
}
