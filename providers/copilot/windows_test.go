package copilot

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"pimultiauth/core"
)

func TestWindowsOfAnAnswer(t *testing.T) {
	const now core.Time = 1795604400000 // 2026-11-25T11:00:00Z
	for _, c := range []struct {
		why     string
		headers []core.Header
		want    []core.Window
	}{
		{"session and week say that they hold nothing and mean it not", []core.Header{
			{Name: "x-usage-ratelimit-weekly", Value: "ent=0&ov=0.0&ovPerm=false&rem=74.9&rst=2026-11-30T00%3A00%3A00Z"},
			{Name: "x-usage-ratelimit-session", Value: "ent=0&ov=0.0&ovPerm=false&rem=0.0&rst=2026-11-25T13%3A30%3A00Z"},
		}, []core.Window{
			{Name: "5h", Used: 100, Known: true, Length: 5 * core.Hour, ResetsAt: 1795613400000},
			{Name: "weekly", Used: 25.1, Known: true, Length: core.Week, ResetsAt: 1795996800000},
		}},
		{"a month without an end, and one that is not in the plan", []core.Header{
			{Name: "x-quota-snapshot-chat", Value: "ent=-1&rem=100.0"}, {Name: "x-quota-snapshot-premium_interactions", Value: "ent=0&rem=0.0&rst=2026-12-01T00:00:00Z"},
		}, nil},
		{"two names of one", []core.Header{
			{Name: "x-quota-snapshot-premium_models", Value: "ent=300&rem=40"}, {Name: "x-quota-snapshot-premium_interactions", Value: "ent=300&rem=40"},
		}, []core.Window{{Name: "premium", Used: 60, Known: true, Length: core.Month}}},
		{"nothing that anybody can read", []core.Header{
			{Name: "x-quota-snapshot-chat", Value: "remaining=10"}, {Name: "x-usage-ratelimit-weekly", Value: "rem=NaN&rst=soon"}, {Name: "x-usage-ratelimit-session", Value: ""},
		}, nil},
		{"below nothing and with a reset nobody means", []core.Header{
			{Name: "x-quota-snapshot-premium_interactions", Value: "ent=300&ov=12.5&ovPerm=true&rem=-4.2&rst=2286-11-20T17:46:39Z"},
		}, []core.Window{{Name: "premium", Used: 100, Known: true, Length: core.Month}}},
	} {
		got := Windows(c.headers, now)
		for i := range got {
			got[i].Used = float64(int(got[i].Used*1e6+0.5)) / 1e6
		}
		assert.Equal(t, c.want, got, c.why)
	}
}
