//go:build heap

package main

import "runtime"

// heap answers how many bytes are in use after a collection. Only the module of make soak has it: memory that was given to a module is
// never taken back, so its size tells of the collector's garbage too, and this does not.
//
//go:wasmexport heap
func heap() int32 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int32(stats.HeapAlloc)
}
