package cloudflare

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

const (
	idA = "0123456789abcdef0123456789abcdef"
	idB = "fedcba9876543210fedcba9876543210"
)

func TestPaste(t *testing.T) {
	w := func(text string) string {
		return strings.NewReplacer("W(A)", BaseURL(idA), "W(B)", BaseURL(idB), "<A>", idA, "<B>", idB, "<UA>", strings.ToUpper(idA)).Replace(text)
	}
	legacy := "aB3_x-9ZqW7eRtYuIoPlKjHgFdSaZxCvBnM12345"
	for _, c := range []struct {
		why, text, want   string
		dup, ignored, ovr int
	}{
		{"C1", "cfat_abc123", "cfat_abc123", 0, 0, 0},
		{"a user's token", "cfut_abc123", "cfut_abc123", 0, 0, 0},
		{"C5", "cfat_a1 https://dash.cloudflare.com/<A>", "cfat_a1 W(A)", 0, 0, 1},
		{"C6", "cfat_a1 https://dash.cloudflare.com/<A>/ai/workers-ai", "cfat_a1 W(A)", 0, 0, 1},
		{"C7", "cfat_a1\r\n\r\nhttps://dash.cloudflare.com/<A>?to=/:account/ai", "cfat_a1 W(A)", 0, 1, 1},
		{"C8", "cfat_a1\nhttps://dash.cloudflare.com/<A>", "cfat_a1 W(A)", 0, 0, 1},
		{"C10", "https://dash.cloudflare.com/<A>/\ncfat_a1", "cfat_a1 W(A)", 0, 0, 1},
		{"C10 without a slash", "https://dash.cloudflare.com/<A>\ncfat_a1", "cfat_a1 W(A)", 0, 0, 1},
		{"C11", "cfat_a1\nhttps://api.cloudflare.com/client/v4/accounts/<A>/ai/v1", "cfat_a1 W(A)", 0, 0, 1},
		{"C11 with a path", "cfat_a1\nhttps://api.cloudflare.com/client/v4/accounts/<A>/ai/v1/chat/completions", "cfat_a1 W(A)", 0, 0, 1},
		{"C13", "cfat_a1 https://api.cloudflare.com/client/v4/accounts/<UA>/ai/v1", "cfat_a1 W(A)", 0, 0, 1},
		{"C15", `curl https://api.cloudflare.com/client/v4/accounts/<A>/ai/run/@cf/x -H "Authorization: Bearer cfat_a1"`, "cfat_a1 W(A)", 0, 0, 1},
		{"C18", "cfat_a1 account_id=<A>", "cfat_a1 W(A)", 0, 0, 1},
		{"C19", `cfat_a1 accountId: "<A>"`, "cfat_a1 W(A)", 0, 0, 1},
		{"C20", "cfat_a1 account: <A>", "cfat_a1 W(A)", 0, 0, 1},
		{"C21", "cfat_a1\nAccount ID: <A>", "cfat_a1 W(A)", 0, 0, 1},
		{"C23", `{"api_token":"cfat_a1","account_id":"<A>"}`, "cfat_a1 W(A)", 0, 0, 1},
		{"escaped JSON", `{"token":"cfat_a1","url":"https:\/\/dash.cloudflare.com\/<A>\/ai"}`, "cfat_a1 W(A)", 0, 0, 1},
		{"env file", "CLOUDFLARE_ACCOUNT_ID=<A>\nCLOUDFLARE_API_TOKEN=cfat_a1\n", "cfat_a1 W(A)", 0, 1, 1},
		{"resource name", "cfat_a1 com.cloudflare.api.account.<A>", "cfat_a1 W(A)", 0, 0, 1},
		{"bare id", "cfat_a1\n<A>", "cfat_a1 W(A)", 0, 0, 1},
		{"a zone is no account", "cfat_a1\nZone ID: <B>\nAccount ID: <A>", "cfat_a1 W(A)", 0, 0, 1},
		{"a zone alone", "cfat_a1 zone <B>", "cfat_a1", 0, 0, 0},
		{"two bare ids", "cfat_a1\n<A>\n<B>", "cfat_a1", 0, 0, 0},
		{"C26", "cfat_a1 https://dash.cloudflare.com/<A> https://dash.cloudflare.com/<B>", "cfat_a1", 0, 0, 0},
		{"C27", "cfat_a1 https://dash.cloudflare.com/<A>/x\ncfat_b2 https://dash.cloudflare.com/<B>/x", "cfat_a1 W(A) cfat_b2 W(B)", 0, 0, 2},
		{"C31", "```\ncfat_a1\n```\n", "cfat_a1", 0, 3, 0},
		{"C33", "abcDEF123456\nhttps://dash.cloudflare.com/<A>", "abcDEF123456 W(A)", 0, 0, 1},
		{"C37", "cfat_a1 https://dash.cloudflare.com/" + idA[:31] + "/", "cfat_a1", 0, 0, 0},
		{"C41", "CLOUDFLARE_API_TOKEN=cfat_a1", "cfat_a1", 0, 0, 0},
		{"a version that only begins alike", "cfat_a1 https://api.cloudflare.com/client/v4/accounts/<A>/ai/v1beta", "cfat_a1 W(A)", 0, 0, 1},
		{"a duplicate brings the account", "cfat_a1\ncfat_a1 account: <A>\ncfat_b2 account: <B>", "cfat_a1 W(A) cfat_b2 W(B)", 1, 0, 2},
		{"twice on a line", "cfat_a1 cfat_a1", "cfat_a1", 1, 0, 0},
		{"a legacy token", "CLOUDFLARE_ACCOUNT_ID=<A>\nCLOUDFLARE_API_TOKEN=" + legacy, legacy + " W(A)", 0, 0, 1},
		{"Bearer is no key", "Authorization: Bearer " + legacy + "\nhttps://dash.cloudflare.com/<A>", legacy + " W(A)", 0, 0, 1},
		{"shortened beside a whole one", "cfat_abc... cfat_whole", "cfat_whole", 0, 0, 0},
	} {
		got := Paste(w(c.text), true)
		var words []string
		for _, k := range got.Keys {
			words = append(words, k.Key.Reveal())
			if k.BaseURL != "" {
				words = append(words, k.BaseURL)
			}
		}
		assert.Equal(t, w(c.want), strings.Join(words, " "), c.why)
		assert.Equal(t, []int{c.dup, c.ignored, c.ovr}, []int{got.Duplicates, got.Ignored, got.Overrides}, c.why)
		assert.Empty(t, got.Error, c.why)
	}
}

func TestPasteRefuses(t *testing.T) {
	for _, c := range []struct{ why, text, say string }{
		{"C39", "cfat_a1 cfat_b2", "one token"},
		{"C39: the same twice", "cfat_a1\ncfat_a1", "one token"},
		{"global key", "cfk_abcdef", "global API key"},
		{"old global key", "c2547eb745079dac9320b638f5e225cf483cc", "global API key"},
		{"shortened", "cfat_abc…", "shortened"},
		{"stars", "cfat_********", "shortened"},
		{"only an account", "https://dash.cloudflare.com/" + idA, "No API keys"},
		{"only an id", idA, "No API keys"},
		{"nothing", " ", "No API keys"},
	} {
		got := Paste(c.text, false)
		assert.Contains(t, got.Error, c.say, c.why)
		assert.Empty(t, got.Keys, c.why)
	}
}

func FuzzPaste(f *testing.F) {
	f.Add("cfat_a1 https://dash.cloudflare.com/" + idA)
	f.Add("CLOUDFLARE_ACCOUNT_ID=" + idA + "\nCLOUDFLARE_API_TOKEN=" + "aB3_x-9ZqW7eRtYuIoPlKjHgFdSaZxCvBnM12345")
	f.Add(`{"api_token":"cfut_a1","account_id":"` + idB + `"}`)
	f.Fuzz(func(t *testing.T, text string) {
		got := Paste(text, true)
		for _, k := range got.Keys {
			again := Paste(k.Key.Reveal(), false)
			if strings.HasPrefix(k.Key.Reveal(), "cf") && (len(again.Keys) != 1 || again.Keys[0].Key != k.Key) {
				t.Fatalf("%q is read as %v", k.Key.Reveal(), again)
			}
			if k.BaseURL != "" && (len(k.BaseURL) != len(BaseURL(idA)) || k.BaseURL != strings.ToLower(k.BaseURL)) {
				t.Fatalf("%q", k.BaseURL)
			}
		}
		if (len(got.Keys) == 0) != (got.Error != "") {
			t.Fatalf("%d keys and %q", len(got.Keys), got.Error)
		}
	})
}
