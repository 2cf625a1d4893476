package refresh

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
)

// codeFlow is a login of ours with a code, as its service words it.
type codeFlow struct {
	provider, method string
	// start begins at an address of this end; poll asks at one that holds this part.
	start, begun, poll string
	// answers are what a poll gets: a status and a body each.
	pending, granted, denied, expired reply
	// slower is the answer that asks for longer pauses, "slow_down" or what the service has instead, and pauses the usual one and the one
	// after it.
	slower reply
	pauses [2]core.Duration
	// exchange answers what follows the grant, where something does.
	exchange string
}

type reply struct {
	status int
	body   string
}

func oauthFlow(provider, method, start, poll, page string, interval, slower core.Duration) codeFlow {
	return codeFlow{
		provider: provider, method: method, start: start, poll: poll,
		begun:   `{"device_code":"DEV","user_code":"ABCD","verification_uri":"` + page + `","verification_uri_complete":"` + page + `?user_code=ABCD","expires_in":600,"interval":5}`,
		pending: reply{400, pending}, granted: reply{200, tokens}, denied: reply{400, `{"error":"access_denied"}`}, expired: reply{400, `{"error":"expired_token"}`},
		slower: reply{400, slowDown}, pauses: [2]core.Duration{interval, slower},
	}
}

func codeFlows() []codeFlow {
	cline := oauthFlow("cline", "device", "/authorize/device", "/authenticate", "https://signin.workos.com/device", 5*core.Second, 10*core.Second)
	cline.exchange = clineReply
	return []codeFlow{
		oauthFlow("kimi-coding", "", "/device_authorization", "/token", "https://www.kimi.com/code", 5*core.Second, 10*core.Second),
		oauthFlow("qwen", "", "/device/code", "/token", "https://chat.qwen.ai/authorize", 5*core.Second, 10*core.Second),
		cline,
		{provider: "kilo", start: "/device-auth/codes", begun: `{"code":"ABCD","verificationUrl":"https://app.kilo.ai/device","expiresIn":600}`, poll: "/device-auth/codes/ABCD",
			pending: reply{202, `{}`}, granted: reply{200, `{"status":"approved","token":"SECRET-A"}`}, denied: reply{403, `{}`}, expired: reply{410, `{}`},
			// Kilo's way of saying it is the status of HTTP alone.
			slower: reply{429, `{}`}, pauses: [2]core.Duration{3 * core.Second, 6 * core.Second}},
	}
}

// serves answers the flow's polls one after the other, the last one again and again; a status of 0 is a network that is gone.
func (c codeFlow) serves(d *desk, polls ...reply) {
	n := 0
	d.serve = func(f core.Fetch, _ int) (core.FetchResult, error) {
		switch {
		case strings.HasSuffix(f.URL, c.start):
			return answered(200, c.begun)
		case strings.Contains(f.URL, c.poll):
			poll := polls[min(n, len(polls)-1)]
			if n++; poll.status == 0 {
				return core.FetchResult{}, errors.New("the connection failed")
			}
			return answered(poll.status, poll.body)
		}
		return answered(200, c.exchange)
	}
}

// Each login of ours ends in each of these ways. The browser's has its own in TestClineInTheBrowser, and below what is about its port.
func TestEveryLoginWithACodeEndsWell(t *testing.T) {
	lost := reply{}
	for _, c := range codeFlows() {
		for _, end := range []struct {
			name  string
			polls []reply
			// says is in the title; added says whether there is an account.
			says  string
			added bool
			// leave makes the person give up at that pause.
			leave int
		}{
			{"success", []reply{c.pending, c.granted}, "logged in as", true, 0},
			{"denial", []reply{c.pending, c.denied}, "denied", false, 0},
			{"expiry at the service", []reply{c.pending, c.expired}, "expired", false, 0},
			{"expiry on the clock", []reply{c.pending}, "expired", false, 0},
			{"slow_down", []reply{c.slower, c.granted}, "logged in as", true, 0},
			{"abort", []reply{c.pending}, "cancelled", false, 2},
			{"network loss while polling", []reply{c.pending, lost, lost, c.granted}, "logged in as", true, 0},
			{"network loss to the end", []reply{lost}, "expired", false, 0},
		} {
			t.Run(c.provider+": "+end.name, func(t *testing.T) {
				d := newDesk(t)
				d.leave = end.leave
				c.serves(d, end.polls...)
				view := d.login(c.provider, c.method)
				assert.Contains(t, view.Title, end.says)
				assert.Len(t, d.accounts(), map[bool]int{true: 1}[end.added])
				require.NotEmpty(t, d.slept)
				if end.name == "slow_down" {
					assert.Equal(t, c.pauses[1], d.slept[len(d.slept)-1], "it asks less often")
				}
				if end.name == "network loss while polling" {
					assert.Greater(t, d.slept[len(d.slept)-1], c.pauses[0], "who cannot be reached is asked less often")
				}
			})
		}
	}
}

func TestTwoLoginsAtOnceAreTwoAccountsOrOne(t *testing.T) {
	for _, c := range codeFlows() {
		for _, how := range []string{"two accounts", "two accounts, the other one in the journal yet", "the same one"} {
			name, same := c.provider+": "+how, how == "the same one"
			t.Run(name, func(t *testing.T) {
				first, second := newDesk(t), newDesk(t)
				second.Disk = first.Disk
				other := strings.NewReplacer("SECRET-A", "SECRET-B", "SECRET-R", "SECRET-S", "usr-1", "usr-2", "a@b.c", "d@e.f")
				theirs := c
				if !same {
					theirs.granted.body, theirs.exchange = other.Replace(c.granted.body), other.Replace(c.exchange)
				}
				theirs.serves(second, c.pending, theirs.granted)
				c.serves(first, c.pending, c.granted)
				serve := first.serve
				first.serve = func(f core.Fetch, n int) (core.FetchResult, error) {
					if strings.Contains(f.URL, c.poll) && !strings.HasSuffix(f.URL, c.start) && len(second.asked) == 0 {
						// While the first waits for its code, another process begins and ends.
						second.Disk.Busy = strings.Contains(how, "journal")
						require.Contains(t, second.login(c.provider, c.method).Title, "logged in as")
						second.Disk.Busy = false
					}
					return serve(f, n)
				}
				view := first.login(c.provider, c.method)
				require.Contains(t, view.Title, "logged in as")
				if same {
					assert.Len(t, first.accounts(), 1, "%v", first.accounts())
					return
				}
				assert.Len(t, first.accounts(), 2, "%v", first.accounts())
				assert.Contains(t, view.Title, "2 accounts")
			})
		}
	}
}

// Of several who wait while another one adds its account, none may go on without the hold: they would take one slot.
func TestALoginWaitsForTheHoldUntilItHasIt(t *testing.T) {
	d := newDesk(t)
	codeFlows()[0].serves(d, codeFlows()[0].granted)
	d.Disk.Early = 3
	require.Contains(t, d.login("kimi-coding", "").Title, "logged in as")
	assert.Zero(t, d.Disk.Early)
}

func TestABrowserLoginWhosePortsAreInUse(t *testing.T) {
	d := newDesk(t)
	d.bound = func([]int) (int, error) { return 0, errors.New("its ports are in use") }
	prompts := 0
	d.back = func(l core.Listen) (core.Answer, error) {
		prompts++
		assert.Empty(t, l.Ports, "nothing is listened on")
		assert.True(t, l.Paste)
		return core.Answer{Text: "http://127.0.0.1:48801/auth?code=C1&state=STATE"}, nil
	}
	d.serve = cline(clineReply, 200)
	assert.Contains(t, d.login("cline", "browser").Title, "logged in as")
	assert.Equal(t, 1, prompts, "the person is asked once")
	d.bound = func(ports []int) (int, error) { return ports[3], nil }
	d.back = func(l core.Listen) (core.Answer, error) {
		assert.Equal(t, []int{48804}, l.Ports, "the first port that is free")
		return core.Answer{Text: "code=C2&state=STATE", Port: 48804}, nil
	}
	assert.Contains(t, d.login("cline", "browser").Title, "logged in as")
}
