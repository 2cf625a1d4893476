package main

import (
	"bytes"
	"fmt"
	"html"
	"strconv"
	"strings"
	"unicode/utf8"
)

// colours are a terminal's own: what is not coloured by Pi's theme, and the sixteen that have a name.
type colours struct {
	theme  string
	ground string
	text   string
	named  [16]string
}

var (
	dark = colours{"dark", "#16181d", "#d6d8dc", [16]string{"#3b3f46", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d6d8dc",
		"#5c6370", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#ffffff"}}
	light = colours{"light", "#ffffff", "#24292f", [16]string{"#24292f", "#b3261e", "#1a7f37", "#9a6700", "#0969da", "#8250df", "#1b7c83", "#6e7781",
		"#57606a", "#b3261e", "#1a7f37", "#9a6700", "#0969da", "#8250df", "#1b7c83", "#24292f"}}
)

// pen is how a cell is written; "" is the terminal's own colour.
type pen struct {
	text, ground                                   string
	bold, faint, italic, underline, turned, struck bool
}

// run are neighbouring cells of one pen.
type run struct {
	pen
	at   int
	text string
}

// runs reads a line of cells as tmux writes it: text, and SGR sequences (ECMA-48 8.3.117) between.
func runs(line string, p *pen, c colours) (out []run) {
	at := 0
	for line != "" {
		if strings.HasPrefix(line, "\x1b[") {
			end := strings.IndexByte(line, 'm')
			if end < 0 {
				return out
			}
			p.take(strings.Split(line[2:end], ";"), c)
			line = line[end+1:]
			continue
		}
		next := strings.IndexByte(line, '\x1b')
		if next < 0 {
			next = len(line)
		}
		if next == 0 { // an escape that is not for colours
			line = line[1:]
			continue
		}
		out = append(out, run{*p, at, line[:next]})
		at += utf8.RuneCountInString(line[:next])
		line = line[next:]
	}
	return out
}

// take changes the pen as a sequence says.
func (p *pen) take(codes []string, c colours) {
	for i := 0; i < len(codes); i++ {
		n, _ := strconv.Atoi(codes[i])
		switch {
		case n == 0:
			*p = pen{}
		case n == 1:
			p.bold = true
		case n == 2:
			p.faint = true
		case n == 3:
			p.italic = true
		case n == 4:
			p.underline = true
		case n == 7:
			p.turned = true
		case n == 9:
			p.struck = true
		case n == 22:
			p.bold, p.faint = false, false
		case n == 23:
			p.italic = false
		case n == 24:
			p.underline = false
		case n == 27:
			p.turned = false
		case n == 29:
			p.struck = false
		case n >= 30 && n <= 37:
			p.text = c.named[n-30]
		case n >= 90 && n <= 97:
			p.text = c.named[n-90+8]
		case n >= 40 && n <= 47:
			p.ground = c.named[n-40]
		case n >= 100 && n <= 107:
			p.ground = c.named[n-100+8]
		case n == 39:
			p.text = ""
		case n == 49:
			p.ground = ""
		case n == 38 || n == 48:
			colour, used := mixed(codes[i+1:], c)
			i += used
			if n == 38 {
				p.text = colour
			} else {
				p.ground = colour
			}
		}
	}
}

// mixed reads what follows 38 or 48: a colour of the palette or of three parts, and how many codes it took.
func mixed(codes []string, c colours) (string, int) {
	number := func(i int) int { n, _ := strconv.Atoi(codes[i]); return n }
	switch {
	case len(codes) >= 4 && codes[0] == "2":
		return fmt.Sprintf("#%02x%02x%02x", number(1), number(2), number(3)), 4
	case len(codes) >= 2 && codes[0] == "5":
		n := number(1)
		switch {
		case n < 16:
			return c.named[n], 2
		case n < 232:
			part := func(v int) int {
				if v == 0 {
					return 0
				}
				return 55 + 40*v
			}
			n -= 16
			return fmt.Sprintf("#%02x%02x%02x", part(n/36), part(n/6%6), part(n%6)), 2
		}
		grey := 8 + 10*(n-232)
		return fmt.Sprintf("#%02x%02x%02x", grey, grey, grey), 2
	}
	return "", len(codes)
}

// The measures of a cell, in the picture's units, and the room around all of them.
const (
	wide, high = 8.4, 18
	room       = 14
)

// draw makes the picture of lines of cells. The widths of runs are given, so that whatever monospace font the reader has keeps the grid.
func draw(cells string, columns int, c colours) []byte {
	lines := strings.Split(strings.TrimRight(cells, "\n"), "\n")
	var b bytes.Buffer
	width, height := float64(columns)*wide+2*room, len(lines)*high+2*room
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %d" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="%s">`+"\n",
		short(width), height, c.text)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", c.ground)
	var p pen
	for row, line := range lines {
		written := runs(line, &p, c)
		for _, r := range written {
			if _, ground := r.both(c); ground != "" {
				fmt.Fprintf(&b, `<rect x="%s" y="%d" width="%s" height="%d" fill="%s" shape-rendering="crispEdges"/>`+"\n", short(room+float64(r.at)*wide), room+row*high, short(float64(utf8.RuneCountInString(r.text))*wide), high, ground)
			}
		}
		for _, r := range written {
			r.text = frames(&b, r, row, c)
			for _, word := range words(r) {
				fmt.Fprintf(&b, `<text x="%s" y="%d" textLength="%s"%s>%s</text>`+"\n", short(room+float64(word.at)*wide), room+row*high+high*3/4,
					short(float64(utf8.RuneCountInString(word.text))*wide), r.attributes(c), html.EscapeString(word.text))
			}
		}
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// arms are the sides of its cell that a character of a frame reaches: left, right, up, down.
var arms = map[rune][4]bool{
	'─': {true, true, false, false}, '│': {false, false, true, true}, '├': {false, true, true, true}, '┤': {true, false, true, true},
	'┬': {true, true, false, true}, '┴': {true, true, true, false}, '┼': {true, true, true, true},
	'╭': {false, true, false, true}, '╮': {true, false, false, true}, '╰': {false, true, true, false}, '╯': {true, false, true, false},
	'┌': {false, true, false, true}, '┐': {true, false, false, true}, '└': {false, true, true, false}, '┘': {true, false, true, false},
}

// frames draws the characters of frames as lines, because no font is as high as the cell, and answers the run with blanks for them.
func frames(b *bytes.Buffer, r run, row int, c colours) string {
	var path strings.Builder
	text, at := []rune(r.text), r.at
	middle := strconv.Itoa(room + row*high + high/2)
	for i := 0; i < len(text); i++ {
		a, is := arms[text[i]]
		if !is {
			continue
		}
		x := room + (float64(at+i)+0.5)*wide
		if text[i] == '─' {
			from := i
			for i+1 < len(text) && text[i+1] == '─' {
				text[i], i = ' ', i+1
			}
			fmt.Fprintf(&path, "M%s %sh%s", short(room+float64(at+from)*wide), middle, short(float64(i-from+1)*wide))
		} else {
			for side, move := range [4]string{"h-" + short(wide/2), "h" + short(wide/2), "v-" + strconv.Itoa(high/2), "v" + strconv.Itoa(high/2)} {
				if a[side] {
					path.WriteString("M" + short(x) + " " + middle + move)
				}
			}
		}
		text[i] = ' '
	}
	if path.Len() > 0 {
		colour, _ := r.both(c)
		if colour == "" {
			colour = c.text
		}
		fmt.Fprintf(b, `<path d="%s" stroke="%s"/>`+"\n", path.String(), colour)
	}
	return string(text)
}

// words are the parts of a run that have something to see: gaps of more than a cell are left out, because not every
// viewer keeps them.
func words(r run) (out []run) {
	text, at := r.text, r.at
	for {
		trimmed := strings.TrimLeft(text, " ")
		at += len(text) - len(trimmed)
		if trimmed == "" {
			return out
		}
		end := strings.Index(trimmed, "  ")
		if end < 0 {
			trimmed = strings.TrimRight(trimmed, " ")
			return append(out, run{r.pen, at, trimmed})
		}
		out = append(out, run{r.pen, at, trimmed[:end]})
		at += utf8.RuneCountInString(trimmed[:end])
		text = trimmed[end:]
	}
}

// both are the colours of the text and of what is behind it; "" where the picture has it anyway.
func (p pen) both(c colours) (text, ground string) {
	text, ground = p.text, p.ground
	if p.turned {
		text, ground = ground, text
		if text == "" {
			text = c.ground
		}
		if ground == "" {
			ground = c.text
		}
	}
	return text, ground
}

func (p pen) attributes(c colours) string {
	var b strings.Builder
	if text, _ := p.both(c); text != "" {
		fmt.Fprintf(&b, ` fill="%s"`, text)
	}
	for _, is := range []struct {
		on   bool
		text string
	}{{p.bold, ` font-weight="bold"`}, {p.faint, ` opacity="0.6"`}, {p.italic, ` font-style="italic"`}, {p.underline, ` text-decoration="underline"`},
		{p.struck, ` text-decoration="line-through"`}} {
		if is.on {
			b.WriteString(is.text)
		}
	}
	return b.String()
}

// short writes a number with at most one place.
func short(f float64) string { return strings.TrimSuffix(strconv.FormatFloat(f, 'f', 1, 64), ".0") }
