// Package core is the vocabulary: what everything else of the project is said in. The decisions are in the packages below it.
//
// It does not know how anything is decided, stored or shown, and it has no clock, no files, no network, no randomness and no
// goroutines; a test holds that. Everything that crosses the border between the module and its host is in message.go.
//
// The words, inside the code, in files, messages and commits:
//
//   - Provider: a service Pi sends models to, by Pi's id.
//   - Account: one login or key at one provider, the unit of rotation. Credential: its secret material.
//   - Pool: the accounts of one provider seen together.
//   - Standing: ready, cooling (not before a time; ends by itself) or suspended (needs a person).
//   - Request: what Pi asked; it may take several attempts. Attempt: one try with one lease.
//   - Lease: permission to use one account for one attempt; it ends by Settle or at its deadline.
//   - Outcome: the facts of an attempt as the host saw them. Fault: the named reason it failed. Verdict: what a fault calls for.
//   - Rotation: moving to another account of the same pool. Affinity: keeping a session on its account; that account is its home.
//   - Place: the account the last new session was given; the round goes on after it.
//   - Message and Turn: one thing told to the core, and its whole answer. Effect and Result: work asked of the host, and what came
//     of it. Flow: a conversation with the host over several turns.
//   - Delta and Merge: a change to a file, and joining two.
//
// Begin with message.go, what is told and answered; then account.go and fault.go, what is known of an account and of a failure, and
// provider.go, what a provider may bring. The other files read foreign text, each one kind of it and totally: read.go is the only door for
// JSON, reset.go, zone.go and windows.go read times and limits, shape.go usage, url.go and override.go addresses, credential.go, identity.go
// and login.go credentials, paste.go keys, models.go lists of models, and plain.go what a service says.
package core
