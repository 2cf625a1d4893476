package pool

// grouped chooses the group that gives the account, and then the account. The accounts of no group come last.
func (p *Pool) grouped(s *sieve) Pick {
	if len(p.Groups) == 0 {
		return p.given("", p.byMode(s, p.Mode, nil, p.Find(p.After)))
	}
	p.enroll()
	s.rank = p.leastOpen(s)
	if at := p.groupOf(s); at >= 0 {
		g, members := &p.Groups[at], p.enrolled[at]
		mode := g.Mode
		if mode == "" {
			mode = p.Mode
		}
		s.most = int64(g.MaxInFlight)
		pick := p.given(g.ID, p.byMode(s, mode, members, placeOf(members, p.Find(p.placeIn(g)))))
		s.most = 0
		return pick
	}
	rest := p.enrolled[len(p.Groups)]
	return p.given("", p.byMode(s, p.Mode, rest, placeOf(rest, p.Find(p.After))))
}

func (p *Pool) given(group string, i int) Pick {
	return Pick{Index: i, Why: Won, Turn: i >= 0, Group: group}
}

// leastOpen is the lowest rank among the open candidates: accounts in reserve wait for every group's others.
func (p *Pool) leastOpen(s *sieve) int64 {
	s.rank = 1 << 60
	least := s.rank
	for i := range p.Accounts {
		if r := s.open(i); r != nil && !p.full(i) {
			least = min(least, r.rank>>rankGroup)
		}
	}
	return least
}

// full reports whether every group of an account has as many requests under way on it as it allows.
func (p *Pool) full(i int) bool {
	for _, g := range p.groupsOf[i] {
		if most := p.Groups[g].MaxInFlight; most <= 0 || p.Accounts[i].InFlight < most {
			return false
		}
	}
	return len(p.groupsOf[i]) > 0
}

// groupOf takes the group the strategy prefers among those with an open account. One whose health lies below its threshold is taken only
// when no other can be.
func (p *Pool) groupOf(s *sieve) int {
	type able struct {
		group int
		mean  int64
	}
	var well, sick []able
	for g := range p.Groups {
		group := &p.Groups[g]
		s.most = int64(group.MaxInFlight)
		sum, count := int64(0), int64(0)
		for _, i := range p.enrolled[g] {
			if r := s.open(i); r != nil {
				sum, count = sum+int64(r.wellness), count+1
			}
		}
		s.most = 0
		switch {
		case count == 0:
		case sum/count < int64(group.Health*1000):
			sick = append(sick, able{g, sum / count})
		default:
			well = append(well, able{g, sum / count})
		}
	}
	if len(well) == 0 {
		well = sick
	}
	if len(well) == 0 {
		return -1
	}
	best := 0
	switch p.Strategy {
	case ByHealth:
		for k := range well {
			if well[k].mean > well[best].mean {
				best = k
			}
		}
	case ByTurn:
		passed := p.Live.GroupAfter == ""
		for k, at := 0, 0; at < len(p.Groups) && k < len(well); at++ {
			if at == well[k].group {
				if passed {
					best = k
					break
				}
				k++
			}
			passed = passed || p.Groups[at].ID == p.Live.GroupAfter
		}
	}
	return well[best].group
}

// enroll finds the members of groups once: their indices in pool order, and last those of the accounts of no group.
func (p *Pool) enroll() {
	if len(p.enrolled) == len(p.Groups)+1 && p.enrolledOf == len(p.Accounts) {
		return
	}
	in := make([][]int, len(p.Accounts))
	for g := range p.Groups {
		for _, id := range p.Groups[g].Accounts {
			if i := p.Find(id); i >= 0 {
				in[i] = append(in[i], g)
			}
		}
	}
	p.enrolled, p.enrolledOf, p.groupsOf = make([][]int, len(p.Groups)+1), len(p.Accounts), in
	for i, groups := range in {
		if len(groups) == 0 {
			groups = []int{len(p.Groups)}
		}
		for _, g := range groups {
			if of := p.enrolled[g]; len(of) == 0 || of[len(of)-1] != i {
				p.enrolled[g] = append(of, i)
			}
		}
	}
}

// placeIn is the account of a group that the last new session was given.
func (p *Pool) placeIn(g *Group) string {
	if id, ok := p.Live.Places[g.ID]; ok {
		return id
	}
	return p.After
}

// Placed keeps the place of a group after one of its accounts was given to a new session.
func (p *Pool) Placed(pick Pick) {
	if pick.Group == "" || pick.Index < 0 {
		return
	}
	if p.Live.Places == nil {
		p.Live.Places = map[string]string{}
	}
	p.Live.Places[pick.Group] = p.Accounts[pick.Index].ID
	p.Live.GroupAfter = pick.Group
}

func placeOf(members []int, i int) int {
	for k, m := range members {
		if m == i {
			return k
		}
	}
	return -1
}
