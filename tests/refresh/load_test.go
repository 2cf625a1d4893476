package refresh

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pimultiauth/tests/token"
)

// long asks for the full counts of the bar instead of the smoke form's.
var long = os.Getenv("REFRESH_LONG") != ""

func pick(short, full int) int {
	if long {
		return full
	}
	return short
}

const node = "../../js-loader/node_modules/node/bin/node"

// child is a real process with the shipped loader and the shipped module.
type child struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

type answer struct {
	Tokens  []string
	Refused []string
	Slowest int
	Notice  string
	Closed  bool
}

func launch(t *testing.T, folder, server string) *child {
	t.Helper()
	c := &child{t: t, cmd: exec.Command(node, "--no-warnings", "process.ts", folder, server)}
	c.cmd.Stderr = os.Stderr
	var err error
	c.in, err = c.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := c.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.cmd.Start())
	c.out = bufio.NewScanner(out)
	c.out.Buffer(nil, 1<<20)
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		_, _ = c.cmd.Process.Wait()
	})
	return c
}

func (c *child) tell(message map[string]any) {
	b, _ := json.Marshal(message)
	_, _ = c.in.Write(append(b, '\n'))
}

// hear waits for the answer to a round; ok is false when the process has ended.
func (c *child) hear() (a answer, notices []string, ok bool) {
	for c.out.Scan() {
		a = answer{}
		if json.Unmarshal(c.out.Bytes(), &a) != nil {
			continue
		}
		if a.Notice != "" {
			notices = append(notices, a.Notice)
			continue
		}
		return a, notices, true
	}
	return answer{}, notices, false
}

// machine is a folder with logins that have all ended at the given offset of the clock.
func machine(t *testing.T, s *token.Server, accounts int) (folder string) {
	t.Helper()
	folder = t.TempDir()
	auth := map[string]any{}
	for i := 1; i <= accounts; i++ {
		id := ours + "-" + strconv.Itoa(i)
		granted := s.Grant(id)
		auth[id] = map[string]any{"type": "oauth", "access": granted.Access, "refresh": granted.Refresh, "expires": time.Now().Add(-time.Minute).UnixMilli()}
	}
	b, err := json.Marshal(auth)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "auth.json"), b, 0o600))
	return folder
}

// TestOneCallForEachExpiry is O1 of the bar: many processes meet the same expiries, and each is redeemed once.
func TestOneCallForEachExpiry(t *testing.T) {
	for _, processes := range counts() {
		t.Run(strconv.Itoa(processes)+" processes", func(t *testing.T) {
			const accounts = 20
			rounds := pick(2, 50)
			s := token.New()
			s.Latency = 20 * time.Millisecond
			server := httptest.NewServer(s)
			defer server.Close()
			folder := machine(t, s, accounts)
			var children []*child
			for range processes {
				children = append(children, launch(t, folder, server.URL))
			}
			served, slowest := 0, 0
			began := time.Now()
			for round := range rounds {
				for _, c := range children {
					c.tell(map[string]any{"offset": round * 3700 * 1000, "requests": 2})
				}
				for i, c := range children {
					a, notices, ok := c.hear()
					require.True(t, ok, "process %d has ended", i)
					require.Empty(t, notices)
					require.Empty(t, a.Refused)
					for _, access := range a.Tokens {
						require.True(t, s.Valid(access), "round %d: %s is not the one its account has", round, access)
						served++
					}
					slowest = max(slowest, a.Slowest)
				}
				calls, refused := s.Calls()
				require.Zero(t, refused)
				require.Equal(t, (round+1)*accounts, calls, "one call for each expiry")
			}
			require.Equal(t, processes*rounds*2, served, "every request is served")
			require.Empty(t, s.Revoked())
			leftovers(t, folder)
			t.Logf("O1: %d expiries, %d accounts, %d processes: %d token calls, 0 invalid_grant, %d of %d requests served, slowest %d ms with an endpoint of %d ms; %.1f s in all (peer: 12 calls, 11 refused, 1 of 16 served; Pi 1.5.2: 1 call per expiry, slowest +352 ms)",
				rounds*accounts, accounts, processes, rounds*accounts, served, served, slowest, s.Latency.Milliseconds(), time.Since(began).Seconds())
		})
	}
}

func counts() []int {
	if long {
		return []int{16, 64}
	}
	return []int{8}
}

// leftovers looks for what a process must not leave behind, and for files that others could read.
func leftovers(t *testing.T, folder string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		require.NotContains(t, d.Name(), ".tmp", path)
		info, err := d.Info()
		if err == nil && strings.HasPrefix(d.Name(), "multi-auth") {
			require.Zero(t, info.Mode().Perm()&0o077, "%s is readable by others", path)
		}
		return nil
	}))
}
