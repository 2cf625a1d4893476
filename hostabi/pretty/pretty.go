// Package pretty stands in for github.com/tidwall/pretty, which gjson calls for its modifiers @pretty and @ugly alone. The original
// brings encoding/json and fmt into whatever links gjson, more than a megabyte of WebAssembly; the project uses no modifiers.
package pretty

// Options are those gjson sets; they have no effect.
type Options struct {
	Width    int
	Prefix   string
	Indent   string
	SortKeys bool
}

// DefaultOptions is copied by gjson before it sets fields.
var DefaultOptions = &Options{}

// Pretty answers the text as it is.
func Pretty(json []byte) []byte { return json }

// PrettyOptions answers the text as it is.
func PrettyOptions(json []byte, _ *Options) []byte { return json }

// Ugly answers the text as it is.
func Ugly(json []byte) []byte { return json }
