package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/vendor"
)

// boss gives the model a tool whose work is done by others: by a session inside of this process, or by a Pi that it starts. What its
// body answers is what the tool answers.
const boss = `
	const inside = async (ctx, options) => {
		const agent = await import("@earendil-works/pi-coding-agent");
		const { session } = await agent.createAgentSession({
			cwd: ctx.cwd, model: ctx.model, noTools: "all", sessionManager: agent.SessionManager.inMemory(ctx.cwd), ...options });
		await session.prompt("a part");
		await session.prompt("another part");
		const said = session.getLastAssistantText();
		session.dispose();
		return said;
	};
	const outside = async (env, ...args) => {
		const { spawn } = await import("node:child_process");
		const all = [process.argv[1], "-e", %q, "--mode", "json", "-p", "--model", "demo/model-1", ...args, "a part"];
		const child = spawn(process.execPath, all, { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...env } });
		let out = "";
		child.stdout.on("data", (data) => { out += data; });
		await new Promise((resolve) => child.on("close", resolve));
		const ends = out.split("\n").filter((line) => line.includes('"message_end"')).map((line) => JSON.parse(line).message);
		const last = ends.filter((message) => message.role === "assistant").pop();
		return last?.errorMessage ?? last?.content.map((part) => part.text).join("");
	};
	pi.registerTool({
		name: "delegate", label: "Delegate", description: "Has others do it", parameters: { type: "object", properties: {} },
		async execute(id, params, signal, update, ctx) {
			const work = async () => { %s };
			return { content: [{ type: "text", text: String(await work()) }], details: {} };
		},
	});`

// boss has key-a call the tool, key-b limited for an hour and key-c doing the part.
func (s *stage) boss(work string) {
	s.Helper()
	s.beside(false, "boss", fmt.Sprintf(boss, s.home.Extension, work))
	s.vendor.Script("key-a", vendor.Step{Call: "delegate"}, vendor.Step{Text: "the whole"})
	s.vendor.Script("key-b", vendor.Limited(3600))
	s.vendor.Script("key-c", vendor.Step{Text: "the part"})
}

// told is what the tool answered to the model.
func (s *stage) told() string {
	s.Helper()
	asked := s.vendor.Asked()
	require.NotEmpty(s, asked)
	return asked[len(asked)-1].Body
}

func TestSessionsInsideOfASessionShareItsAccounts(t *testing.T) {
	for name, options := range map[string]string{"on its models": "modelRuntime: ctx.modelRegistry.runtime", "with models of their own": ""} {
		t.Run(name, func(t *testing.T) {
			both(t, completions, func(s *stage) {
				if options == "" {
					// Such a session finds its extensions by itself.
					require.NoError(s, os.CopyFS(filepath.Join(s.home.Agent, "extensions", "pi-multi-auth"), onlyShipped()))
					s.home.Extension = ""
				}
				s.boss("return inside(ctx, { " + options + " });")
				r := s.rpc()
				s.prompt(r, "do it")
				assert.Equal(s, []string{"key-a", "key-b", "key-c", "key-c", "key-a"}, s.vendor.Keys(), "each session stays with its account")
				assert.Contains(s, s.told(), "the part")
				require.NoError(s, r.Send(map[string]any{"type": "new_session"}))
				_, err := r.Until(`"command":"new_session"`)
				require.NoError(s, err)
				s.prompt(r, "hello")
				assert.Equal(s, 0, s.say().Code)
				assert.Equal(s, []string{"key-a", "key-c"}, s.vendor.Keys()[5:], "it took its turn in the round, and what it found limited is known to all")
			})
		})
	}
}

func TestAPiThatAToolStartsSharesItsAccounts(t *testing.T) {
	both(t, completions, func(s *stage) {
		s.boss(`return outside({}, "--no-session");`)
		r := s.rpc()
		s.prompt(r, "do it")
		assert.Equal(s, []string{"key-a", "key-b", "key-c", "key-a"}, s.vendor.Keys())
		assert.Contains(s, s.told(), "the part")
		for range 2 {
			require.NoError(s, r.Send(map[string]any{"type": "new_session"}))
			_, err := r.Until(`"command":"new_session"`)
			require.NoError(s, err)
			s.prompt(r, "hello")
		}
		assert.Equal(s, []string{"key-a", "key-c"}, s.vendor.Keys()[4:], "the child took its turn in the round, and what it found limited is known")
	})
}

func TestAChildThatIsGivenAnAccountUsesThatOneAndTellsTheOthers(t *testing.T) {
	both(t, completions, func(s *stage) {
		runtime := filepath.Join(s.home.Dir, "runtime")
		s.home.Env = append(s.home.Env, "PI_MULTI_AUTH_RUNTIME_DIR="+runtime)
		s.boss(`
			const keys = globalThis.__piMultiAuthKeyDistributor;
			const said = [];
			for (const session of ["one", "two", "three"]) {
				const lease = await keys.acquireForSubagent(session, "demo", { modelId: "model-1" });
				const of = "PI_AGENT_ROUTER_";
				const env = { [of + "SUBAGENT"]: "1", [of + "DELEGATED_PROVIDER_ID"]: lease.provider, [of + "DELEGATED_CREDENTIAL_ID"]: lease.credentialId,
					[of + "DELEGATED_API_KEY"]: lease.apiKey, PI_DELEGATED_AUTH_RUNTIME_DIR: process.env.PI_MULTI_AUTH_RUNTIME_DIR, PI_MULTI_AUTH_RUNTIME_DIR: "/nowhere" };
				said.push(lease.credentialId + " (" + lease.apiKey + "): " + await outside(env, "--no-session"));
				await keys.releaseFromSubagent(session);
			}
			return said.join("; ");`)
		r := s.rpc()
		s.prompt(r, "do it")
		assert.Equal(s, []string{"key-a", "key-b", "key-c", "key-a", "key-a"}, s.vendor.Keys(), "each child asks with its own account and no other")
		assert.Contains(s, s.told(), "demo-1 (pi-multi-auth): demo: demo-1, which this process was begun with, cannot answer now")
		assert.Contains(s, s.told(), "; demo-2 (pi-multi-auth): the part; demo (pi-multi-auth): the whole", "what the first child found limited is known to whoever leases")
		assert.FileExists(s, filepath.Join(runtime, "multi-auth.json"))
		assert.Empty(s, s.home.Read("multi-auth.json"))
	})
}

func TestASessionIsAtHomeInEveryProcess(t *testing.T) {
	both(t, completions, func(s *stage) {
		for _, args := range [][]string{nil, {"-c"}, nil, {"-c"}} {
			assert.Equal(s, "ok\n", s.say(args...).Out)
		}
		assert.Equal(s, []string{"key-a", "key-a", "key-b", "key-b"}, s.vendor.Keys())
		r := s.rpc()
		s.prompt(r, "hello")
		parent := s.data(r, map[string]any{"type": "get_state"}).SessionFile
		require.NoError(s, r.Send(map[string]any{"type": "new_session", "parentSession": parent}))
		_, err := r.Until(`"command":"new_session"`)
		require.NoError(s, err)
		s.prompt(r, "hello")
		assert.Equal(s, []string{"key-c", "key-c"}, s.vendor.Keys()[4:], "a session that is begun from another shares its cache")
	})
}
