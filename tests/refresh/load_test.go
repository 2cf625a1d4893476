package refresh

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"pimultiauth/core/store"
	"pimultiauth/tests/pis"
	"pimultiauth/tests/run"
	"pimultiauth/tests/token"
)

// load asks for the tests with real processes (make refresh, refresh-long).
const load = run.Load("REFRESH")

// patience is how long is waited for what has to come, whatever the machine has to do beside it.
const patience = 5 * time.Minute

// ended is how far the clock is put on, in milliseconds, for tokens of an hour to have ended.
const ended = 3700 * 1000

// child is a real process with the shipped loader and the shipped module.
type child struct {
	*run.Process
	t *testing.T
}

type answer struct {
	Tokens  []string
	Refused []string
	Slowest int
	// Windows are how long each new token was known to the process alone, from the reply to the first sync of what holds it, in
	// milliseconds.
	Windows []float64
	// Written are how long it was to the first write of it: from there on it outlives its process.
	Written []float64
	Notice  string
	Closed  bool
}

func launch(t *testing.T, folder, server string) *child {
	t.Helper()
	return launchIn(t, folder, server, pis.Node(), "--no-warnings")
}

// launchIn does the same in a program of its own, with what comes before the script.
func launchIn(t *testing.T, folder, server string, program ...string) *child {
	t.Helper()
	script := filepath.Join(pis.Root(), "tests", "refresh", "process.ts")
	return &child{run.Start(t, nil, append(program, script, folder, server)...), t}
}

func (c *child) tell(message map[string]any) {
	b, _ := json.Marshal(message)
	c.Tell(string(b))
}

// hear waits for the answer to a round; ok is false when the process has ended.
func (c *child) hear() (a answer, notices []string, ok bool) {
	for line := range c.Lines {
		a = answer{}
		if json.Unmarshal([]byte(line), &a) != nil {
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

// gone waits for the end of one that was told to end, or killed.
func (c *child) gone() { c.End(func(string) {}) }

// machine is a folder with logins that end at an instant.
func machine(t *testing.T, s *token.Server, accounts int, ends time.Duration) (folder string) {
	t.Helper()
	folder = t.TempDir()
	auth := map[string]any{}
	for i := 1; i <= accounts; i++ {
		id := ours + "-" + strconv.Itoa(i)
		granted := s.Grant(id)
		auth[id] = map[string]any{"type": "oauth", "access": granted.Access, "refresh": granted.Refresh, "expires": time.Now().Add(ends).UnixMilli()}
	}
	b, err := json.Marshal(auth)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "auth.json"), b, 0o600))
	return folder
}

// TestOneCallForEachExpiry is O1 of the bar: many processes meet the same expiries, and each is redeemed once.
func TestOneCallForEachExpiry(t *testing.T) {
	load.Asked(t)
	for _, processes := range counts() {
		t.Run(strconv.Itoa(processes)+" processes", func(t *testing.T) {
			oneCallForEachExpiry(t, 20, processes, launch)
		})
		// Nobody has another account to go to: all wait for the one token.
		t.Run(strconv.Itoa(processes)+" processes that wait for the same account", func(t *testing.T) {
			oneCallForEachExpiry(t, 1, processes, launch)
		})
	}
	// Pi may be started by either, on the same files.
	if pis.Bun() != "" {
		t.Run("8 processes, every second one in Bun", func(t *testing.T) {
			odd := false
			oneCallForEachExpiry(t, 20, 8, func(t *testing.T, folder, server string) *child {
				if odd = !odd; odd {
					return launch(t, folder, server)
				}
				return launchIn(t, folder, server, pis.Bun())
			})
		})
	}
}

func oneCallForEachExpiry(t *testing.T, accounts, processes int, launch func(t *testing.T, folder, server string) *child) {
	rounds := load.Pick(2, 50)
	s := token.New()
	s.Latency = 20 * time.Millisecond
	server := httptest.NewServer(s)
	defer server.Close()
	folder := machine(t, s, accounts, -time.Minute)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "multi-auth-config.json"), []byte(`{"debug":true}`), 0o600))
	var writers []*run.Process
	if accounts > 1 {
		writers = neighbours(t, folder)
	}
	var children []*child
	for range processes {
		children = append(children, launch(t, folder, server.URL))
	}
	served, waited := 0, 0
	var windows, written, slowest []float64
	began := time.Now()
	for round := range rounds {
		for _, c := range children {
			c.tell(map[string]any{"offset": round * 3700 * 1000, "requests": 2})
		}
		answers := make([]answer, len(children))
		for i, c := range children {
			a, notices, ok := c.hear()
			require.True(t, ok, "process %d has ended", i)
			// Under such a load a process may find the gate taken for two seconds; what it has to write is in the journal then.
			for _, notice := range notices {
				if strings.Contains(notice, "multi-auth.gate") {
					waited++
					continue
				}
				require.NotContains(t, notice, "multi-auth-accounts.json", "only what others do to their files is worth a word")
			}
			answers[i] = a
			windows = append(windows, a.Windows...)
			written = append(written, a.Written...)
		}
		calls, refused := s.Calls()
		require.Zero(t, refused, "round %d: %d calls, revoked: %v", round, calls, s.Revoked())
		require.Equal(t, (round+1)*accounts, calls, "one call for each expiry")
		last := 0
		for _, a := range answers {
			require.Empty(t, a.Refused)
			for _, access := range a.Tokens {
				require.True(t, s.Valid(access), "round %d: %s is not the one its account has", round, access)
				served++
			}
			last = max(last, a.Slowest)
		}
		slowest = append(slowest, float64(last))
		if round == 0 || round == rounds-1 {
			secrets(t, folder, children)
		}
	}
	wrote := 0
	for _, w := range writers {
		w.End(func(line string) {
			n := 0
			if _, err := fmt.Sscanf(line, "wrote %d", &n); err == nil {
				wrote += n
			}
		})
	}
	for _, c := range children {
		c.tell(map[string]any{"end": true})
		c.gone()
	}
	scanned := run.Private(t, folder, "access-", "refresh-")
	require.Equal(t, len(writers) > 0, wrote > 0)
	require.Equal(t, processes*rounds*2, served, "every request is served")
	require.Empty(t, s.Revoked())
	leftovers(t, folder)
	p50, p99, most := run.Quantiles(windows)
	last50, last99, last := run.Quantiles(slowest)
	beside := ""
	if accounts > 1 {
		beside = fmt.Sprintf(" beside both Pis and a peer that wrote the files %d times", wrote)
	}
	run.Figure(t, "O1", "%d expiries, accounts: %d, processes: %d%s: %d token calls, 0 invalid_grant, %d of %d requests served, slowest of a round p50 %.0f, p99 %.0f, max %.0f ms with an endpoint of %d ms, %d times the journal stood in for a file; %.1f s in all (peer: 12 calls, 11 refused, 1 of 16 served; Pi 1.5.2: 1 call per expiry, slowest +352 ms)",
		rounds*accounts, accounts, processes, beside, rounds*accounts, served, served, last50, last99, last, s.Latency.Milliseconds(), waited, time.Since(began).Seconds())
	first50, first99, first := run.Quantiles(written)
	run.Figure(t, "O2", "under that load from the reply to the first write of the token: p50 %.1f, p99 %.1f, max %.1f ms", first50, first99, first)
	run.Figure(t, "O2", "under that load from the reply to the sync of what holds the token: p50 %.1f, p99 %.1f, max %.1f ms", p50, p99, most)
	run.Figure(t, "S5", "0 tokens in %d files, in notices, on stderr, in environments and command lines of %d processes", scanned, processes)
}

func counts() []int {
	if load.Long() {
		return []int{16, 64}
	}
	return []int{8}
}

// ready makes a process that has started and read the files.
func ready(t *testing.T, folder, server string) *child {
	t.Helper()
	c := launch(t, folder, server)
	c.tell(map[string]any{"offset": 0, "requests": 0, "leave": true})
	_, _, ok := c.hear()
	require.True(t, ok)
	return c
}

// onDisk is the access token of an account as our file holds it, or the journal where the file could not be written; "" before it is ours.
func onDisk(t *testing.T, folder, id string) string {
	t.Helper()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if !os.IsNotExist(err) {
			require.NoError(t, err)
		}
		return string(text)
	}
	own := store.Parse(read("multi-auth-accounts.json"))
	store.Recall(read("multi-auth.journal"), "accounts", own)
	for _, a := range own.Accounts() {
		if a.ID == id {
			return gjson.Get(a.Credential.Reveal(), "access").String()
		}
	}
	return ""
}

// lanes runs so many trials of a kind side by side, each lane on folders of its own. A batch has one folder, and ends early where the
// trial says so.
func lanes(t *testing.T, trials int, batch func(t *testing.T, rng *rand.Rand, trials int) (done int)) {
	t.Helper()
	const most = 25
	side := min(4, trials)
	t.Run("lanes", func(t *testing.T) {
		for lane := range side {
			t.Run(strconv.Itoa(lane), func(t *testing.T) {
				t.Parallel()
				rng := rand.New(rand.NewPCG(uint64(lane), 2))
				share := trials / side
				if lane < trials%side {
					share++
				}
				for done := 0; done < share && !t.Failed(); {
					// What a batch has started ends with it.
					t.Run("batch", func(t *testing.T) { done += batch(t, rng, min(most, share-done)) })
				}
			})
		}
	})
}

// tally is what lanes have counted together.
type tally struct {
	sync.Mutex
	lost, rotated, slowest int
	windows, written       []float64
}

func (c *tally) add(a answer) {
	c.slowest = max(c.slowest, a.Slowest)
	c.windows = append(c.windows, a.Windows...)
	c.written = append(c.written, a.Written...)
}

// TestARefresherThatIsKilled is O2 of the bar: wherever it dies, the next process goes on. What can be lost is a token that the server
// has rotated and that nothing was written of: no program can keep what it has not been told.
func TestARefresherThatIsKilled(t *testing.T) {
	load.Asked(t)
	kills := load.Pick(8, 1000)
	var all tally
	began := time.Now()
	lanes(t, kills, func(t *testing.T, rng *rand.Rand, trials int) int {
		s := token.New()
		s.Latency = 20 * time.Millisecond
		server := httptest.NewServer(s)
		defer server.Close()
		folder := machine(t, s, 1, time.Hour)
		heir := ready(t, folder, server.URL)
		for n := range trials {
			_, before := s.Current(ours + "-1")
			offset := (n + 1) * ended
			own := httptest.NewServer(s)
			victim := launch(t, folder, own.URL)
			victim.tell(map[string]any{"offset": n * ended, "requests": 0, "leave": true})
			_, _, ok := victim.hear()
			require.True(t, ok)
			victim.tell(map[string]any{"offset": offset, "requests": 1, "leave": true})
			// Every fourth one is killed when it has its token, the others at any moment.
			answered := n%4 == 3 || trials == 2 && n == 1
			if answered {
				_, _, ok = victim.hear()
				require.True(t, ok)
			} else {
				time.Sleep(time.Duration(rng.IntN(200)) * time.Millisecond)
			}
			victim.Listed(t, "access-", "refresh-")
			victim.Kill(t)
			victim.gone()
			// What the server was at comes to its end.
			own.Close()
			if answered {
				current, turn := s.Current(ours + "-1")
				require.Equal(t, before+1, turn)
				require.Equal(t, current, onDisk(t, folder, ours+"-1"), "a token is on the disk before it is used")
			}
			heir.tell(map[string]any{"offset": offset, "requests": 1, "leave": true})
			a, notices, ok := heir.hear()
			require.True(t, ok)
			require.Empty(t, notices)
			current, turn := s.Current(ours + "-1")
			all.Lock()
			if turn > before+1 || turn > before && len(a.Written) == 0 {
				all.rotated++
			}
			if len(s.Revoked()) > 0 {
				all.lost++
				all.Unlock()
				// How often that is hangs on how long the machine lets the process wait for its turn; that nobody threw a token away does not.
				require.NotEqual(t, current, onDisk(t, folder, ours+"-1"), "what stands on the disk is what counts")
				return n + 1
			}
			all.add(a)
			all.Unlock()
			require.Empty(t, a.Refused, "nothing was lost and nobody is served")
			require.True(t, s.Valid(a.Tokens[0]))
			heir.Listed(t, "access-", "refresh-")
		}
		return trials
	})
	run.Figure(t, "O2", "%d kills -9, %d after the server had rotated, %d of them before the token was written; the others went on within %d ms, the endpoint's 20 ms included; %.1f s in all",
		kills, all.rotated, all.lost, all.slowest, time.Since(began).Seconds())
	p50, p99, most := run.Quantiles(all.written)
	run.Figure(t, "O2", "%d redemptions beside that, from the reply to the first write of the token: p50 %.1f, p99 %.1f, max %.1f ms", len(all.written), p50, p99, most)
	p50, p99, most = run.Quantiles(all.windows)
	run.Figure(t, "O2", "from the reply to the sync of what holds the token: p50 %.1f, p99 %.1f, max %.1f ms", p50, p99, most)
}

// TestARefresherThatDiesAtEachCall kills it at every system call that touches our files, one after the other.
func TestARefresherThatDiesAtEachCall(t *testing.T) {
	load.Asked(t)
	deaths, rotated, lost := 0, 0, 0
	calls := []string{"rename", "fsync"}
	if load.Long() {
		calls = append(calls, "write", "openat")
	}
	for _, call := range calls {
		for n := 1; load.Long() || n <= 1; n++ {
			s := token.New()
			server := httptest.NewServer(s)
			folder := machine(t, s, 1, time.Hour)
			below, _ := run.Strace(t, folder, "-e", "trace="+call, "-e", fmt.Sprintf("inject=%s:signal=SIGKILL:when=%d", call, n))
			victim := launchIn(t, folder, server.URL, append(below, pis.Node(), "--no-warnings")...)
			victim.tell(map[string]any{"offset": ended, "requests": 1, "leave": true})
			_, _, survived := victim.hear()
			victim.gone()
			// What the server was at comes to its end.
			server.Close()
			if survived {
				break
			}
			deaths++
			current, turn := s.Current(ours + "-1")
			gone := turn > 1 && onDisk(t, folder, ours+"-1") != current
			if turn > 1 {
				rotated++
			}
			server = httptest.NewServer(s)
			heir := launch(t, folder, server.URL)
			heir.tell(map[string]any{"offset": ended, "requests": 1, "leave": true})
			a, notices, ok := heir.hear()
			require.True(t, ok)
			if gone {
				// The reply had come and nothing had been written of it yet.
				lost++
			} else {
				require.Empty(t, a.Refused, "death at %s %d: %v", call, n, notices)
				require.True(t, s.Valid(a.Tokens[0]))
				require.Empty(t, s.Revoked())
			}
			heir.Kill(t)
			heir.gone()
			server.Close()
		}
	}
	require.NotZero(t, deaths)
	run.Figure(t, "O2", "%d deaths at system calls of a renewal, %d of them after the server had rotated: %d before anything of the new token was written, the others lost none", deaths, rotated, lost)
}

// TestARefresherThatIsToldToEnd is the other half: a signal waits for what is being redeemed. The server rotates whoever is gone.
func TestARefresherThatIsToldToEnd(t *testing.T) {
	load.Asked(t)
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		n := load.Pick(2, 350)
		var all tally
		began := time.Now()
		lanes(t, n, func(t *testing.T, rng *rand.Rand, trials int) int {
			s := token.New()
			s.Latency, s.Careless = 30*time.Millisecond, true
			folder := machine(t, s, 1, time.Hour)
			for n := range trials {
				_, before := s.Current(ours + "-1")
				own := httptest.NewServer(s)
				c := launch(t, folder, own.URL)
				c.tell(map[string]any{"offset": n * ended, "requests": 0, "leave": true})
				_, _, ok := c.hear()
				require.True(t, ok)
				c.tell(map[string]any{"offset": (n + 1) * ended, "requests": 1, "leave": true})
				time.Sleep(time.Duration(rng.IntN(150)) * time.Millisecond)
				c.Signal(t, signal)
				c.gone()
				own.Close()
				current, turn := s.Current(ours + "-1")
				if turn > before {
					all.Lock()
					all.rotated++
					all.Unlock()
				}
				if turn > 1 {
					require.Equal(t, current, onDisk(t, folder, ours+"-1"), "%v: the new token is lost", signal)
				}
			}
			return trials
		})
		run.Figure(t, "O2", "%d times %v, %d during or after a redemption, 0 tokens lost; %.1f s in all", n, signal, all.rotated, time.Since(began).Seconds())
	}
}

// TestALockOfOthers is O3 of the bar: neither Pi's lock on auth.json nor a holder of our gate keeps a request waiting for long, and
// nothing is lost.
func TestALockOfOthers(t *testing.T) {
	load.Asked(t)
	s := token.New()
	server := httptest.NewServer(s)
	defer server.Close()
	folder := machine(t, s, 1, time.Hour)
	require.NoError(t, os.Mkdir(filepath.Join(folder, "auth.json.lock"), 0o700))
	c := ready(t, folder, server.URL)
	c.tell(map[string]any{"offset": ended, "requests": 3, "leave": true})
	a, notices, ok := c.hear()
	require.True(t, ok)
	require.Empty(t, notices)
	require.Empty(t, a.Refused)
	current, _ := s.Current(ours + "-1")
	require.Equal(t, current, onDisk(t, folder, ours+"-1"))

	// Somebody sits in our gate longer than anybody waits for it, while a token is redeemed.
	held := time.Duration(load.Pick(4, 120)) * time.Second
	holder := run.Start(t, nil, pis.Node(), "--no-warnings", "-e",
		`const {DatabaseSync}=require("node:sqlite");const d=new DatabaseSync(process.argv[1]);d.exec("BEGIN EXCLUSIVE");console.log("in");setTimeout(()=>{d.exec("ROLLBACK");process.exit()},Number(process.argv[2]))`,
		filepath.Join(folder, "multi-auth.gate"), fmt.Sprint(held.Milliseconds()))
	require.Equal(t, "in", <-holder.Lines)
	c.tell(map[string]any{"offset": 2 * ended, "requests": 1, "leave": true})
	a, _, ok = c.hear()
	require.True(t, ok)
	require.Empty(t, a.Refused)
	calls, refused := s.Calls()
	require.Equal(t, 2, calls)
	require.Zero(t, refused)
	current, _ = s.Current(ours + "-1")
	require.Equal(t, current, onDisk(t, folder, ours+"-1"), "the token is on the disk before it is used")
	waited := a.Slowest
	// In the file it stands when the holder has let go.
	for range holder.Lines {
	}
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(filepath.Join(folder, "multi-auth-accounts.json"))
		require.NoError(t, err)
		return strings.Contains(string(text), `"`+current+`"`)
	}, patience, 10*time.Millisecond, "the file holds the token in the end")
	run.Figure(t, "O3", "served with auth.json.lock held; with our gate held for %s the token was on the disk after %d ms, in its file after that, and none was lost (peer: new token thrown away after 39 s)", held, waited)
}

// neighbours are processes that write the files beside ours all the time: both Pis' storages and a peer of another kind.
func neighbours(t *testing.T, folder string) []*run.Process {
	t.Helper()
	auth := filepath.Join(folder, "auth.json")
	scripts := filepath.Join(pis.Root(), "tests", "crash")
	var all []*run.Process
	storages, err := pis.Storages()
	require.NoError(t, err)
	for _, module := range storages {
		all = append(all, run.Start(t, nil, pis.Node(), filepath.Join(scripts, "auth.mts"), auth, module, "0", "40"))
	}
	all = append(all, run.Start(t, nil, pis.Node(), filepath.Join(scripts, "peer.mts"), filepath.Join(folder, "multi-auth.json"), "state", "40"))
	for _, p := range all {
		require.Equal(t, "ready", <-p.Lines)
	}
	return all
}

// secrets fails where a token stands in a file that is not for it, or where anybody may list it.
func secrets(t *testing.T, folder string, children []*child) {
	t.Helper()
	run.Private(t, folder, "access-", "refresh-")
	for _, c := range children {
		c.Listed(t, "access-", "refresh-")
	}
}

// leftovers looks for what a process must not leave behind.
func leftovers(t *testing.T, folder string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(folder, "*.tmp"))
	require.NoError(t, err)
	require.Empty(t, left)
}
