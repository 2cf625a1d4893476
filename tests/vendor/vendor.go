// Package vendor is a scripted provider on loopback, for tests and for the demo: every wire that Pi speaks, an answer per key, and a
// record of who was asked. StartAll stands for all vendors at once behind preload.mjs.
package vendor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// Step is what the server does with one request. The zero value answers "ok" as a stream.
type Step struct {
	// Text is the answer; "" is "ok".
	Text string
	// Status other than 0 and 200, or a Body, answers with Header and Body instead.
	Status int
	// Raw, when it is set, writes the whole answer.
	Raw    http.HandlerFunc
	Header map[string]string
	Body   string
	// ErrorEvent sends an error inside the stream, after AfterText when that is not empty.
	ErrorEvent string
	AfterText  string
	// Drop closes the connection: before any header, or after AfterText when that is not empty.
	Drop bool
	// Empty ends the stream well without content.
	Empty bool
	// Hang sends AfterText and then nothing until the client leaves.
	Hang bool
	// Tool begins a tool call before the stream breaks.
	Tool bool
	// Call answers with a call of this tool, without arguments, on the wire of openai-completions.
	Call string
	// Wait passes before anything of the answer is written.
	Wait time.Duration
	// Pause is waited for before every tenth of the text.
	Pause time.Duration
}

// Cut reports whether the stream breaks after something of it was to be seen.
func (s Step) Cut() bool { return s.AfterText != "" && (s.Drop || s.Hang || s.ErrorEvent != "") }

// Asked is one request as it came.
type Asked struct {
	Key string
	// Host is whom the request was meant for.
	Host  string
	Path  string
	Model string
	Body  string
	// Header are the headers as they came.
	Header http.Header
	// Status is what was answered; 0 for a connection that was dropped.
	Status int
	// Step is what was done.
	Step Step
	// Came and First are when it came and when the first byte was written.
	Came  time.Time
	First time.Time
}

// Server is a running provider. Make one with Start and end it with Close.
type Server struct {
	*httptest.Server
	mu      sync.Mutex
	scripts map[string][]Step
	asked   []Asked
	// Else, when set before the first request, says what happens to a key without a script.
	Else func(key string) Step
}

// Start begins to serve on loopback.
func Start() *Server {
	s := &Server{scripts: map[string][]Step{}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	return s
}

// StartAll begins to serve as every vendor at once, with TLS and a certificate that only preload.mjs accepts.
func StartAll() *Server {
	s := &Server{scripts: map[string][]Step{}}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	return s
}

// Env are the variables that send a process and its children to this server.
func (s *Server) Env(preload string) []string {
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	return []string{"NODE_OPTIONS=--import=" + preload, "SCRIPTED_VENDORS_PORT=" + port}
}

// Route sets what happens to requests of a host and path whatever their key: its script's name is the two together.
func (s *Server) Route(place string, steps ...Step) { s.Script(place, steps...) }

// Script sets what happens to requests with a key, one step a request; the last step stays. A key without a script is rejected.
func (s *Server) Script(key string, steps ...Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scripts[key] = steps
}

// Asked lists the requests so far.
func (s *Server) Asked() []Asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Asked(nil), s.asked...)
}

// Keys lists the keys of the requests so far, in their order.
func (s *Server) Keys() []string {
	var keys []string
	for _, a := range s.Asked() {
		keys = append(keys, a.Key)
	}
	return keys
}

// Limited is a 429 whose time is named.
func Limited(seconds int) Step {
	return Step{Status: 429, Header: map[string]string{"retry-after": fmt.Sprint(seconds)}, Body: `{"error":{"message":"Rate limit reached","type":"rate_limit_error"}}`}
}

// BadKey is a 401.
func BadKey() Step {
	return Step{Status: 401, Body: `{"error":{"message":"Incorrect API key provided","type":"authentication_error"}}`}
}

// keyHeaders are where vendors want their keys, those first that are of one vendor alone.
var keyHeaders = []string{"x-api-key", "x-goog-api-key", "api-key", "cf-aig-authorization", "Authorization"}

func keyOf(r *http.Request) string {
	for _, name := range keyHeaders {
		key := r.Header.Get(name)
		for _, scheme := range []string{"Bearer ", "token "} {
			key = strings.TrimPrefix(key, scheme)
		}
		if key != "" {
			return key
		}
	}
	return ""
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, 8<<20))
	if r.TLS != nil && r.Host == "" {
		r.Host = r.TLS.ServerName
	}
	var sent struct{ Model string }
	_ = json.Unmarshal(body, &sent)
	key := keyOf(r)
	s.mu.Lock()
	s.asked = append(s.asked, Asked{Key: key, Host: r.Host, Path: r.URL.Path, Model: sent.Model, Body: string(body), Header: r.Header.Clone(), Came: time.Now()})
	at := len(s.asked) - 1
	step := BadKey()
	name := r.Host + r.URL.Path
	if s.scripts[name] == nil {
		name = key
	}
	if steps := s.scripts[name]; len(steps) > 0 {
		step = steps[0]
		if len(steps) > 1 {
			s.scripts[name] = steps[1:]
		}
	} else if s.Else != nil {
		step = s.Else(key)
	}
	s.asked[at].Step = step
	s.mu.Unlock()
	status := 200
	switch {
	case step.Drop:
		status = 0
	case step.Status != 0:
		status = step.Status
	}
	defer func() {
		s.mu.Lock()
		s.asked[at].Status = status
		if s.asked[at].First.IsZero() {
			s.asked[at].First = time.Now()
		}
		s.mu.Unlock()
	}()
	time.Sleep(step.Wait)
	if step.Drop && step.AfterText == "" {
		drop(w)
		return
	}
	if step.Raw != nil {
		r.Body = io.NopCloser(bytes.NewReader(body))
		step.Raw(w, r)
		return
	}
	if (step.Status != 0 && step.Status != 200) || step.Body != "" {
		w.Header().Set("content-type", "application/json")
		for name, value := range step.Header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		io.WriteString(w, step.Body)
		return
	}
	wire := wireOf(w, r, sent.Model)
	s.answer(w, r, wire, step)
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, wire wire, step Step) {
	flush := func() {
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
	}
	wire.begin()
	text := step.Text
	if text == "" {
		text = "ok"
	}
	if c, ok := wire.(*completions); ok && step.Call != "" {
		c.call(step.Call)
		return
	}
	broken := step.Drop || step.Hang || step.ErrorEvent != ""
	if broken {
		text = step.AfterText
	}
	if text != "" && !step.Empty {
		pieces := 1
		if step.Pause > 0 {
			pieces = 10
		}
		for i := range pieces {
			time.Sleep(step.Pause)
			wire.text(text[len(text)*i/pieces : len(text)*(i+1)/pieces])
			flush()
		}
	}
	if step.Tool {
		wire.tool()
	}
	flush()
	switch {
	case step.Hang:
		<-r.Context().Done()
	case step.Drop:
		// Whoever reads must have the text before the connection ends.
		time.Sleep(50 * time.Millisecond)
		drop(w)
		return
	case step.ErrorEvent != "":
		wire.fail(step.ErrorEvent)
	default:
		wire.end()
	}
	flush()
}

func drop(w http.ResponseWriter) {
	h, ok := w.(http.Hijacker)
	if !ok {
		return
	}
	conn, _, err := h.Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	conn.Close()
}

// wire is how a provider writes a stream.
type wire interface {
	begin()
	text(string)
	tool()
	fail(string)
	end()
}

type completions struct {
	w     io.Writer
	model string
}

func (c *completions) chunk(delta string, finish string) {
	fmt.Fprintf(c.w, "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":%q,\"choices\":[{\"index\":0,\"delta\":%s,\"finish_reason\":%s}]}\n\n", c.model, delta, finish)
}

func (c *completions) begin() { c.chunk(`{"role":"assistant"}`, "null") }

func (c *completions) text(s string) {
	quoted, _ := json.Marshal(s)
	c.chunk(`{"content":`+string(quoted)+`}`, "null")
}

func (c *completions) tool() {
	c.chunk(`{"tool_calls":[{"index":0,"id":"t1","type":"function","function":{"name":"read","arguments":"{\"pa"}}]}`, "null")
}

func (c *completions) call(name string) {
	c.chunk(fmt.Sprintf(`{"tool_calls":[{"index":0,"id":"t1","type":"function","function":{"name":%q,"arguments":"{}"}}]}`, name), "null")
	c.finish("tool_calls")
}

func (c *completions) fail(s string) { fmt.Fprintf(c.w, "data: %s\n\n", s) }

func (c *completions) end() { c.finish("stop") }

func (c *completions) finish(reason string) {
	c.chunk(`{}`, `"`+reason+`"`)
	fmt.Fprintf(c.w, "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":%q,\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2,\"total_tokens\":7}}\n\ndata: [DONE]\n\n", c.model)
}

type messages struct {
	w     io.Writer
	model string
	open  bool
}

func (m *messages) event(name, data string) { fmt.Fprintf(m.w, "event: %s\ndata: %s\n\n", name, data) }

func (m *messages) begin() {
	m.event("message_start", fmt.Sprintf(`{"type":"message_start","message":{"id":"m1","type":"message","role":"assistant","model":%q,"content":[],"stop_reason":null,"usage":{"input_tokens":5,"output_tokens":1}}}`, m.model))
}

func (m *messages) text(s string) {
	quoted, _ := json.Marshal(s)
	if !m.open {
		m.event("content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`)
	}
	m.event("content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":`+string(quoted)+`}}`)
	m.open = true
}

func (m *messages) tool() {
	m.event("content_block_start", `{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t1","name":"read","input":{}}}`)
}

func (m *messages) fail(s string) { m.event("error", s) }

func (m *messages) end() {
	if m.open {
		m.event("content_block_stop", `{"type":"content_block_stop","index":0}`)
	}
	m.event("message_delta", `{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}`)
	m.event("message_stop", `{"type":"message_stop"}`)
}
