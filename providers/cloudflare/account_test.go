package cloudflare

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"pimultiauth/core"
)

// script answers requests in their order; the last answer stays.
type script struct {
	answers []core.FetchResult
	asked   []core.Fetch
}

func (s *script) At() core.Time { return 1768471200000 }

func (s *script) Ask(core.Ask) (core.Answer, error) { return core.Answer{}, errors.New("nobody there") }

func (s *script) Fetch(f core.Fetch) (core.FetchResult, error) {
	s.asked = append(s.asked, f)
	if len(s.answers) == 0 {
		return core.FetchResult{}, errors.New("no answer in time")
	}
	a := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	return a, nil
}

func page(n, pages int) core.FetchResult {
	var list []string
	for i := range n {
		id := strconv.FormatInt(int64(i)+0x1000, 16)
		list = append(list, `{"id":"`+strings.Repeat("0", 32-len(id))+id+`","name":"N`+id+`"}`)
	}
	return core.FetchResult{Status: 200, Body: core.Secret(`{"success":true,"errors":[],"result":[` + strings.Join(list, ",") + `],"result_info":{"page":1,"total_pages":` + strconv.Itoa(pages) + `}}`)}
}

func TestLocate(t *testing.T) {
	for _, c := range []struct {
		why    string
		status int
		body   string
		base   string
		label  string
		say    string
	}{
		{"one", 200, `{"success":true,"errors":[],"result":[{"id":"` + idA + `","name":"Example"}],"result_info":{"page":1,"per_page":20,"total_pages":1}}`, BaseURL(idA), "Example", ""},
		{"one without a name", 200, `{"success":true,"result":[{"id":"` + idA + `"}]}`, BaseURL(idA), "account …cdef", ""},
		{"D2 none", 200, `{"success":true,"result":[]}`, "", "", "sees no account"},
		{"D2 none with an id", 200, `{"success":true,"result":[{"id":" "},{"name":"x"},7,null]}`, "", "", "sees no account"},
		{"several", 200, `{"success":true,"result":[{"id":"` + idA + `","name":"One"},{"id":"` + idB + `"}]}`, "", "", "several accounts: One, " + idB},
		{"D4", 401, `{"success":false,"errors":[{"code":1000,"message":"Invalid API Token"}]}`, "", "", "copy the whole of it"},
		{"D6", 403, `{"success":false,"errors":[{"code":1211,"message":"x"}]}`, "", "", "Verify the mail address"},
		{"403", 403, `{"success":false,"errors":[{"code":9109,"message":"Unauthorized to access requested resource"}],"result":null}`, "", "", "9109: Unauthorized to access requested resource). Let the token read accounts"},
		{"D7", 400, `{"success":false,"errors":[{"code":6003,"message":"Invalid request headers","error_chain":[{"code":6111,"message":"Invalid format for Authorization header"}]}]}`, "", "", "copy it anew"},
		{"D8", 502, `<html>`, "", "", "not valid JSON"},
		{"D10", 200, `{"success":false}`, "", "", "HTTP 200: no reason given"},
		{"a list", 200, `[]`, "", "", "not valid JSON"},
		{"the token said back", 400, `{"success":false,"errors":[{"code":1,"message":"bad cfat_canary1234567890\u001b[31m"}]}`, "", "", "bad [secret]"},
	} {
		s := &script{answers: []core.FetchResult{{Status: c.status, Body: core.Secret(c.body)}}}
		base, label, why := Locate(s, "cfat_canary1234567890")
		assert.Equal(t, c.base, base, c.why)
		assert.Equal(t, c.label, label, c.why)
		assert.Contains(t, why, c.say, c.why)
		assert.Equal(t, c.say == "", why == "", c.why)
		assert.NotContains(t, why, "canary", c.why)
		assert.NotContains(t, why, "\x1b", c.why)
		for _, f := range s.asked {
			assert.Equal(t, origin, f.Origin)
			assert.LessOrEqual(t, f.Timeout, 10*core.Second)
			assert.LessOrEqual(t, f.MaxBytes, 256<<10)
		}
	}
}

func TestLocateReadsEveryPageAndEnds(t *testing.T) {
	s := &script{answers: []core.FetchResult{page(50, 3), page(50, 3), page(1, 3)}}
	_, _, why := Locate(s, "cfat_x")
	assert.Contains(t, why, "and 93 more")
	assert.Len(t, s.asked, 3)
	endless := &script{answers: []core.FetchResult{page(50, 1e6)}}
	_, _, _ = Locate(endless, "cfat_x")
	assert.Len(t, endless.asked, maxPages)
	silent := &script{}
	_, _, why = Locate(silent, "cfat_x")
	assert.Contains(t, why, "no answer in time")
}

func FuzzLocate(f *testing.F) {
	f.Add(200, `{"success":true,"result":[{"id":"`+idA+`","name":"Example"}]}`)
	f.Add(403, `{"success":false,"errors":[{"code":9109,"message":"x","error_chain":[{"code":1}]}]}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		base, _, why := Locate(&script{answers: []core.FetchResult{{Status: status, Body: core.Secret(body)}}}, "cfat_x")
		if (base == "") != (why != "") {
			t.Fatalf("%q and %q", base, why)
		}
	})
}
