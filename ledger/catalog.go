package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
)

// Catalog is all features, prices and plans at one version. It is read only:
// a change makes a new one.
type Catalog struct {
	Version  int64
	Features map[string]*Feature
	// Plans holds the versions of each plan, the oldest first.
	Plans map[string][]*Plan

	nextPrice waterfall.Instant
}

// Feature is what can be metered, with all versions of its price, the oldest
// first, those included that were withdrawn.
type Feature struct {
	Key       string
	Name      string
	Unit      string
	Divisible bool
	Prices    []PriceVersion
}

// Plan is one version of a plan.
type Plan struct {
	Key         string
	Version     int32
	Name        string
	Features    []waterfall.Rules
	PublishedAt waterfall.Instant

	byFeature map[string]*waterfall.Rules
	shape     string
	horizon   int64
}

// Rules is what the plan says of a feature, nil when it is not in it.
func (p *Plan) Rules(feature string) *waterfall.Rules { return p.byFeature[feature] }

// Shape tells plans apart whose counters are kept differently: counters that
// were kept for one shape hold all that another plan of the same shape asks:
// the same buckets, scopes and spans, whatever their limits are.
func (p *Plan) Shape() string { return p.shape }

// Horizon is how many seconds back the plan's counters look.
func (p *Plan) Horizon() int64 { return p.horizon }

// Newest is the newest version of a plan, nil when there is none.
func (c *Catalog) Newest(plan string) *Plan {
	if versions := c.Plans[plan]; len(versions) > 0 {
		return versions[len(versions)-1]
	}
	return nil
}

// Plan is one version of a plan, nil when there is none.
func (c *Catalog) Plan(plan string, version int32) *Plan {
	versions := c.Plans[plan]
	if version < 1 || int(version) > len(versions) {
		return nil
	}
	return versions[version-1]
}

// Began is when the first plan was published: nothing was decided before.
func (c *Catalog) Began() waterfall.Instant {
	var began waterfall.Instant
	for _, versions := range c.Plans {
		if at := versions[0].PublishedAt; began == 0 || at < began {
			began = at
		}
	}
	return began
}

// NewCatalog makes a catalog in memory of features and of plans, whose versions
// are listed from the first one.
func NewCatalog(version int64, features map[string]*Feature, plans map[string][]*Plan) *Catalog {
	for _, versions := range plans {
		for _, p := range versions {
			p.index(features)
		}
	}
	c := &Catalog{Version: version, Features: features, Plans: plans}
	c.nextPrice = c.firstWaiting()
	return c
}

// index prepares a plan for the look-ups of every decision.
func (p *Plan) index(features map[string]*Feature) {
	p.byFeature = make(map[string]*waterfall.Rules, len(p.Features))
	var kept []string
	for i := range p.Features {
		r := &p.Features[i]
		if f := features[r.Feature]; f != nil {
			r.Divisible = f.Divisible
		}
		p.byFeature[r.Feature] = r
		p.horizon = max(p.horizon, r.Horizon())
		for j := range r.Buckets {
			if b := &r.Buckets[j]; b.Kind.Counted() {
				kept = append(kept, fmt.Sprint(r.Feature, " ", b.Key, b.Kind, b.Scope, b.Horizon()))
			}
		}
		for _, c := range r.Ceilings {
			kept = append(kept, fmt.Sprint(r.Feature, " ^", c.Seconds))
		}
	}
	sort.Strings(kept)
	sum := sha256.Sum256([]byte(strings.Join(kept, "\n")))
	p.shape = hex.EncodeToString(sum[:8])
}

// CatalogVersion is the version of the catalog now.
func (l *Ledger) CatalogVersion(ctx context.Context) (version int64, err error) {
	err = l.reader(ctx).QueryRow(ctx, `select version from catalog_version`).Scan(&version)
	return version, err
}

// LoadCatalog reads the whole catalog at one moment.
func (l *Ledger) LoadCatalog(ctx context.Context) (*Catalog, error) {
	var c *Catalog
	err := pgx.BeginTxFunc(ctx, l.reader(ctx), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		var err error
		c, err = loadCatalog(ctx, tx)
		return err
	})
	return c, err
}

func loadCatalog(ctx context.Context, q querier) (*Catalog, error) {
	c := &Catalog{Features: map[string]*Feature{}, Plans: map[string][]*Plan{}}
	if err := q.QueryRow(ctx, `select version from catalog_version`).Scan(&c.Version); err != nil {
		return nil, err
	}
	rows, err := q.Query(ctx, `select feature_key, name, unit, divisible from features`)
	features, err := collect(rows, err, func(row pgx.Row) (*Feature, error) {
		f := &Feature{}
		return f, row.Scan(&f.Key, &f.Name, &f.Unit, &f.Divisible)
	})
	if err != nil {
		return nil, err
	}
	for i := range features {
		c.Features[features[i].Key] = &features[i]
	}
	if err := c.loadPrices(ctx, q); err != nil {
		return nil, err
	}
	c.nextPrice = c.firstWaiting()
	return c, c.loadPlans(ctx, q)
}

func (c *Catalog) loadPlans(ctx context.Context, q querier) error {
	rows, err := q.Query(ctx, `select plan_key, version, name, features, published_at from plans order by plan_key, version`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		p := &Plan{}
		var features []byte
		var at time.Time
		if err := rows.Scan(&p.Key, &p.Version, &p.Name, &features, &at); err != nil {
			return err
		}
		if err := json.Unmarshal(features, &p.Features); err != nil {
			return fmt.Errorf("plan %s version %d: %w", p.Key, p.Version, err)
		}
		p.PublishedAt = waterfall.InstantOf(at)
		p.index(c.Features)
		c.Plans[p.Key] = append(c.Plans[p.Key], p)
	}
	return rows.Err()
}

// CatalogTx is a change of the catalog: it holds the lock of the single
// catalog_version row, so that changes are made one after the other.
type CatalogTx struct {
	tx pgx.Tx
	// Catalog is what stands under the lock.
	Catalog *Catalog
}

// ChangeCatalog runs a change of the catalog in one transaction. When change
// returns false nothing is written. It works as the server, whoever's context
// it is called with: see BeginPrices.
func (l *Ledger) ChangeCatalog(ctx context.Context, change func(*CatalogTx) (bool, error)) error {
	tx, err := l.read.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if _, err := tx.Exec(ctx, `select version from catalog_version for update`); err != nil {
		return err
	}
	catalog, err := loadCatalog(ctx, tx)
	if err != nil {
		return err
	}
	changed, err := change(&CatalogTx{tx, catalog})
	if err != nil || !changed {
		return err
	}
	if _, err := tx.Exec(ctx, `update catalog_version set version = version + 1`); err != nil {
		return err
	}
	if err := tx.Commit(context.WithoutCancel(ctx)); err != nil {
		return &UnknownOutcomeError{err}
	}
	return nil
}

// PutFeature writes a feature.
func (c *CatalogTx) PutFeature(ctx context.Context, f *Feature) error {
	_, err := c.tx.Exec(ctx, `insert into features (feature_key, name, unit, divisible) values ($1, $2, $3, $4)
		on conflict (feature_key) do update set name = excluded.name, unit = excluded.unit, divisible = excluded.divisible`,
		f.Key, f.Name, f.Unit, f.Divisible)
	return err
}

// AddPlan writes the next version of a plan.
func (c *CatalogTx) AddPlan(ctx context.Context, p *Plan) error {
	features, err := json.Marshal(p.Features)
	if err != nil {
		return err
	}
	_, err = c.tx.Exec(ctx, `insert into plans (plan_key, version, name, features, published_at) values ($1, $2, $3, $4, $5)`,
		p.Key, p.Version, p.Name, features, p.PublishedAt.Time())
	return err
}

// Audit writes an entry of the audit log with the change.
func (c *CatalogTx) Audit(ctx context.Context, e *AuditEntry) error {
	batch := &pgx.Batch{}
	queueAudit(batch, e)
	return c.tx.SendBatch(ctx, batch).Close()
}
