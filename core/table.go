package core

// Table says what words mean: a pair of a word and its meaning each. It is data, where a map would be code that fills one.
type Table [][2]string

// Of is the meaning of a word, "" for one that is not in the table.
func (t Table) Of(word string) string {
	for i := range t {
		if t[i][0] == word {
			return t[i][1]
		}
	}
	return ""
}
