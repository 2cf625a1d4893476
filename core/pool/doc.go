// Package pool decides who of a provider's accounts may be leased, in what order, and why.
//
// It does not know how failures are read, what files look like or who asks. Its rules: a leased account was ready; every candidate
// that loses has exactly one reason; the same pool and the same ask give the same pick.
package pool
