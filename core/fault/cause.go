package fault

import "strconv"

// cause completes the plain words with the status, so that people can look it up. No text of a provider goes in: it may echo a secret.
func (e *evidence) cause(words string) string {
	if e.status < 400 {
		return words
	}
	return words + " (" + strconv.Itoa(e.status) + ")"
}
