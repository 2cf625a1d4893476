package main

import (
	"math"
	"sort"

	"pimultiauth/core"
)

const (
	// slice is the grain of the optimum: what is asked within one may be served anywhere in it.
	slice = 15 * core.Minute
	// spill is how long after a question its answer may be begun: retries and pauses lie between.
	spill = core.Minute
)

// unitsPer makes whole numbers of units, which flows are exact in.
const unitsPer = 1000

// Optimum is the most a clairvoyant could have had served of a fleet's demand and of what others want of its accounts: the maximum
// flow of demand over windows. It is an upper bound. Requests are a fluid in it, and where windows of different lengths cross, each
// piece may hold what the whole window holds.
//
// Demand of a slice flows to each account that is not out for all of it, there through the segment of its shortest window, the
// segment of the next longer one that holds it, and so on. A fixed or rolling window's segments hold its capacity. Windows that begin
// with their first use are bound by how many of them can have begun: within a time in which use pauses nowhere longer than a window,
// the first k lengths hold k capacities. What single models are allowed is bound on the side of demand: of all accounts together, by
// how many of their windows can have begun.
func Optimum(f *Fleet, seed int64, asked []Turn) float64 {
	return optimum(f, NewTruth(f, seed), asked, burns(f, seed))
}

func optimum(f *Fleet, truth *Truth, asked []Turn, others [][]burn) float64 {
	g := newGraph()
	source, sink := g.node(), g.node()
	end := begin.Add(core.Duration(f.Days) * core.Day)
	for _, t := range asked {
		if end.Before(t.At) {
			end = t.At
		}
	}
	n := int(end.Sub(begin)/slice) + 1

	// Demand by slice and model.
	demand := map[string][]float64{}
	late := map[string][]float64{}
	var models []string
	for _, t := range asked {
		if demand[t.Model] == nil {
			demand[t.Model], late[t.Model] = make([]float64, n), make([]float64, n)
			models = append(models, t.Model)
		}
		s := int(t.At.Sub(begin) / slice)
		if t.At.Sub(begin)%slice < slice-spill {
			demand[t.Model][s] += t.Cost
		} else {
			late[t.Model][s] += t.Cost
		}
	}
	sort.Strings(models)

	// What each account's demand can be, to know when windows begin.
	trees := make([]leaves, len(f.Accounts))
	for i, a := range truth.accounts {
		busy := make([]bool, n)
		for _, model := range models {
			for s, v := range demand[model] {
				busy[s] = busy[s] || v > 0 || late[model][s] > 0
			}
		}
		for _, b := range others[i] {
			if s := int(b.at.Sub(begin) / slice); s < n {
				busy[s] = true
			}
		}
		trees[i] = accountTree(g, sink, a, busy, n)
	}

	for _, model := range models {
		entries := modelChain(g, source, truth, model, n)
		for s := range entries {
			for _, amount := range []float64{demand[model][s], -late[model][s]} {
				if amount == 0 {
					continue
				}
				d := g.node()
				g.edge(entries[s], d, units(math.Abs(amount)))
				for i, a := range truth.accounts {
					if a.outFor(s) {
						continue
					}
					leaf := trees[i].in[s]
					if amount < 0 {
						leaf = trees[i].late[s]
					}
					g.edge(d, leaf, units(math.Abs(amount)))
				}
			}
		}
	}
	for i := range others {
		byslice := map[int]float64{}
		for _, b := range others[i] {
			if s := int(b.at.Sub(begin) / slice); s < n {
				byslice[s] += b.amount
			}
		}
		for s := 0; s < n; s++ {
			if amount := byslice[s]; amount > 0 {
				g.edge(source, trees[i].in[s], units(amount))
			}
		}
	}
	return float64(g.flow(source, sink)) / unitsPer
}

func units(v float64) int64 { return int64(math.Ceil(v*unitsPer - 1e-6)) }

func (a *trueAccount) outFor(s int) bool {
	from := begin.Add(core.Duration(s) * slice)
	for _, o := range a.outages {
		if o.kind != "slow" && !from.Before(o.from) && !o.to.Before(from.Add(slice+core.Minute)) {
			return true
		}
	}
	return false
}

// leaves are where the demand of each slice enters an account, what is asked at a slice's very end apart.
type leaves struct{ in, late []int }

// accountTree makes the segments of an account's windows and answers the leaf of each slice.
func accountTree(g *graph, sink int, a *trueAccount, busy []bool, n int) leaves {
	parent := make([]int, n)
	for s := range parent {
		parent[s] = sink
	}
	var windows []trueWindow
	for _, w := range a.windows {
		if w.Model == "" {
			windows = append(windows, w)
		}
	}
	sort.SliceStable(windows, func(i, j int) bool { return windows[i].Length > windows[j].Length })
	for _, w := range windows {
		next := make([]int, n)
		// Pieces are runs of slices with one parent; a window is cut where its parent ends.
		for from := 0; from < n; {
			to := from
			for to < n && parent[to] == parent[from] {
				to++
			}
			if w.Kind == FirstUse {
				firstUse(g, next, parent[from], w, busy, from, to)
			} else {
				regular(g, next, parent[from], w, from, to)
			}
			from = to
		}
		parent = next
	}
	out := leaves{make([]int, n), make([]int, n)}
	for s := range parent {
		out.in[s], out.late[s] = parent[s], parent[s]
		if s+1 == n || parent[s+1] == parent[s] {
			continue
		}
		both := g.node()
		g.edge(both, parent[s], math.MaxInt32)
		g.edge(both, parent[s+1], math.MaxInt32)
		out.late[s] = both
		if a.endsWithin(s) {
			out.in[s] = both
		}
	}
	return out
}

// endsWithin says that a fixed window ends within a slice and not with it.
func (a *trueAccount) endsWithin(s int) bool {
	from := core.Duration(s) * slice
	for _, w := range a.windows {
		if w.Kind != Fixed {
			continue
		}
		if off := (from + slice - w.Phase%w.Length + w.Length) % w.Length; off > 0 && off < slice {
			return true
		}
	}
	return false
}

// regular cuts slices into the segments of a fixed or rolling window.
func regular(g *graph, next []int, parent int, w trueWindow, from, to int) {
	node, last := -1, core.Duration(-1)
	phase := core.Duration(0)
	if w.Kind == Fixed {
		phase = w.Phase % w.Length
	}
	for s := from; s < to; s++ {
		// A slice belongs to the segment in which it begins.
		k := (core.Duration(s)*slice - phase + 2*w.Length) / w.Length
		if k != last {
			node, last = g.node(), k
			g.edge(node, parent, units(w.Capacity))
		}
		next[s] = node
	}
}

// firstUse chains the lengths of a window that begins with its first use.
func firstUse(g *graph, next []int, parent int, w trueWindow, busy []bool, from, to int) {
	length, pause := max(1, int(w.Length/slice)), int((w.Length+slice-1)/slice)
	quiet := pause + 1
	for s := max(0, from-pause-1); s < from; s++ {
		if quiet++; busy[s] {
			quiet = 0
		}
	}
	// Links are chained while edges of slots would stand in the way, so these come last.
	type slotOf struct {
		slot, link int
		cap        int64
	}
	var slots []slotOf
	link, slot := -1, -1
	started, k, extra := 0, 0, 0
	begins := func(s int) {
		started, k = s, 1
		link = g.node()
		g.edge(link, parent, units(w.Capacity*float64(1+extra)))
		slot = link
	}
	if from > 0 && quiet <= pause {
		// A window reaches into the piece.
		extra = 1
		begins(from)
	}
	for s := from; s < to; s++ {
		switch {
		case busy[s] && (quiet > pause || link < 0):
			extra = 0
			begins(s)
		case link >= 0 && s-started >= k*length:
			// Earlier links flow into later ones, the last one into the parent.
			k++
			before := link
			link = g.node()
			g.redirect(before, link)
			g.edge(link, parent, units(w.Capacity*float64(k+extra)))
			// Nothing as short as a window meets more than two of them.
			slot = -2
		}
		if quiet++; busy[s] {
			quiet = 0
		}
		switch {
		case link < 0:
			next[s] = g.node()
			continue
		case slot == -2:
			slot = g.node()
			slots = append(slots, slotOf{slot, link, units(2 * w.Capacity)})
		}
		next[s] = slot
	}
	for _, e := range slots {
		g.edge(e.slot, e.link, e.cap)
	}
}

// modelChain bounds what all accounts together allow one model: what is asked until an instant by the windows that have begun by then.
// It answers where the demand of each slice comes from.
func modelChain(g *graph, source int, truth *Truth, model string, n int) []int {
	entries := make([]int, n)
	for s := range entries {
		entries[s] = source
	}
	for _, a := range truth.accounts {
		limited := false
		for _, w := range a.windows {
			limited = limited || (w.Model != "" && w.counts(model))
		}
		if !limited {
			return entries
		}
	}
	// The chain runs from the whole time down to the first slice: a link's capacity bounds everything before its end.
	var bounds []float64
	for s := 0; s < n; s++ {
		total := 0.0
		for _, a := range truth.accounts {
			least := math.Inf(1)
			for _, w := range a.windows {
				if w.Model == "" || !w.counts(model) {
					continue
				}
				first := core.Duration(0)
				if w.Kind == Fixed {
					if first = w.Phase % w.Length; first > 0 {
						first -= w.Length
					}
				}
				begun := (core.Duration(s+1)*slice+spill-first)/w.Length + 1
				least = min(least, w.Capacity*float64(begun))
			}
			total += least
		}
		bounds = append(bounds, total)
	}
	from := source
	for s := n - 1; s >= 0; s-- {
		if s == n-1 || bounds[s] < bounds[s+1] {
			node := g.node()
			g.edge(from, node, units(bounds[s]))
			from = node
		}
		entries[s] = from
	}
	return entries
}

// graph is a network for Dinic's algorithm.
type graph struct {
	head []int32
	to   []int32
	next []int32
	cap  []int64

	level []int32
	at    []int32
}

func newGraph() *graph { return &graph{} }

func (g *graph) node() int {
	g.head = append(g.head, -1)
	return len(g.head) - 1
}

func (g *graph) edge(from, to int, capacity int64) {
	g.to, g.cap, g.next = append(g.to, int32(to)), append(g.cap, capacity), append(g.next, g.head[from])
	g.head[from] = int32(len(g.to) - 1)
	g.to, g.cap, g.next = append(g.to, int32(from)), append(g.cap, 0), append(g.next, g.head[to])
	g.head[to] = int32(len(g.to) - 1)
}

// redirect lets the last edge of a node lead elsewhere.
func (g *graph) redirect(from, to int) {
	e := g.head[from]
	old := int(g.to[e])
	g.to[e] = int32(to)
	// The way back moves along.
	back := e ^ 1
	if g.head[old] == back {
		g.head[old] = g.next[back]
	} else {
		for p := g.head[old]; p >= 0; p = g.next[p] {
			if g.next[p] == back {
				g.next[p] = g.next[back]
				break
			}
		}
	}
	g.next[back] = g.head[to]
	g.head[to] = back
}

// flow is the greatest flow.
func (g *graph) flow(source, sink int) int64 {
	g.level, g.at = make([]int32, len(g.head)), make([]int32, len(g.head))
	queue := make([]int32, 0, len(g.head))
	total := int64(0)
	for {
		for i := range g.level {
			g.level[i] = -1
		}
		// Levels count from the sink, so that the search goes straight to it.
		g.level[sink] = 0
		queue = append(queue[:0], int32(sink))
		for i := 0; i < len(queue) && g.level[source] < 0; i++ {
			v := queue[i]
			for e := g.head[v]; e >= 0; e = g.next[e] {
				if u := g.to[e]; g.cap[e^1] > 0 && g.level[u] < 0 {
					g.level[u] = g.level[v] + 1
					queue = append(queue, u)
				}
			}
		}
		if g.level[source] < 0 {
			return total
		}
		copy(g.at, g.head)
		for {
			pushed := g.push(int32(source), int32(sink), math.MaxInt64)
			if pushed == 0 {
				break
			}
			total += pushed
		}
	}
}

func (g *graph) push(v, sink int32, limit int64) int64 {
	if v == sink {
		return limit
	}
	sent := int64(0)
	for ; g.at[v] >= 0; g.at[v] = g.next[g.at[v]] {
		e := g.at[v]
		u := g.to[e]
		if g.cap[e] == 0 || g.level[u] != g.level[v]-1 {
			continue
		}
		if got := g.push(u, sink, min(limit-sent, g.cap[e])); got > 0 {
			g.cap[e] -= got
			g.cap[e^1] += got
			if sent += got; sent == limit {
				return sent
			}
		}
	}
	return sent
}
