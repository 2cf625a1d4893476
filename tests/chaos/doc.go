// Package chaos runs real Pis of both versions against scripted providers and a token server on loopback while something breaks every
// few seconds, and checks what each request came to against what was true at that time. `make chaos` runs it.
package chaos
