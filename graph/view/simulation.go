package view

import (
	"sort"

	"spillway/engine"
	"spillway/graph/scalar"
	"spillway/ledger"
)

// PlanSimulation shows what another plan would have decided.
type PlanSimulation struct {
	from *Source
	s    *engine.Simulation
}

// NewPlanSimulation shows a simulation.
func NewPlanSimulation(from *Source, s *engine.Simulation) *PlanSimulation {
	return &PlanSimulation{from, s}
}

// Decisions is how many decisions were made again.
func (p *PlanSimulation) Decisions() int64 { return p.s.Decisions }

// NewlyAllowed is how many of the denied ones would have been allowed.
func (p *PlanSimulation) NewlyAllowed() int64 { return p.s.NewlyAllowed }

// NewlyDenied is how many of the allowed ones would have been denied.
func (p *PlanSimulation) NewlyDenied() int64 { return p.s.NewlyDenied }

// CreditsBefore is what the decisions cost.
func (p *PlanSimulation) CreditsBefore() scalar.Credits {
	return scalar.SumOfMillionths(&p.s.CreditsBefore)
}

// CreditsAfter is what they would have cost.
func (p *PlanSimulation) CreditsAfter() scalar.Credits {
	return scalar.SumOfMillionths(&p.s.CreditsAfter)
}

// Changed is a page of those that would have been different, the newest first.
// Each page is of a simulation of its own, which gives the same for a time
// that has passed.
func (p *PlanSimulation) Changed(first int, after *string) (*SimulatedDecisionConnection, error) {
	to, err := ofSimulation.page(first, after)
	if err != nil {
		return nil, err
	}
	older := p.s.Changed
	if to.After != nil {
		older = older[:sort.Search(len(older), func(i int) bool {
			return !earlier(older[i].Decision.ID, *to.After)
		})]
	}
	n := min(first, len(older))
	edges := make([]SimulatedDecisionEdge, n)
	list := &decisionList{from: p.from}
	for i := range edges {
		c := &older[len(older)-1-i]
		edges[i] = SimulatedDecisionEdge{Cursor: ofSimulation.idCursor(c.Decision.ID), Node: &SimulatedDecision{
			Decision: list.add(c.Decision)[0], Status: c.Status, Charged: scalar.Millionths(c.Charged), Steps: Steps(c.Steps),
		}}
	}
	info := pageInfo(n, func(i int) string { return edges[i].Cursor }, n < len(older), after)
	return &SimulatedDecisionConnection{Edges: edges, PageInfo: info}, nil
}

func earlier(a, b ledger.ID) bool { return string(a[:]) < string(b[:]) }
