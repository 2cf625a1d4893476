// Package token is a scripted token endpoint: it gives out one-use refresh tokens and revokes a whole family when one is used twice
// (RFC 9700 section 4.14.2). It does not know who asks.
package token

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Provider is the code of an extension whose provider logs in here: Pi knows nothing of it, and its tokens are renewed by its own code. It
// is a format for the address of its models and that of the token endpoint.
const Provider = `pi.registerProvider("corp", { name: "Corp", baseUrl: %q, api: "openai-completions",
	models: [{ id: "model-1", name: "M", reasoning: false, input: ["text"], cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }, contextWindow: 10000000, maxTokens: 1000 }],
	oauth: { name: "Corp", login: async () => { throw new Error("not here") }, getApiKey: (c) => c.access,
		refreshToken: async (c) => {
			const r = await fetch(%q, { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: new URLSearchParams({ refresh_token: c.refresh }) });
			const t = await r.json();
			if (!r.ok) throw new Error("token refresh failed: " + t.error);
			return { ...c, access: t.access_token, refresh: t.refresh_token ?? c.refresh, expires: Date.now() + t.expires_in * 1000 };
		} } });`

// Server is one authorization server. The zero value is not usable; New makes one.
type Server struct {
	mu       sync.Mutex
	families map[string]*family
	refresh  map[string]*family
	serial   int
	calls    int
	asked    int
	refused  int
	perTurn  map[string]int

	// Life is how long an access token lasts.
	Life time.Duration
	// Latency is how long the endpoint takes before it rotates anything; its answer leaves at once after that.
	Latency time.Duration
	// Silent leaves the refresh token out of replies; the old one then stays good.
	Silent bool
	// Careless rotates also for those who are gone by the time it answers.
	Careless bool
	// Lenient refuses a token that was used before and leaves its family alone.
	Lenient bool
	// Answer, when set, may answer instead of the server; false leaves it to it.
	Answer func(w http.ResponseWriter, refresh string) bool
}

type family struct {
	name    string
	current string
	access  string
	turn    int
	revoked bool
}

// Tokens are what a login holds.
type Tokens struct {
	Access  string
	Refresh string
}

// New makes a server.
func New() *Server {
	return &Server{families: map[string]*family{}, refresh: map[string]*family{}, perTurn: map[string]int{}, Life: time.Hour}
}

// Delay changes the latency while requests come in.
func (s *Server) Delay(latency time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Latency = latency
}

// Grant gives an account its first tokens.
func (s *Server) Grant(name string) Tokens {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := &family{name: name}
	s.families[name] = f
	return s.rotate(f)
}

func (s *Server) rotate(f *family) Tokens {
	s.serial++
	f.turn++
	f.access = fmt.Sprintf("access-%s-%d-%d", f.name, f.turn, s.serial)
	if f.current == "" || !s.Silent {
		f.current = fmt.Sprintf("refresh-%s-%d-%d", f.name, f.turn, s.serial)
		s.refresh[f.current] = f
	}
	return Tokens{f.access, f.current}
}

// Redeem exchanges a refresh token. ok is false for one that was used before, which revokes its family.
func (s *Server) Redeem(refresh string) (t Tokens, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	f := s.refresh[refresh]
	if f == nil || f.revoked || f.current != refresh {
		if f != nil && !s.Lenient {
			f.revoked = true
		}
		s.refused++
		return Tokens{}, false
	}
	s.perTurn[fmt.Sprintf("%s %d", f.name, f.turn)]++
	return s.rotate(f), true
}

// Calls counts the redemptions that were asked for, Refused those of them that were answered with invalid_grant.
func (s *Server) Calls() (calls, refused int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls, s.refused
}

// Asked counts the requests that have come in, answered or not.
func (s *Server) Asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// Current is an account's access token as the server knows it, and how often it was given one.
func (s *Server) Current(name string) (access string, turn int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.families[name]
	return f.access, f.turn
}

// Revoked lists the accounts whose family was revoked.
func (s *Server) Revoked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for name, f := range s.families {
		if f.revoked {
			names = append(names, name)
		}
	}
	return names
}

// Valid reports whether an access token is the one its account was given last.
func (s *Server) Valid(access string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.families {
		if f.access == access && !f.revoked {
			return true
		}
	}
	return false
}

// ServeHTTP answers a token request in the shape of RFC 6749 section 5.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	refresh, err := asked(r)
	if err != nil {
		http.Error(w, "no form", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.asked++
	latency := s.Latency
	s.mu.Unlock()
	time.Sleep(latency)
	if r.Context().Err() != nil && !s.Careless {
		// Whoever asked is gone: nothing is rotated for nobody.
		return
	}
	if s.Answer != nil && s.Answer(w, refresh) {
		return
	}
	t, ok := s.Redeem(refresh)
	w.Header().Set("Content-Type", "application/json")
	if !ok {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]any{"error": "invalid_grant", "error_description": "the token was used before"})
		return
	}
	reply := map[string]any{"access_token": t.Access, "token_type": "Bearer", "expires_in": s.Life.Seconds()}
	if !s.Silent {
		reply["refresh_token"] = t.Refresh
	}
	_ = json.NewEncoder(w).Encode(reply)
}

// asked is the refresh token of a request: a form as the RFC has it, or the JSON of those who want that.
func asked(r *http.Request) (string, error) {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		var body struct {
			Refresh string `json:"refresh_token"`
		}
		err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<20)).Decode(&body)
		return body.Refresh, err
	}
	err := r.ParseForm()
	return r.PostForm.Get("refresh_token"), err
}
