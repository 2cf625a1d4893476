package view

import "strings"

// longestGuess bounds the words that are compared, in bytes.
const longestGuess = 40

// Guess finds what a mistyped word was meant to be among words that are tried one after another.
type Guess struct {
	word, best string
	apart      int
}

// NewGuess begins a search. A word may be wrong in a third of its letters.
func NewGuess(word string) *Guess {
	word = strings.ToLower(word)
	if len(word) > longestGuess {
		word = ""
	}
	return &Guess{word: word, apart: len(word)/3 + 1}
}

// Try compares one word; of those that are equally near the first one counts.
func (g *Guess) Try(word string) {
	if len(word) > longestGuess {
		return
	}
	if n := apart(g.word, strings.ToLower(word)); n < g.apart {
		g.best, g.apart = word, n
	}
}

// Ask is the question whether the nearest word was meant, with a blank behind it; "" when none is near.
func (g *Guess) Ask(before string) string {
	if g.best == "" {
		return ""
	}
	return "Did you mean " + before + Clean(g.best) + "? "
}

// apart counts the bytes to insert, take out or change between two words, and two neighbours that changed places as one (the distance of
// optimal string alignment): that is how short words are mistyped.
func apart(a, b string) int {
	var row, last, older [longestGuess + 1]int
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		older, last = last, row
		row[0] = i + 1
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], older[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
