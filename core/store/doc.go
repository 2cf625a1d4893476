// Package store knows the file formats: Pi's auth.json and models.json (read only), our multi-auth.json, multi-auth-accounts.json, usage
// cache and journal, and the configuration.
//
// It turns texts into values and changes into texts. It does not know where files are, when they are read or what the values are
// for. Foreign text is read totally: what cannot be understood is left out and, where it is ours, named.
//
// Begin with tree.go: every file of ours is a Tree, and joining two is commutative, associative and idempotent. What stands in them is
// drawn in state.go, accounts.go and usage.go; settings.go and renewal.go are parts of the first. upgrade.go takes the peer's file over.
package store
