package tests

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
	"pimultiauth/core/engine"
	"pimultiauth/hostabi"
	"pimultiauth/providers"
	sampled "pimultiauth/tests/samples"
)

// longestFuzzed keeps a fuzzed input to what a case of a few milliseconds can hold.
const longestFuzzed = 32 << 10

// Whatever is asked of inspect, the answer is one line that holds one JSON object; asking changes nothing, so asked again it is the same.
func FuzzInspect(f *testing.F) {
	known, err := sampled.ReadInspected(os.DirFS("../providers/testdata"), "*.jsonl", "*/*.jsonl")
	require.NoError(f, err)
	require.NotEmpty(f, known)
	for i, s := range known {
		if i%8 == 0 {
			f.Add(string(s.In))
		}
	}
	f.Add(`{"what":"choice","provider":"openai-codex","mode":"usage-based","model":"gpt-5.5","session":"s","home":{"account":"a"},"accounts":[{"id":"a","usage":{"windows":[{"name":"5h","usedPercent":1e9,"resetsAt":1e15}]}},7]}`)
	f.Add(`{"what":"replay","text":"{\"pool\":{\"provider\":\"p\",\"accounts\":[{\"id\":\"a\"}]}}\n{\"ask\":{},\"pick\":\"a\"}\n"}`)
	f.Add(`{"what":"secret","at":1768471200000,"provider":"cline","credential":{"type":"oauth","access":"a","expires":1}}`)
	f.Add(`{"what":"reach","url":"http://localhost/","addresses":["127.0.0.1","169.254.169.254","::ffff:1"]}`)
	e := engine.New(providers.All())
	f.Fuzz(func(t *testing.T, line string) {
		if len(line) > longestFuzzed {
			return
		}
		ask := func() string {
			turn, err := e.Step(core.Message{At: usageNow, Inspect: &core.Inspect{Line: line}})
			require.NoError(t, err)
			require.Empty(t, turn.Effects, "asking does nothing")
			return turn.Inspected.Line
		}
		answer := ask()
		var object map[string]any
		require.NoError(t, json.Unmarshal([]byte(answer), &object), answer)
		require.NotContains(t, answer, "\n")
		require.Equal(t, answer, ask())
	})
}

// Whatever messages a core is told, in whatever order, none makes it panic, each turn can be told, and the same messages give the same turns.
func FuzzMessages(f *testing.F) {
	paths, err := filepath.Glob(filepath.Join("testdata", "conversations", "*.txt"))
	require.NoError(f, err)
	require.NotEmpty(f, paths)
	for _, path := range paths {
		c, err := readConversation(path)
		require.NoError(f, err)
		var told []byte
		for _, x := range c.exchanges {
			var m core.Message
			require.NoError(f, fromJSON(x.question, &m))
			body := hostabi.AppendMessage(nil, &m)[4:]
			if len(told)+len(body) > longestFuzzed {
				break
			}
			told = append(binary.LittleEndian.AppendUint16(told, uint16(len(body))), body...)
		}
		f.Add(told)
	}
	catalogue := providers.All()
	f.Fuzz(func(t *testing.T, told []byte) {
		if len(told) > longestFuzzed {
			return
		}
		one, other := engine.New(catalogue), engine.New(catalogue)
		for len(told) >= 2 {
			n := min(int(binary.LittleEndian.Uint16(told)), len(told)-2)
			m, err := hostabi.DecodeMessage(append(binary.LittleEndian.AppendUint32(nil, hostabi.SchemaHash), told[2:2+n]...))
			told = told[2+n:]
			if err != nil {
				continue
			}
			turn, err := one.Step(m)
			again, errAgain := other.Step(m)
			require.Equal(t, err, errAgain)
			require.Equal(t, turn, again)
			if err != nil {
				continue
			}
			back, err := hostabi.DecodeTurn(hostabi.AppendTurn(nil, &turn))
			require.NoError(t, err)
			// Effects leave by themselves.
			turn.Effects, back.Effects = nil, nil
			require.True(t, reflect.DeepEqual(normal(turn), normal(back)), "%#v came back as %#v", turn, back)
			for i := range again.Effects {
				_, err := hostabi.DecodeEffect(hostabi.AppendEffect(nil, &again.Effects[i]))
				require.NoError(t, err)
			}
		}
	})
}

// normal is a value without the difference between no list and an empty one.
func normal(v any) string { return toJSON(v) }

// Whoever a credential says it is, it says the same again, a strong claim is one, and no secret is in it.
func FuzzIdentity(f *testing.F) {
	known, err := sampled.ReadInspected(os.DirFS("../providers/testdata"), "*.jsonl", "*/*.jsonl")
	require.NoError(f, err)
	all := providers.All()
	for _, s := range known {
		var in struct {
			What, Provider string
			Credential     json.RawMessage
		}
		require.NoError(f, json.Unmarshal(s.In, &in))
		for i := range all {
			if in.What == "identity" && all[i].ID == in.Provider {
				f.Add(uint8(i), string(in.Credential))
			}
		}
	}
	f.Add(uint8(0), `{"type":"oauth","access":"a.eyJzdWIiOiJ4In0.c","email":"A_b+c@d.example","accountId":"7"}`)
	f.Add(uint8(1), `{"type":"api_key","key":"$A","env":{"CLOUDFLARE_ACCOUNT_ID":"x"},"request":{"baseUrl":"https://x.example"}}`)
	const canary = "canary-refresh-5f0b6c"
	f.Fuzz(func(t *testing.T, which uint8, entry string) {
		p := all[int(which)%len(all)]
		// The first of two fields of a name counts.
		rest, isObject := strings.CutPrefix(entry, "{")
		if isObject && !strings.HasPrefix(strings.TrimSpace(rest), "}") {
			entry = `{"refresh":"` + canary + `","` + `key":"` + canary + `",` + rest
		}
		id := p.IdentityOf(core.Secret(entry))
		assert.Equal(t, id, p.IdentityOf(core.Secret(entry)))
		assert.False(t, id.Strong && id.Key == "", "strong and unknown")
		assert.NotContains(t, id.Key+id.Label, canary)
		if c, ok := core.ReadCredential(core.Secret(entry)); ok {
			if p.Upstream != nil {
				assert.NotContains(t, p.Upstream(c), canary)
			}
			p.Form(c)
			assert.GreaterOrEqual(t, p.Ends(c), core.Time(0))
		} else {
			assert.Empty(t, id.Key, "an identity of nothing")
		}
	})
}
