package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/vendor"
)

// beside loads another extension, before or after ours.
func (s *stage) beside(before bool, name, body string) {
	s.Helper()
	path, err := s.home.Beside(name, body)
	require.NoError(s, err)
	if before {
		s.home.Before = append(s.home.Before, path)
	} else {
		s.home.After = append(s.home.After, path)
	}
}

func TestAnotherExtensionsProviderStaysIntact(t *testing.T) {
	for name, before := range map[string]bool{"loaded before": true, "loaded after": false} {
		t.Run(name, func(t *testing.T) {
			both(t, "anthropic-messages", func(s *stage) {
				s.beside(before, "other", fmt.Sprintf(`pi.registerProvider("anthropic", { baseUrl: %q, headers: { "x-other": "kept" } });`, s.vendor.URL+"/other"))
				s.keys("anthropic", "key-a", "anthropic-1", "key-b")
				s.vendor.Script("key-a", vendor.Limited(60))
				ran := s.run("--model", "anthropic/claude-sonnet-4-5", "-p", "hello")
				assert.Equal(s, "ok\n", ran.Out, ran.Err)
				assert.Equal(s, []string{"key-a", "key-b"}, s.vendor.Keys())
				for _, asked := range s.vendor.Asked() {
					assert.Equal(s, "/other/v1/messages", asked.Path)
					assert.Equal(s, "kept", asked.Header.Get("x-other"))
				}
			})
		})
	}
}

func TestOverridesOfModelsJSONStayIntact(t *testing.T) {
	both(t, "anthropic-messages", func(s *stage) {
		require.NoError(s, s.home.Write("models.json", fmt.Sprintf(`{"providers":{"anthropic":{"baseUrl":%q,"headers":{"x-own":"kept"},
			"modelOverrides":{"claude-sonnet-4-5":{"maxTokens":4321}}}}}`, s.vendor.URL)))
		s.keys("anthropic", "key-a", "anthropic-1", "key-b")
		s.vendor.Script("key-a", vendor.Limited(60))
		ran := s.run("--model", "anthropic/claude-sonnet-4-5", "-p", "hello")
		assert.Equal(s, "ok\n", ran.Out, ran.Err)
		assert.Equal(s, []string{"key-a", "key-b"}, s.vendor.Keys())
		for _, asked := range s.vendor.Asked() {
			assert.Equal(s, "kept", asked.Header.Get("x-own"))
			assert.Contains(s, asked.Body, `"max_tokens":4321`)
		}
	})
}

func TestAKeyInAHeaderIsSwappedToo(t *testing.T) {
	both(t, completions, func(s *stage) {
		require.NoError(s, s.home.Write("models.json", fmt.Sprintf(`{"providers":{"demo":{"baseUrl":%q,"api":"openai-completions","authHeader":true,
			"headers":{"x-own":"kept"},"models":[{"id":"model-1"}]}}}`, s.vendor.URL+"/v1")))
		s.vendor.Script("key-a", vendor.BadKey())
		assert.Equal(s, "ok\n", s.say().Out)
		assert.Equal(s, []string{"key-a", "key-b"}, s.vendor.Keys())
		assert.Equal(s, "kept", s.vendor.Asked()[1].Header.Get("x-own"))
	})
}

func TestNoModelAppearsThatPiAloneWouldNotOffer(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.keys("demo", "key-a", "anthropic", "key-b", "anthropic-1", "key-c")
		with := s.run("--list-models")
		extension := s.home.Extension
		s.home.Extension = ""
		without := s.run("--list-models")
		assert.Equal(s, without.Out, with.Out)
		s.home.Extension = extension
		s.keys("demo", "key-a", "anthropic-1", "key-c", "nobody-1", "key-b")
		assert.Equal(s, without.Out, s.run("--list-models").Out, "an account that Pi cannot see makes its provider's models appear, and no others")
	})
}

func TestSessionsSpreadOverAccountsThatPiCannotSee(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.keys("demo-1", "key-a", "demo-2", "key-b")
		for range 3 {
			ran := s.say()
			assert.Equal(s, "ok\n", ran.Out, ran.Err)
		}
		assert.Equal(s, []string{"key-a", "key-b", "key-a"}, s.vendor.Keys())
	})
}

func TestAKeyWhoseVariableIsMissingIsLeftForTheNext(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.keys("demo", "$NO_SUCH_VARIABLE", "demo-1", "key-b")
		ran := s.say()
		assert.Equal(s, "ok\n", ran.Out, ran.Err)
		assert.Equal(s, []string{"key-b"}, s.vendor.Keys())
	})
}

func TestBesideAnotherOfItsKindOneIsActive(t *testing.T) {
	peer := `globalThis.__piMultiAuthKeyDistributor = {};
		pi.registerCommand("multi-auth", { description: "the other", handler: async () => {} });`
	for name, before := range map[string]bool{"loaded before": true, "loaded after": false} {
		t.Run(name, func(t *testing.T) {
			both(t, completions, func(s *stage) {
				s.beside(before, "peer", peer)
				s.vendor.Script("key-a", vendor.Limited(1), vendor.Step{})
				ran := s.say()
				assert.Equal(s, 1, strings.Count(ran.Err, "is loaded too and stays active"), ran.Err)
				assert.NotContains(s, s.vendor.Keys(), "key-b", "this one does nothing")
				assert.Empty(s, s.home.Read("multi-auth.json"))
			})
		})
	}
	t.Run("a second copy", func(t *testing.T) {
		both(t, completions, func(s *stage) {
			folder := filepath.Join(s.home.Dir, "copy")
			require.NoError(s, os.CopyFS(folder, onlyShipped()))
			s.home.After = append(s.home.After, filepath.Join(folder, "index.js"))
			s.vendor.Script("key-a", vendor.Limited(60))
			ran := s.say()
			assert.Equal(s, "ok\n", ran.Out)
			assert.Equal(s, 1, strings.Count(ran.Err, "is loaded twice"), ran.Err)
			assert.Equal(s, []string{"key-a", "key-b"}, s.vendor.Keys())
		})
	})
}

func TestImagesAndClassifiersRotate(t *testing.T) {
	both(t, completions, func(s *stage) {
		if s.pi.Version == "0.87.1" {
			s.Skip("this Pi has neither")
		}
		s.beside(true, "painter", fmt.Sprintf(`
			const ask = async (model, context, options) => {
				const response = await (options.fetch ?? fetch)(%q, { method: "POST", headers: { authorization: "Bearer " + options.apiKey }, body: "{}" });
				const text = await response.text();
				return response.ok ? { stopReason: "stop", output: [], answers: {} } : { stopReason: "error", errorMessage: response.status + ": " + text };
			};
			const model = (type) => ({ type, id: type, name: type, api: "demo-" + type, input: ["text"], output: ["image"], cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }, contextWindow: 1000, maxTokens: 1000 });
			pi.registerProvider("painter", {
				baseUrl: %q, apiKey: "key-a", models: [model("image"), model("classifier")],
				images: { "demo-image": { generateImages: ask } }, classifiers: { "demo-classifier": { classify: ask } },
			});
			pi.registerCommand("paint", { handler: async (args, ctx) => {
				const registry = ctx.modelRegistry;
				const found = (type) => registry.findOfType(type, "painter", type);
				const image = await registry.generateImages(found("image"), { input: [{ type: "text", text: "x" }] });
				const told = await registry.classify(found("classifier"), { state: {}, questions: {} });
				process.stderr.write("painted " + image.stopReason + " " + told.stopReason + " " + (image.errorMessage ?? "") + (told.errorMessage ?? "") + "\n");
			} });`, s.vendor.URL+"/v1/images", s.vendor.URL))
		s.keys("painter-1", "key-b", "demo", "key-c")
		s.vendor.Script("key-a", vendor.BadKey())
		s.vendor.Script("key-b", vendor.Step{})
		ran := s.run("-p", "/paint")
		assert.Contains(s, ran.Err, "painted stop stop", ran.Out)
		assert.Contains(s, s.vendor.Keys(), "key-b")
	})
}
