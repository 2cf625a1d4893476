package pool

import "pimultiauth/core"

// Triggers reports whether one of some kinds leads on along a chain.
func Triggers(chain *core.Chain, kinds []core.FaultKind) bool {
	triggers := chain.Triggers
	if len(triggers) == 0 {
		triggers = DefaultTriggers
	}
	for _, kind := range kinds {
		for _, trigger := range triggers {
			if trigger == kind {
				return true
			}
		}
	}
	return false
}

// Counterpart is the model a hop is asked for in place of another one.
func Counterpart(chain *core.Chain, hop *core.Hop, model string) string {
	if to := hop.Models[model]; to != "" {
		return to
	}
	if to := chain.Models[model][hop.Provider]; to != "" {
		return to
	}
	return model
}

// Blocks are the kinds of what keeps the accounts of a pool from an ask.
func (p *Pool) Blocks(ask Ask) []core.FaultKind {
	var kinds []core.FaultKind
	for i := range p.Accounts {
		c := &p.Accounts[i]
		switch reason, _, _ := p.Judge(c, ask); reason {
		case IsCooling, IsSuspended:
			kinds = append(kinds, c.Standing.Fault)
		case ModelCooling:
			kinds = append(kinds, c.Models[ask.Model].Fault)
		case ProviderCooling:
			kinds = append(kinds, p.Whole.Fault)
		case QuotaGone:
			kinds = append(kinds, core.QuotaSpent)
		case LoginExpired:
			kinds = append(kinds, core.Unauthorized)
		case PlanDenied, PlanUnproven:
			kinds = append(kinds, core.NotEntitled)
		}
	}
	return kinds
}

// MeanHealth is that of the accounts that are ready for an ask, 0 when none is.
func (p *Pool) MeanHealth(ask Ask) float64 {
	sum, count := int64(0), int64(0)
	for i := range p.Accounts {
		if p.Ready(i, ask) {
			wellness, _ := p.Accounts[i].wellness(ask.At)
			sum, count = sum+wellness, count+1
		}
	}
	return float64(sum) / float64(max(count, 1)) / 1000
}

// Patience is how long an assumed standing of an account lasts and what repeats multiply it with, by the group that says so; 0 by none.
func (p *Pool) Patience(account string) (core.Duration, float64) {
	if len(p.Groups) == 0 {
		return 0, 0
	}
	p.enroll()
	if i := p.Find(account); i >= 0 {
		for _, g := range p.groupsOf[i] {
			if group := &p.Groups[g]; group.Cooldown > 0 || group.Backoff > 0 {
				return group.Cooldown, group.Backoff
			}
		}
	}
	return 0, 0
}
