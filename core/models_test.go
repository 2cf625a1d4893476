package core_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/tidwall/gjson"

	"pimultiauth/core"
)

func TestModelsAreReadWithPricesAndLimits(t *testing.T) {
	list, ok := core.ReadModels(`{"data":[
		{"id":"anthropic/claude","name":"Claude","context_length":200000,"architecture":{"input_modalities":["text","image"],"output_modalities":["text"]},
		 "pricing":{"prompt":"0.000003","completion":"0.000015","input_cache_read":"0.0000003","input_cache_write":"0.00000375"},
		 "top_provider":{"max_completion_tokens":64000},"supported_parameters":["tools","reasoning"]},
		{"id":"gpt","object":"model"},
		{"id":"gpt"},{"id":7},{"name":"nameless"},{"id":"evil\u001b[31m"},
		{"id":"old","architecture":{"modality":"text+image->text"},"pricing":{"prompt":"-1","completion":"free"},"context_length":null},
		{"id":"painter","architecture":{"output_modalities":["image"]}}]}`)
	assert.True(t, ok)
	assert.Equal(t, `[{"id":"anthropic/claude","name":"Claude","reasoning":true,"input":["text","image"],"cost":{"input":3,"output":15,"cacheRead":0.3,"cacheWrite":3.75},"contextWindow":200000,"maxTokens":64000},`+
		`{"id":"gpt","name":"gpt","reasoning":false,"input":["text"],"cost":{"input":0,"output":0,"cacheRead":0,"cacheWrite":0},"contextWindow":128000,"maxTokens":8192},`+
		`{"id":"old","name":"old","reasoning":false,"input":["text","image"],"cost":{"input":0,"output":0,"cacheRead":0,"cacheWrite":0},"contextWindow":128000,"maxTokens":8192}]`, list)
}

func TestWhatIsNoListOfModelsIsNone(t *testing.T) {
	for _, body := range []string{"", "<html>", "null", "[]", "{}", `{"data":7}`, `{"data":[]}`, `{"data":[{"id":""}]}`, `{"error":{"message":"no"}}`, `{"data":[{"id":"a"`} {
		_, ok := core.ReadModels(body)
		assert.False(t, ok, "%q", body)
	}
}

func FuzzModels(f *testing.F) {
	f.Add(`{"data":[{"id":"a","pricing":{"prompt":"1e-6"},"context_length":"8k"}]}`)
	f.Add(`{"models":[{"id":"a","architecture":{"modality":"->"}}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		list, ok := core.ReadModels(body)
		if !ok {
			return
		}
		if !gjson.Valid(list) {
			t.Fatalf("%q is no JSON", list)
		}
		gjson.Parse(list).ForEach(func(_, m gjson.Result) bool {
			if id := m.Get("id").String(); id == "" || strings.ContainsAny(id, "\x1b\n") || m.Get("contextWindow").Num < 1 || m.Get("maxTokens").Num < 1 || m.Get("cost.input").Num < 0 {
				t.Fatalf("%s", m.Raw)
			}
			return true
		})
	})
}
