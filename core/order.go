package core

import "sort"

// Keys lists what a map has, in order: a map's own order never reaches an output.
func Keys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	return Sorted(keys)
}

// Sorted puts texts in order, in their place, and answers them. sort.Strings would bring a second sort of 20 kB into the module.
func Sorted(list []string) []string {
	sort.Slice(list, func(i, j int) bool { return list[i] < list[j] })
	return list
}
