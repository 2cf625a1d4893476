package main

import (
	"fmt"
	"io"
	"slices"
)

// table counts what was right, a row for each provider and a column for each question.
type table struct {
	columns []string
	rows    map[string][]int // the last one counts all
	differ  []string
}

func (t *table) add(row string, right []bool) {
	if t.rows == nil {
		t.rows = map[string][]int{}
	}
	if t.rows[row] == nil {
		t.rows[row] = make([]int, len(t.columns)+1)
	}
	for i, ok := range right {
		if ok {
			t.rows[row][i]++
		}
	}
	t.rows[row][len(t.columns)]++
}

// print writes the rows by name, then the sum, then what differs; it reports whether nothing does.
func (t *table) print(w io.Writer) bool {
	names := make([]string, 0, len(t.rows))
	sum := make([]int, len(t.columns)+1)
	for name, row := range t.rows {
		names = append(names, name)
		for i, n := range row {
			sum[i] += n
		}
	}
	slices.Sort(names)
	fmt.Fprintf(w, "%-30s", "")
	for _, c := range t.columns {
		fmt.Fprintf(w, "%9s", c)
	}
	fmt.Fprintf(w, "%9s\n", "samples")
	for _, name := range names {
		t.line(w, name, t.rows[name])
	}
	t.line(w, "all", sum)
	for _, d := range t.differ {
		fmt.Fprintln(w, d)
	}
	return len(t.differ) == 0
}

func (t *table) line(w io.Writer, name string, row []int) {
	fmt.Fprintf(w, "%-30s", name)
	all := row[len(t.columns)]
	for i := range t.columns {
		fmt.Fprintf(w, "%7.1f %%", 100*float64(row[i])/float64(max(all, 1)))
	}
	fmt.Fprintf(w, "%9d\n", all)
}
