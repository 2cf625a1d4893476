// Package pis runs the real Pi, in the versions the extension supports, in a home of its own and with nothing of the person's.
package pis

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

// Pi is one version.
type Pi struct {
	Version string
	// Script is what Node runs.
	Script string
}

// Root is the folder of the checkout.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// Node is the Node that the package brings.
func Node() string { return filepath.Join(Root(), "js-loader", "node_modules", "node", "bin", "node") }

// Bun is the other program that runs Pi; "" where its package is not there for this system.
var Bun = sync.OnceValue(func() string {
	bun := filepath.Join(Root(), "js-loader", "node_modules", "bun", "bin", "bun.exe")
	if exec.Command(bun, "--version").Run() != nil {
		return ""
	}
	return bun
})

// LeastNode is the oldest Node that Pi supports; make fetches it.
func LeastNode() string {
	return filepath.Join(Root(), ".build", "node-least", "node_modules", "node", "bin", "node")
}

// Old is Pi 0.87.1, a development dependency of the package.
func Old() Pi {
	return Pi{"0.87.1", filepath.Join(Root(), "js-loader", "node_modules", "@earendil-works", "pi-coding-agent", "dist", "bundle", "cli.js")}
}

var fetchNew = sync.OnceValues(func() (string, error) {
	folder := filepath.Join(Root(), ".build", "pi-1.5.2")
	// Not all of its dependencies are in the registry; its bundle needs jiti alone beside it.
	return filepath.Join(folder, "package", "dist", "bundle", "cli.js"), made(folder, func(folder string) error {
		for _, step := range [][]string{
			{"npm", "pack", "--silent", "@earendil-works/pi-coding-agent@1.5.2"},
			{"tar", "xzf", "earendil-works-pi-coding-agent-1.5.2.tgz"},
			{"npm", "pack", "--silent", "jiti@2.7.0"},
			{"mkdir", "-p", "package/node_modules/jiti"},
			{"tar", "xzf", "jiti-2.7.0.tgz", "-C", "package/node_modules/jiti", "--strip-components=1"},
		} {
			cmd := exec.Command(step[0], step[1:]...)
			cmd.Dir = folder
			if out, err := cmd.CombinedOutput(); err != nil {
				return fmt.Errorf("%v: %w: %s", step, err, out)
			}
		}
		return nil
	})
})

// made makes a folder that is not there yet. It gets its name when it is whole, so that neither an end in the middle nor another process
// that makes the same leaves half of it behind.
func made(folder string, fill func(folder string) error) error {
	if _, err := os.Stat(folder); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return err
	}
	draft, err := os.MkdirTemp(filepath.Dir(folder), filepath.Base(folder)+".draft-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(draft)
	if err := fill(draft); err != nil {
		return err
	}
	if err := os.Rename(draft, folder); err != nil {
		if _, there := os.Stat(folder); there == nil {
			return nil
		}
		return err
	}
	return nil
}

// New is Pi 1.5.2, fetched once into .build.
func New() (Pi, error) {
	script, err := fetchNew()
	return Pi{"1.5.2", script}, err
}

// Home is a scratch home: its own HOME, agent directory and working directory.
type Home struct {
	Dir   string
	Agent string
	Work  string
	// Extension is what -e loads; "" loads none. Before and After are others around it.
	Extension string
	Before    []string
	After     []string
	// Node runs Pi; "" is the one that the package brings.
	Node string
	// Env are further variables.
	Env []string
	// Limit is how long a Pi in RPC mode may last; 0 is half an hour.
	Limit time.Duration
	// Terminal are tmux's commands before the session of a screen, each ended by ";".
	Terminal []string
}

// NewHome makes a home below dir.
func NewHome(dir string) (*Home, error) {
	h := &Home{Dir: dir, Agent: filepath.Join(dir, "agent"), Work: filepath.Join(dir, "work")}
	for _, d := range []string{h.Agent, h.Work} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// Write puts a file of the agent directory.
func (h *Home) Write(name, text string) error {
	return os.WriteFile(filepath.Join(h.Agent, name), []byte(text), 0o600)
}

// Beside writes another extension and answers its path. The text is the body of its function of pi.
func (h *Home) Beside(name, body string) (string, error) {
	path := filepath.Join(h.Dir, name+".js")
	return path, os.WriteFile(path, []byte("export default function (pi) {\n"+body+"\n}\n"), 0o600)
}

// Read answers a file of the agent directory, "" when there is none.
func (h *Home) Read(name string) string {
	text, _ := os.ReadFile(filepath.Join(h.Agent, name))
	return string(text)
}

// Keys writes auth.json with a key for each pair of id and key.
func (h *Home) Keys(pairs ...string) error {
	var entries []string
	for i := 0; i+1 < len(pairs); i += 2 {
		entries = append(entries, fmt.Sprintf("%q: {\"type\": \"api_key\", \"key\": %q}", pairs[i], pairs[i+1]))
	}
	return h.Write("auth.json", "{\n  "+strings.Join(entries, ",\n  ")+"\n}\n")
}

// Models writes models.json with a provider of its own at url.
func (h *Home) Models(provider, api, url string) error {
	text, err := json.MarshalIndent(map[string]any{"providers": map[string]any{provider: map[string]any{
		"baseUrl": url, "api": api, "models": []any{map[string]any{"id": "model-1"}},
	}}}, "", "  ")
	if err != nil {
		return err
	}
	return h.Write("models.json", string(text))
}

// Command makes a run of Pi. Its environment is built anew, so that no key of the person's comes in.
func (h *Home) Command(ctx context.Context, pi Pi, args ...string) *exec.Cmd {
	all := []string{pi.Script}
	for _, extension := range append(append(append([]string{}, h.Before...), h.Extension), h.After...) {
		if extension != "" {
			all = append(all, "-e", extension)
		}
	}
	node := h.Node
	if node == "" {
		node = Node()
	}
	cmd := exec.CommandContext(ctx, node, append(all, args...)...)
	cmd.Dir = h.Work
	cmd.Env = append([]string{
		"HOME=" + h.Dir, "PI_CODING_AGENT_DIR=" + h.Agent, "PI_OFFLINE=1", "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "TZ=UTC", "NO_COLOR=1",
	}, h.Env...)
	return cmd
}

// Ran is what a run gave.
type Ran struct {
	Out  string
	Err  string
	Code int
}

// patience is how long a Pi may take for what it is waited for, whatever the machine has to do beside it.
const patience = 5 * time.Minute

// Run runs Pi to its end, and not for ever.
func (h *Home) Run(pi Pi, args ...string) (Ran, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := h.Command(ctx, pi, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	ran := Ran{Out: out.String(), Err: errs.String(), Code: cmd.ProcessState.ExitCode()}
	if _, ok := err.(*exec.ExitError); ok {
		err = nil
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return ran, err
}
