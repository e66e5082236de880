package ledger_test

import (
	"context"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// node is a step of a plan, as EXPLAIN tells it.
type node struct {
	Type     string `json:"Node Type"`
	Relation string `json:"Relation Name"`
	Index    string `json:"Index Name"`
	Cond     string `json:"Index Cond"`
	Plans    []node
}

// walk visits a plan, a bitmap's index scan in place of its heap scan.
func (n *node) walk(visit func(*node)) {
	visit(n)
	for i := range n.Plans {
		if n.Type == "Bitmap Heap Scan" {
			n.Plans[i].Relation = n.Relation
		}
		n.Plans[i].walk(visit)
	}
}

var parameter = regexp.MustCompile(`\$(\d+)`)

// explain plans a statement as its pool does: prepared, with its settings, for
// any arguments. The read pool comes to such a plan after a few calls.
func explain(t *testing.T, pool *pgxpool.Pool, sql string) *node {
	t.Helper()
	ctx := t.Context()
	conn, err := pool.Acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	most := 0
	for _, m := range parameter.FindAllStringSubmatch(sql, -1) {
		n, _ := strconv.Atoi(m[1]) // digits
		most = max(most, n)
	}
	nulls := strings.TrimSuffix(strings.Repeat("null, ", most), ", ")
	for _, statement := range []string{"set plan_cache_mode = force_generic_plan", "prepare planned as " + sql} {
		if _, err := conn.Exec(ctx, statement, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	var told []byte
	if err := conn.QueryRow(ctx, "explain (format json) execute planned("+nulls+")", pgx.QueryExecModeSimpleProtocol).Scan(&told); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	for _, statement := range []string{"deallocate planned", "reset plan_cache_mode"} {
		if _, err := conn.Exec(ctx, statement, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatal(err)
		}
	}
	var plans []struct{ Plan node }
	if err := json.Unmarshal(told, &plans); err != nil || len(plans) != 1 {
		t.Fatalf("%s: %v", told, err)
	}
	return &plans[0].Plan
}

// TestHotStatementsLookUpTheirRows: by the whole key that they name, on empty
// tables and on full ones, before the database knows how full and after.
func TestHotStatementsLookUpTheirRows(t *testing.T) {
	t.Parallel()
	url := ledgertest.URL(t)
	l, err := ledger.Open(t.Context(), url, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	// What the condition on the index must hold, by statement and table; the
	// rest of a key would make it a look-up of all that the account ever did.
	conditions := map[string]map[string]string{
		"lock":                {"accounts": "account_id"},
		"earlier":             {"usage_events": "account_id idempotency_key"},
		"decisions":           {"usage_events": "account_id id"},
		"open grants":         {"grants": "account_id"},
		"grants by id":        {"grants": "account_id id"},
		"grants by key":       {"grants": "account_id idempotency_key"},
		"usage since":         {"usage_events": "account_id id"},
		"parts":               {"monetization_events": "account_id usage_event_id"},
		"postings":            {"balance_updates": "account_id sequence", "grants": "account_id id"},
		"update lots":         {"grants": "account_id id"},
		"update heads":        {"accounts": "account_id"},
		"insert events":       {},
		"insert monetization": {},
		"insert postings":     {},
	}
	look := func(when string) {
		for name, sql := range ledger.HotStatements {
			pools := map[string]*pgxpool.Pool{"write": l.WritePool()}
			if !strings.Contains(sql, "update ") && !strings.Contains(sql, "insert ") {
				pools["read"] = l.ReadPool()
			}
			want, known := conditions[name]
			if !known {
				t.Fatalf("nothing is said of the statement %q", name)
			}
			for which, pool := range pools {
				seen := map[string]bool{}
				explain(t, pool, sql).walk(func(n *node) {
					columns, table := want[n.Relation]
					switch {
					case n.Type == "Seq Scan" || (which == "write" && (n.Type == "Hash Join" || n.Type == "Merge Join")):
						t.Errorf("%s, %s pool, %s: a %s of %s", name, which, when, n.Type, n.Relation)
					case !strings.Contains(n.Type, "Index"):
					case !table:
						t.Errorf("%s, %s pool, %s: looks into %s", name, which, when, n.Relation)
					default:
						seen[n.Relation] = true
						for i, column := range strings.Fields(columns) {
							if which == "read" && i > 0 {
								break // a query may join what one account has
							}
							if !strings.Contains(n.Cond, column+" ") && (column != "id" || !strings.Contains(n.Cond, "decision_id ")) {
								t.Errorf("%s, %s pool, %s: %s by %s without %s: %q", name, which, when, n.Relation, n.Index, column, n.Cond)
							}
						}
					}
				})
				if len(seen) != len(want) {
					t.Errorf("%s, %s pool, %s: only %v of %v by an index", name, which, when, seen, want)
				}
			}
		}
	}
	look("on empty tables")
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(context.Background()) }()
	seed(t, c, 1000) // 100,000 events
	look("on full tables that were not analyzed")
	if _, err := c.Exec(t.Context(), "analyze"); err != nil {
		t.Fatal(err)
	}
	look("on full tables")
}

// TestBatchesPlanForAnyArguments: a plan for the first arguments that come
// would be kept for all others.
func TestBatchesPlanForAnyArguments(t *testing.T) {
	t.Parallel()
	l := ledgertest.New(t)
	for setting, want := range map[string]string{"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "enable_hashjoin": "off",
		"enable_mergejoin": "off", "jit": "off", "TimeZone": "UTC", "application_name": "spillway"} {
		var got string
		if err := l.WritePool().QueryRow(t.Context(), "select current_setting($1)", setting).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s: %v", setting, got, err)
		}
	}
	for _, limit := range []string{"lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"} {
		var got string
		if err := l.WritePool().QueryRow(t.Context(), "select current_setting($1)", limit).Scan(&got); err != nil || got == "0" {
			t.Errorf("%s is %s: %v", limit, got, err)
		}
	}
}
