package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/tests/pis"
	"pimultiauth/tests/vendor"
)

// tour is a part of README that shows commands with what they answer.
var tour = regexp.MustCompile("(?s)```console\n(.*?)```")

// The tour's clock: when it begins, and how long a person takes for a command.
var (
	tourBegins = time.Date(2026, 1, 30, 9, 41, 0, 0, time.UTC)
	tourStep   = 4*time.Minute + 30*time.Second
)

// TestTheTourOfTheReadmeIsWhatHappens runs every line of README that begins with "$ " in its console blocks, one after another in one
// home, and compares what is answered. TOUR=write writes the answers of 1.5.2 into README.
func TestTheTourOfTheReadmeIsWhatHappens(t *testing.T) {
	path := filepath.Join(pis.Root(), "README.md")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	write := os.Getenv("TOUR") == "write"
	t.Run("on both", func(t *testing.T) {
		vendors(t, func(s *stage) {
			s.guide()
			step := 0
			told := tour.ReplaceAllStringFunc(string(text), func(block string) string {
				var lines []string
				for _, line := range strings.Split(tour.FindStringSubmatch(block)[1], "\n") {
					if command, is := strings.CutPrefix(line, "$ "); is {
						lines = append(lines, line)
						lines = append(lines, s.follows(command, step)...)
						step++
					}
				}
				return "```console\n" + strings.Join(lines, "\n") + "\n```"
			})
			require.NotZero(s, step, "README has no tour")
			if write && s.pi.Version == "1.5.2" {
				require.NoError(s, os.WriteFile(path, []byte(told), 0o644))
			} else if !write {
				assert.Equal(s, tour.FindAllString(string(text), -1), tour.FindAllString(told, -1), "TOUR=write go test ./tests/e2e -run Tour writes what is answered now")
			}
		})
	})
}

// guide sets the vendors of the tour up: two keys of Groq, the first of which is limited for an hour when it is asked for an answer.
func (s *stage) guide() {
	s.Helper()
	s.home.Work = filepath.Join(s.home.Dir, "project")
	require.NoError(s, os.Mkdir(s.home.Work, 0o700))
	require.NoError(s, os.WriteFile(filepath.Join(s.home.Work, "keys.txt"), []byte("gsk_WorkWorkWorkWorkWorkWorkWorkWorkWorkWorkWorkWork0001\ngsk_TeamTeamTeamTeamTeamTeamTeamTeamTeamTeamTeamTeam0002\n"), 0o600))
	s.vendor.Route("api.groq.com/openai/v1/models", vendor.Step{Raw: func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("content-type", "application/json")
		fmt.Fprint(w, `{"object":"list","data":[]}`)
	}})
	s.vendor.Script("gsk_WorkWorkWorkWorkWorkWorkWorkWorkWorkWorkWorkWork0001", vendor.Limited(2*3600))
	s.vendor.Script("gsk_TeamTeamTeamTeamTeamTeamTeamTeamTeamTeamTeamTeam0002", vendor.Step{Text: "Hello."})
	// "pi" of the tour's lines is this Pi with the extension.
	bin := filepath.Join(s.home.Dir, "bin")
	require.NoError(s, os.MkdirAll(bin, 0o700))
	script := fmt.Sprintf("#!/bin/sh\nexec '%s' '%s' -e '%s' \"$@\"\n", pis.Node(), s.pi.Script, s.home.Extension)
	require.NoError(s, os.WriteFile(filepath.Join(bin, "pi"), []byte(script), 0o700))
	clock := filepath.Join(pis.Root(), "tests", "pictures", "clock.mjs")
	for i, of := range s.home.Env {
		if strings.HasPrefix(of, "NODE_OPTIONS=") {
			s.home.Env[i] += " --import=" + clock
		}
	}
	s.home.Env = append(s.home.Env, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "PI_OFFLINE=", "PI_SKIP_VERSION_CHECK=1", "PI_TELEMETRY=0")
	s.auth = ""
}

// follows runs a line of the tour and answers what the terminal shows then.
func (s *stage) follows(line string, step int) []string {
	s.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.Dir = s.home.Work
	cmd.Env = append(s.home.Command(ctx, s.pi).Env, "PICTURE_CLOCK="+strconv.FormatInt(tourBegins.Add(time.Duration(step)*tourStep).UnixMilli(), 10))
	out, err := cmd.CombinedOutput()
	require.NoError(s, err, line+"\n"+string(out))
	if len(out) == 0 {
		return nil
	}
	return strings.Split(strings.TrimRight(string(out), "\n"), "\n")
}
