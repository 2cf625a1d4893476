package pis

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// RPC is a Pi in RPC mode. End it with Close.
type RPC struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	lines  chan string
	errs   strings.Builder
	cancel context.CancelFunc
	// Seen are the events so far, each a line of JSON.
	Seen []string
	// Patience is how long an event is waited for; 0 is five minutes.
	Patience time.Duration
}

// StartRPC starts Pi in RPC mode; it is ended after half an hour at the latest, or after the home's Limit.
func (h *Home) StartRPC(pi Pi, args ...string) (*RPC, error) {
	limit := h.Limit
	if limit == 0 {
		limit = 30 * time.Minute
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	r := &RPC{cmd: h.Command(ctx, pi, append([]string{"--mode", "rpc"}, args...)...), lines: make(chan string, 1024), cancel: cancel}
	var err error
	if r.in, err = r.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	r.cmd.Stderr = &r.errs
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(r.lines)
		s := bufio.NewScanner(out)
		s.Buffer(nil, 16<<20)
		for s.Scan() {
			r.lines <- s.Text()
		}
	}()
	return r, nil
}

// Pid is the process's.
func (r *RPC) Pid() int { return r.cmd.Process.Pid }

// Errors is what it wrote to standard error; read it after Close.
func (r *RPC) Errors() string { return r.errs.String() }

// Send writes one command.
func (r *RPC) Send(command map[string]any) error {
	text, err := json.Marshal(command)
	if err != nil {
		return err
	}
	_, err = r.in.Write(append(text, '\n'))
	return err
}

// Until reads events until one holds all the parts, and answers it.
func (r *RPC) Until(parts ...string) (string, error) {
	limit := r.Patience
	if limit == 0 {
		limit = patience
	}
	deadline := time.After(limit)
	for {
		select {
		case line, ok := <-r.lines:
			if !ok {
				return "", fmt.Errorf("pi ended before %q: %s", parts, r.errs.String())
			}
			r.Seen = append(r.Seen, line)
			found := true
			for _, part := range parts {
				found = found && strings.Contains(line, part)
			}
			if found {
				return line, nil
			}
		case <-deadline:
			return "", fmt.Errorf("no event with %q; the last: %s; %s", parts, last(r.Seen), r.errs.String())
		}
	}
}

func last(lines []string) string {
	if len(lines) == 0 {
		return "none"
	}
	return lines[len(lines)-1]
}

// Close ends Pi as a client does, by closing its input.
func (r *RPC) Close() error {
	r.in.Close()
	done := make(chan error, 1)
	go func() {
		for range r.lines {
		}
		done <- r.cmd.Wait()
	}()
	select {
	case err := <-done:
		r.cancel()
		return err
	case <-time.After(patience):
		r.cancel()
		return fmt.Errorf("pi did not end when its input was closed")
	}
}

// Notice waits for the next notice and answers its text.
func (r *RPC) Notice() (string, error) {
	line, err := r.Until(`"method":"notify"`)
	if err != nil {
		return "", err
	}
	var event struct{ Message string }
	if err := json.Unmarshal([]byte(line), &event); err != nil {
		return "", err
	}
	return event.Message, nil
}
