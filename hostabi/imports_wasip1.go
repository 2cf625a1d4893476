//go:build wasip1

package hostabi

// Fetch queues an HTTP request.
//
//go:wasmimport pi_multi_auth fetch
func Fetch(ptr, n int32)

// File queues work on a file.
//
//go:wasmimport pi_multi_auth file
func File(ptr, n int32)

// Ask queues something for the person or for Pi.
//
//go:wasmimport pi_multi_auth ask
func Ask(ptr, n int32)

// Log queues a line of the log.
//
//go:wasmimport pi_multi_auth log
func Log(ptr, n int32)
