package pis

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Screen is a Pi in a terminal of its own. End it with Close.
type Screen struct {
	socket string
	env    []string
}

// HasTerminals says whether tmux is there to make terminals.
func HasTerminals() bool {
	_, err := exec.LookPath("tmux")
	return err == nil
}

// StartScreen starts Pi in a terminal, with a tmux server of its own.
func (h *Home) StartScreen(pi Pi, args ...string) (*Screen, error) {
	// A socket's path must be short.
	folder, err := os.MkdirTemp("", "pis-")
	if err != nil {
		return nil, err
	}
	run := h.Command(context.Background(), pi, args...)
	s := &Screen{socket: filepath.Join(folder, "s"), env: run.Env}
	start := append(append([]string{}, h.Terminal...), "new-session", "-d", "-x", "160", "-y", "50", "-c", h.Work)
	start = append(start, run.Args...)
	if _, err := s.tmux(start...); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Screen) tmux(args ...string) (string, error) {
	cmd := exec.Command("tmux", append([]string{"-S", s.socket, "-f", os.DevNull}, args...)...)
	cmd.Env = s.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("tmux %s: %w: %s", args[0], err, out)
	}
	return string(out), err
}

// Type enters a line and sees it leave the editor: an Enter may have been taken for a completion, or have come too early.
func (s *Screen) Type(line string) error {
	line = strings.TrimSpace(line)
	if _, err := s.tmux("send-keys", "-l", line); err != nil {
		return err
	}
	inEditor := func(text string) bool { return strings.Contains("\n"+text, "\n"+line) }
	if _, err := s.when(fmt.Sprintf("no %q in the editor", line), patience, inEditor); err != nil {
		return err
	}
	// A second Enter that comes behind a late first one does nothing to an empty editor, but presses a button of what a command has opened.
	pause := 3 * time.Second
	if strings.HasPrefix(line, "/") {
		pause = 12 * time.Second
	}
	for end := time.Now().Add(patience); ; {
		if _, err := s.tmux("send-keys", "Enter"); err != nil {
			return err
		}
		_, err := s.when("the line is still there", pause, func(text string) bool { return !inEditor(text) })
		if err == nil && time.Now().Before(end) && s.putBack(inEditor) {
			continue
		}
		if err == nil || time.Now().After(end) {
			return err
		}
	}
}

// putBack says that Pi, which was not ready yet, has given a line back to the editor: between two frames it is in neither place.
func (s *Screen) putBack(inEditor func(string) bool) bool {
	time.Sleep(100 * time.Millisecond)
	text, err := s.tmux("capture-pane", "-p")
	return err == nil && inEditor(text) && strings.Contains(text, "Startup is still in progress")
}

// Press sends keys by their tmux names.
func (s *Screen) Press(keys ...string) error {
	_, err := s.tmux(append([]string{"send-keys"}, keys...)...)
	return err
}

// Until waits until the screen shows all the parts and answers what it shows.
func (s *Screen) Until(parts ...string) (string, error) {
	return s.when(fmt.Sprintf("no %q", parts), patience, func(text string) bool {
		for _, part := range parts {
			if !strings.Contains(text, part) {
				return false
			}
		}
		return true
	})
}

func (s *Screen) when(fault string, patience time.Duration, is func(string) bool) (string, error) {
	return s.poll(fault, patience, is, "capture-pane", "-p", "-S", "-200")
}

func (s *Screen) poll(fault string, patience time.Duration, is func(string) bool, capture ...string) (string, error) {
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		text, err := s.tmux(capture...)
		if err != nil || is(text) {
			return text, err
		}
		if time.Now().After(end) {
			return text, fmt.Errorf("%s on the screen:\n%s", fault, text)
		}
	}
}

// Now waits until what is to be seen at this moment has all the parts, and answers it.
func (s *Screen) Now(parts ...string) (string, error) {
	return s.seen(fmt.Sprintf("no %q", parts), func(text string) bool {
		for _, part := range parts {
			if !strings.Contains(text, part) {
				return false
			}
		}
		return true
	})
}

// Without waits until a text is not to be seen.
func (s *Screen) Without(part string) error {
	_, err := s.seen(fmt.Sprintf("still %q", part), func(text string) bool { return !strings.Contains(text, part) })
	return err
}

func (s *Screen) seen(fault string, is func(string) bool) (string, error) {
	return s.poll(fault, patience, is, "capture-pane", "-p")
}

// Colours answers what is to be seen with its colours, as escape sequences.
func (s *Screen) Colours() (string, error) { return s.tmux("capture-pane", "-p", "-e") }

// Cells answers the same with the blanks at the ends of lines, which may be coloured too.
func (s *Screen) Cells() (string, error) { return s.tmux("capture-pane", "-p", "-e", "-N") }

// Resize gives the terminal another size.
func (s *Screen) Resize(columns, rows int) error {
	_, err := s.tmux("resize-window", "-x", fmt.Sprint(columns), "-y", fmt.Sprint(rows))
	return err
}

// Paste enters a text as it is, as a terminal does that was told to paste.
func (s *Screen) Paste(text string) error {
	if _, err := s.tmux("set-buffer", text); err != nil {
		return err
	}
	_, err := s.tmux("paste-buffer", "-p", "-d")
	return err
}

// Look waits until what is to be seen at this moment is as it should be, and answers it; is says what is wrong with it.
func (s *Screen) Look(is func(text string) error) (string, error) {
	var wrong error
	text, err := s.seen("", func(text string) bool {
		wrong = is(text)
		return wrong == nil
	})
	if wrong != nil {
		err = fmt.Errorf("%w, on the screen:\n%s", wrong, text)
	}
	return text, err
}

// Letters types a text and no Enter.
func (s *Screen) Letters(text string) error { return s.Press("-l", "--", text) }

// Socket is where the terminal's tmux server listens.
func (s *Screen) Socket() string { return s.socket }

// Close ends Pi and the terminal.
func (s *Screen) Close() {
	_, _ = s.tmux("kill-server")
	_ = os.RemoveAll(filepath.Dir(s.socket))
}

// Lives says whether its Pi runs yet.
func (s *Screen) Lives() bool {
	_, err := s.tmux("has-session")
	return err == nil
}
