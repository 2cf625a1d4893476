// Package pool decides who of a provider's accounts may be leased, in what order, and why.
//
// It does not know how failures are read, what files look like or who asks. Its rules: a leased account was ready; every candidate
// that loses has exactly one reason; the same pool and the same ask give the same pick.
//
// Begin with Pick in choose.go: rules.go says who is ready, affinity.go who stays, groups.go, modes.go and score.go who goes first, and
// outage.go what failures change. table.go and ladder.go are the same choice made fast for thousands. why.go explains a pick; describe.go,
// diary.go and rerun.go write decisions down and make them again, and ledger.go adds them up.
package pool
