package core

// Secret is text that must never be printed: keys, tokens, whole credentials. Every way of formatting it answers "[secret]"; who
// needs the text itself calls Reveal, so that a search for Reveal finds every place where secrets leave their type.
type Secret string

// String answers "[secret]", or "" for an empty secret, so that an absent one can be told from a present one.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "[secret]"
}

// GoString keeps %#v from printing the text.
func (s Secret) GoString() string { return s.String() }

// MarshalText keeps encoders that know encoding.TextMarshaler from writing the text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Reveal returns the text itself.
func (s Secret) Reveal() string { return string(s) }

// Mark is a 32-bit FNV-1a sum of the secret. It tells a replaced key from the one a standing was learned about and is too short
// to say anything about a key of vendor length. The sum of an empty secret is 0.
func (s Secret) Mark() int64 {
	if s == "" {
		return 0
	}
	h := uint32(2166136261)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return int64(h)
}
