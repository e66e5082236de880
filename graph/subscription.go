package graph

import (
	"context"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/graph/view"
	"spillway/ledger"
)

type subscription resolvers

// exists answers for an account that there is none of, before anything is
// followed.
func (s *subscription) exists(ctx context.Context, id string) error {
	if !waterfall.ValidID(id) {
		return noSuchAccount("accountId")
	}
	row, err := s.from.Ledger.Account(ctx, id)
	switch {
	case err != nil:
		return &view.StoreError{Err: err}
	case row == nil:
		return noSuchAccount("accountId")
	}
	return nil
}

func (s *subscription) edge(ctx context.Context, item ledger.FeedItem) *view.DecisionEdge {
	current := []*ledger.Decision{item.Decision}
	// Where the store cannot be asked, the event that follows tells the rest.
	_ = s.from.Engine.CurrentDecisions(ctx, current)
	return &view.DecisionEdge{Cursor: view.FeedCursor(item.Event), Node: view.NewDecision(s.from, current[0])}
}

func (s *subscription) Decisions(ctx context.Context, account string, filter *view.DecisionFilter, after *string) (<-chan *view.DecisionEdge, error) {
	cursor, err := view.ParseFeedCursor(after)
	if err != nil {
		return nil, err
	}
	only, err := s.from.Filter(ctx, filter)
	if err != nil {
		return nil, err
	}
	if err := s.exists(ctx, account); err != nil {
		return nil, err
	}
	return follow(ctx, s, func(deliver func(*view.DecisionEdge) error) error {
		return s.from.Engine.FollowDecisions(ctx, account, only, cursor, func(item ledger.FeedItem) error {
			return deliver(s.edge(ctx, item))
		})
	}), nil
}

func (s *subscription) AllDecisions(ctx context.Context, filter *view.DecisionFilter, after *string) (<-chan *view.DecisionEdge, error) {
	cursor, err := view.ParseFeedCursor(after)
	if err != nil {
		return nil, err
	}
	only, err := s.from.Filter(ctx, filter)
	if err != nil {
		return nil, err
	}
	return follow(ctx, s, func(deliver func(*view.DecisionEdge) error) error {
		return s.from.Engine.FollowAllDecisions(ctx, only, cursor, func(item ledger.FeedItem) error {
			return deliver(s.edge(ctx, item))
		})
	}), nil
}

func (s *subscription) Balance(ctx context.Context, account string) (<-chan *view.Balance, error) {
	if err := s.exists(ctx, account); err != nil {
		return nil, err
	}
	return follow(ctx, s, func(deliver func(*view.Balance) error) error {
		return s.from.Engine.FollowBalance(ctx, account, func(b *engine.Balance) error { return deliver(view.NewBalance(b)) })
	}), nil
}

func (s *subscription) Buckets(ctx context.Context, account, user string, feature *string) (<-chan []view.BucketState, error) {
	if err := s.from.Engine.CheckFeature(ctx, "feature", feature); err != nil {
		return nil, err
	}
	query := engine.BucketQuery{Account: account, User: &user}
	if feature != nil {
		query.Feature = *feature
	}
	// Once beforehand: what is wrong with the query is told at once.
	if _, err := s.from.Engine.Buckets(ctx, query); err != nil {
		return nil, err
	}
	return follow(ctx, s, func(deliver func([]view.BucketState) error) error {
		return s.from.Engine.FollowBuckets(ctx, query, func(b []engine.BucketState) error { return deliver(s.from.BucketStates(b)) })
	}), nil
}

func (s *subscription) Anomalies(ctx context.Context) (<-chan *view.Anomaly, error) {
	return follow(ctx, s, func(deliver func(*view.Anomaly) error) error {
		return s.from.Engine.FollowAnomalies(ctx, func(a *ledger.Anomaly) error { return deliver(view.NewAnomaly(a)) })
	}), nil
}
