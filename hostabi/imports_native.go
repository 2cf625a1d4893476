//go:build !wasip1

package hostabi

// Fetch is an import of the module; natively nothing is queued.
func Fetch(_, _ int32) {}

// File is an import of the module; natively nothing is queued.
func File(_, _ int32) {}

// Ask is an import of the module; natively nothing is queued.
func Ask(_, _ int32) {}

// Log is an import of the module; natively nothing is queued.
func Log(_, _ int32) {}
