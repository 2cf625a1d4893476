package core

import (
	"math"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// ModelSource is where a service that Pi does not have lists its models. The zero value of each text means that there is none.
type ModelSource struct {
	// URL lists them; Key says that it is asked with an account's secret.
	URL string
	Key bool
	// Base and API are where a model is asked, and in which of Pi's protocols.
	Base string
	API  string
	// Headers go with every request to a model: what the service requires of its clients.
	Headers []SecretHeader
}

const (
	// mostModels bounds a list.
	mostModels = 3000
	// What Pi assumes of a model that does not say (models.json, defaults).
	usualContext = 128_000
	usualOutput  = 8192
)

// ReadModels reads a list in the shape of OpenAI or of OpenRouter and answers it as Pi's list of models, JSON: prices for a million
// tokens and limits where the list has them, Pi's own defaults and no price where it has not. False for what is no list, and for one
// without a model that writes text.
func ReadModels(body string) (string, bool) {
	root, ok := ReadObject(body)
	if !ok {
		return "", false
	}
	var models []string
	seen := map[string]bool{}
	First(root, "data", "models").ForEach(func(_, m gjson.Result) bool {
		id := m.Get("id")
		if id.Type != gjson.String || id.Str == "" || len(id.Str) > 200 || Plain(id.Str, 200) != id.Str || seen[id.Str] || !writes(m) {
			return true
		}
		seen[id.Str] = true
		models = append(models, readModel(id.Str, m))
		return len(models) < mostModels
	})
	return Array(models), len(models) > 0
}

// writes reports whether a model answers with text, as far as its list says.
func writes(m gjson.Result) bool {
	out := m.Get("architecture.output_modalities")
	return !out.IsArray() || has(out, "text")
}

func has(list gjson.Result, word string) bool {
	found := false
	list.ForEach(func(_, v gjson.Result) bool {
		found = v.Type == gjson.String && v.Str == word
		return !found
	})
	return found
}

func readModel(id string, m gjson.Result) string {
	name := Plain(First(m, "name", "display_name").String(), 100)
	if name == "" {
		name = id
	}
	supported := First(m, "supported_parameters", "supported_features")
	input := `["text"]`
	if has(m.Get("architecture.input_modalities"), "image") || strings.Contains(strings.SplitN(m.Get("architecture.modality").String(), "->", 2)[0], "image") {
		input = `["text","image"]`
	}
	var cost Object
	for _, price := range [...][2]string{{"input", "prompt"}, {"output", "completion"}, {"cacheRead", "input_cache_read"}, {"cacheWrite", "input_cache_write"}} {
		cost.Raw(price[0], perMillion(m.Get("pricing."+price[1])))
	}
	return (&Object{}).String("id", id).String("name", name).Bool("reasoning", has(supported, "reasoning") || has(supported, "include_reasoning")).
		Raw("input", input).Raw("cost", cost.Text()).
		Int("contextWindow", tokens(m, usualContext, "context_length", "context_window", "max_model_len", "top_provider.context_length")).
		Int("maxTokens", tokens(m, usualOutput, "top_provider.max_completion_tokens", "max_completion_tokens", "max_output_tokens")).Text()
}

// perMillion turns the price of a token, mostly a decimal in a string, into that of a million; 0 where there is none. A negative one
// stands for "it depends".
func perMillion(r gjson.Result) string {
	n, ok := ReadNumber(r)
	if !ok || n <= 0 || n > 1 {
		return "0"
	}
	return strconv.FormatFloat(math.Round(n*1e12)/1e6, 'f', -1, 64)
}

func tokens(m gjson.Result, usual int64, names ...string) int64 {
	for _, name := range names {
		if n, ok := ReadNumber(m.Get(name)); ok && n >= 1 && n <= 1e8 {
			return int64(n)
		}
	}
	return usual
}
