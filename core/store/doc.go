// Package store knows the file formats: Pi's auth.json and models.json (read only), our multi-auth.json, multi-auth-accounts.json and the
// journal behind both, and the configuration.
//
// It turns texts into values and changes into texts. It does not know where files are, when they are read or what the values are
// for. Foreign text is read totally: what cannot be understood is left out and, where it is ours, named.
package store
