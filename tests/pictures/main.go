// Command pictures makes the pictures of README.md from the real screens: a real Pi in a terminal, answered by scripted vendors on
// loopback, and the terminal's own cells drawn as SVG. Each is made in Pi's dark and in its light theme.
//
// The pictures' clock begins at a fixed time and what is shown is counted in minutes and hours, so that another run writes the same
// files; it says which of them changed.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/vendor"
)

// began is what the clock shows when a picture's Pi starts.
var began = time.Date(2026, 1, 30, 9, 41, 0, 0, time.UTC)

// scene is one picture: what is done until it is to be seen.
type scene struct {
	name          string
	columns, rows int
	play          func(*stage) error
}

func main() {
	log.SetFlags(0)
	only := flag.String("only", "", "the name of one picture")
	flag.Parse()
	if !pis.HasTerminals() {
		log.Fatal("tmux makes the terminals: install it first")
	}
	pi, err := pis.New()
	if err != nil {
		log.Fatal(err)
	}
	folder := filepath.Join(pis.Root(), "docs")
	for _, s := range scenes {
		if *only != "" && s.name != *only {
			continue
		}
		for _, c := range []colours{dark, light} {
			path := filepath.Join(folder, s.name+"-"+c.theme+".svg")
			cells, err := s.shoot(pi, c)
			if err != nil {
				log.Fatalf("%s: %v", s.name, err)
			}
			picture := draw(cells, s.columns, c)
			before, _ := os.ReadFile(path)
			if bytes.Equal(before, picture) {
				fmt.Printf("%s: as it was, %d kB\n", filepath.Base(path), len(picture)/1000)
				continue
			}
			if err := os.WriteFile(path, picture, 0o644); err != nil {
				log.Fatal(err)
			}
			fmt.Printf("%s: written anew, %d kB\n", filepath.Base(path), len(picture)/1000)
		}
	}
}

// shoot plays the scene and answers the cells of its end.
func (s scene) shoot(pi pis.Pi, c colours) (string, error) {
	dir, err := os.MkdirTemp("", "pictures-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	home, err := pis.NewHome(dir)
	if err != nil {
		return "", err
	}
	home.Work = filepath.Join(dir, "project")
	if err := os.Mkdir(home.Work, 0o700); err != nil {
		return "", err
	}
	if home.Extension, err = pis.Shipped(); err != nil {
		return "", err
	}
	server := vendor.StartAll()
	defer server.Close()
	server.Else = func(string) vendor.Step { return vendor.Step{Status: 404} }
	set := filepath.Join(dir, "set")
	here := filepath.Join(pis.Root(), "tests")
	home.Env = append(server.Env(filepath.Join(here, "vendor", "preload.mjs")+" --import="+filepath.Join(here, "pictures", "clock.mjs")),
		"PICTURE_CLOCK="+strconv.FormatInt(began.UnixMilli(), 10), "PICTURE_SET="+set, "PI_OFFLINE=", "PI_SKIP_VERSION_CHECK=1",
		"PI_TELEMETRY=0", "COLORTERM=truecolor")
	home.Terminal = []string{"set-option", "-s", "extended-keys", "on", ";"}
	// Pi would fetch the two programs that it searches files with.
	if err := os.Mkdir(filepath.Join(home.Agent, "bin"), 0o700); err != nil {
		return "", err
	}
	for name, text := range map[string]string{
		"bin/fd": "", "bin/rg": "",
		"settings.json":   fmt.Sprintf(`{"theme":%q,"quietStartup":true}`, c.theme),
		"auth.json":       accounts,
		"multi-auth.json": names,
	} {
		if err := home.Write(name, text); err != nil {
			return "", err
		}
	}
	screen, err := home.StartScreen(pi, "--model", "kimi-coding/kimi-for-coding")
	if err != nil {
		return "", err
	}
	defer screen.Close()
	if err := screen.Resize(s.columns, s.rows); err != nil {
		return "", err
	}
	if _, err := screen.Now("~/project"); err != nil {
		return "", err
	}
	st := &stage{Server: server, screen: screen, set: set}
	if err := s.play(st); err != nil {
		return "", err
	}
	return st.settled()
}

// stage is where a scene is played.
type stage struct {
	*vendor.Server
	screen *pis.Screen
	set    string
}

// say enters a line and waits for what is to be seen then.
func (s *stage) say(line string, until ...string) error {
	if err := s.screen.Type(line); err != nil {
		return err
	}
	_, err := s.screen.Now(until...)
	return err
}

// later sets the clock to so long after its begin.
func (s *stage) later(d time.Duration) error {
	if err := os.WriteFile(s.set, []byte(strconv.FormatInt(began.Add(d).UnixMilli(), 10)), 0o600); err != nil {
		return err
	}
	time.Sleep(200 * time.Millisecond) // it looks there every 20
	return nil
}

// settled waits until nothing moves any more.
func (s *stage) settled() (string, error) {
	before := ""
	for i := 0; i < 20; i++ {
		time.Sleep(500 * time.Millisecond)
		now, err := s.screen.Cells()
		if err != nil || now == before {
			return now, err
		}
		before = now
	}
	return before, fmt.Errorf("the screen does not come to rest")
}

// The accounts of the pictures, and what their people call them.
const (
	accounts = `{
  "kimi-coding": {"type": "api_key", "key": "work-key"},
  "kimi-coding-1": {"type": "api_key", "key": "team-key"},
  "kimi-coding-2": {"type": "api_key", "key": "home-key"},
  "groq": {"type": "api_key", "key": "groq-one"},
  "groq-1": {"type": "api_key", "key": "groq-two"},
  "anthropic": {"type": "api_key", "key": "anthropic-key"}
}
`
	names = `{"version":2,"providers":{
  "kimi-coding":{"accounts":{"kimi-coding":{"settings":{"label":{"at":1,"value":"work"}}},
    "kimi-coding-1":{"settings":{"label":{"at":1,"value":"team"}}},"kimi-coding-2":{"settings":{"label":{"at":1,"value":"home"}}}}}}}`
)

// quota answers Kimi's usage page: for each key what of five hours and of the week is used.
func (s *stage) quota(work, team, home [2]int) {
	used := map[string][2]int{"Bearer work-key": work, "Bearer team-key": team, "Bearer home-key": home}
	at := func(d time.Duration) string { return began.Add(d).Format(time.RFC3339) }
	s.Route("api.kimi.com/coding/v1/usages", vendor.Step{Raw: func(w http.ResponseWriter, r *http.Request) {
		u := used[r.Header.Get("Authorization")]
		w.Header().Set("content-type", "application/json")
		fmt.Fprintf(w, `{"usage":{"limit":"100","used":"%d","resetTime":%q},"limits":[{"window":{"duration":300,"timeUnit":"TIME_UNIT_MINUTE"},"detail":{"limit":"100","used":"%d","resetTime":%q}}]}`,
			u[1], at(75*time.Hour), u[0], at(150*time.Minute))
	}})
}

// spent is what Kimi answers when five hours are used up.
func spent() vendor.Step {
	return vendor.Step{Status: 429, Header: map[string]string{"retry-after": "9000"},
		Body: `{"error":{"type":"exceeded_current_quota_error","message":"You've reached your usage limit for this period."}}`}
}

const (
	lease  = "A lease is permission for one attempt; it ends when the attempt does."
	unseen = "Nothing of it had been shown yet, so the next account could answer."
)

// moved is a session that began with work and goes on with team.
func (s *stage) moved() error {
	s.quota([2]int{97, 41}, [2]int{18, 22}, [2]int{64, 70})
	s.Script("work-key", vendor.Step{Text: lease}, spent())
	s.Script("team-key", vendor.Step{Text: unseen})
	if err := s.say("What is a lease, in one sentence?", lease); err != nil {
		return err
	}
	return s.say("And why did I not see the failure?", "answers now", unseen, "team 78% ~0m")
}

var scenes = []scene{
	{"failover", 96, 20, (*stage).moved},
	{"manager", 120, 21, func(s *stage) error {
		if err := s.moved(); err != nil {
			return err
		}
		if err := s.say("/multi-auth usage", "97% used"); err != nil {
			return err
		}
		if err := s.later(3*time.Minute + 30*time.Second); err != nil {
			return err
		}
		return s.say("/multi-auth", "╭─ Accounts", "78% left")
	}},
	{"forecast", 110, 22, func(s *stage) error {
		if err := s.moved(); err != nil {
			return err
		}
		if err := s.later(29 * time.Minute); err != nil {
			return err
		}
		s.quota([2]int{100, 42}, [2]int{46, 28}, [2]int{64, 70})
		if err := s.say("/multi-auth usage", "100% used"); err != nil {
			return err
		}
		if err := s.later(33*time.Minute + 30*time.Second); err != nil {
			return err
		}
		return s.say("/multi-auth forecast kimi-coding", "Next relief", "team 54% ~4m")
	}},
}
