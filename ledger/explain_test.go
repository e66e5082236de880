package ledger_test

import (
	"context"
	"encoding/json"
	"fmt"
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
	// Where the statement was run: rows are those of one loop.
	Loops     float64 `json:"Actual Loops"`
	Rows      float64 `json:"Actual Rows"`
	Filtered  float64 `json:"Rows Removed by Filter"`
	Rechecked float64 `json:"Rows Removed by Index Recheck"`
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

// session keeps statements prepared on one connection of a pool, with its
// settings, planned for any arguments: what a process has after a while.
type session struct {
	t    *testing.T
	conn *pgxpool.Conn
}

func prepare(t *testing.T, pool *pgxpool.Pool, statements map[string]string) *session {
	t.Helper()
	return prepareAs(t.Context(), t, pool, statements)
}

// prepareAs takes the connection for what the context sees.
func prepareAs(ctx context.Context, t *testing.T, pool *pgxpool.Pool, statements map[string]string) *session {
	t.Helper()
	conn, err := pool.Acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	s := &session{t, conn}
	t.Cleanup(s.close)
	s.exec("set plan_cache_mode = force_generic_plan")
	for name, sql := range statements {
		s.exec(`prepare "` + name + `" as ` + sql)
	}
	return s
}

// dropPlans lets the connection be taken from its pool a while later.
func (s *session) dropPlans() {
	s.t.Helper()
	if ok, err := ledger.DropOldPlans(0)(s.t.Context(), s.conn.Conn()); !ok || err != nil {
		s.t.Fatal(err)
	}
}

// close gives the connection back as it was.
func (s *session) close() {
	if s.conn != nil {
		s.exec("deallocate all")
		s.exec("reset plan_cache_mode")
		s.conn.Release()
		s.conn = nil
	}
}

func (s *session) exec(statement string) {
	s.t.Helper()
	if _, err := s.conn.Exec(context.Background(), statement, pgx.QueryExecModeSimpleProtocol); err != nil {
		s.t.Fatalf("%s: %v", statement, err)
	}
}

// explain tells the plan of a statement; with "analyze" as how, run with its
// arguments, also what was read.
func (s *session) explain(how, name, arguments string) *node {
	s.t.Helper()
	var told []byte
	ask := "explain (" + how + ", format json) execute \"" + name + "\"(" + arguments + ")"
	if err := s.conn.QueryRow(s.t.Context(), ask, pgx.QueryExecModeSimpleProtocol).Scan(&told); err != nil {
		s.t.Fatalf("%s: %v", ask, err)
	}
	var plans []struct{ Plan node }
	if err := json.Unmarshal(told, &plans); err != nil || len(plans) != 1 {
		s.t.Fatalf("%s: %v", told, err)
	}
	return &plans[0].Plan
}

// nulls are arguments for a statement that is only planned.
func nulls(sql string) string {
	most := 0
	for _, m := range parameter.FindAllStringSubmatch(sql, -1) {
		n, _ := strconv.Atoi(m[1]) // digits
		most = max(most, n)
	}
	return strings.TrimSuffix(strings.Repeat("null, ", most), ", ")
}

// explain plans a statement as its pool does. The read pool comes to such a
// plan after a few calls.
func explain(t *testing.T, pool *pgxpool.Pool, sql string) *node {
	t.Helper()
	s := prepare(t, pool, map[string]string{"planned": sql})
	defer s.close()
	return s.explain("costs off", "planned", nulls(sql))
}

// TestHotStatementsLookUpTheirRows: by the whole key that they name, on empty
// tables and on full ones, before the database knows how full and after.
func TestHotStatementsLookUpTheirRows(t *testing.T) {
	t.Parallel()
	url := ledgertest.URL(t)
	l := ledgertest.Open(t, url)
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
		"usage since, each":   {"usage_events": "account_id id"},
		"parts":               {"monetization_events": "account_id usage_event_id"},
		"postings":            {"balance_updates": "account_id sequence", "grants": "account_id id"},
		"update lots":         {"grants": "account_id id"},
		"update heads":        {"accounts": "account_id"},
		"lock one":            {"accounts": "account_id"},
		"update lot":          {"grants": "account_id id"},
		"update head":         {"accounts": "account_id"},
		"insert events":       {},
		"insert monetization": {},
		"insert postings":     {},
	}
	c := connect(t, url)
	do := func(sql string) {
		t.Helper()
		if _, err := c.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	look := func(when string, pools map[string]*session, statements map[string]string) {
		for name, sql := range statements {
			want, known := conditions[name]
			if !known {
				t.Fatalf("nothing is said of the statement %q", name)
			}
			for which, pool := range pools {
				if _, read := reads(statements)[name]; read || which == "write" {
					looksUp(t, fmt.Sprintf("%s, %s pool, %s", name, which, when), pool.explain("costs off", name, nulls(sql)), want, which == "write")
				}
			}
		}
	}
	fresh := func() map[string]*session {
		return map[string]*session{"write": prepare(t, l.WritePool(), ledger.HotStatements), "read": prepare(t, l.ReadPool(), reads(ledger.HotStatements))}
	}
	// A table that was empty when it was vacuumed is the smallest there is. An
	// update may then be planned to read all of it, until the plan is dropped.
	do("vacuum")
	old := fresh()
	look("on empty tables", old, reads(ledger.HotStatements))
	seed(t, c, 1000) // 100,000 events
	look("on full tables, planned while they were empty", old, reads(ledger.HotStatements))
	for _, s := range old {
		s.dropPlans() // as the pool does with those of a while ago
	}
	look("on full tables, a while later", old, ledger.HotStatements)
	look("on full tables that were not analyzed", fresh(), ledger.HotStatements)
	do("analyze")
	look("on full tables", fresh(), ledger.HotStatements)
}

// reads are the statements that change nothing.
func reads(statements map[string]string) map[string]string {
	found := map[string]string{}
	for name, sql := range statements {
		if !strings.Contains(sql, "update ") && !strings.Contains(sql, "insert ") {
			found[name] = sql
		}
	}
	return found
}

// looksUp holds a plan to look-ups by the columns of each table. On the write
// pool by all of them, and nothing is joined otherwise; a query of the read pool
// may join what one account has.
func looksUp(t *testing.T, what string, plan *node, want map[string]string, strict bool) {
	t.Helper()
	seen := map[string]bool{}
	plan.walk(func(n *node) {
		columns, table := want[n.Relation]
		switch {
		case n.Type == "Seq Scan" || (strict && (n.Type == "Hash Join" || n.Type == "Merge Join")):
			t.Errorf("%s: a %s of %s", what, n.Type, n.Relation)
		case !strings.Contains(n.Type, "Index"):
		case !table:
			t.Errorf("%s: looks into %s", what, n.Relation)
		default:
			seen[n.Relation] = true
			for i, column := range strings.Fields(columns) {
				if !strict && i > 0 {
					break
				}
				if !strings.Contains(n.Cond, column+" ") && (column != "id" || !strings.Contains(n.Cond, "decision_id ")) {
					t.Errorf("%s: %s by %s without %s: %q", what, n.Relation, n.Index, column, n.Cond)
				}
			}
		}
	})
	if len(seen) != len(want) {
		t.Errorf("%s: only %v of %v by an index", what, seen, want)
	}
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
	// A COMMIT may take as long as a synchronous standby does.
	var timeout string
	if err := l.WritePool().QueryRow(t.Context(), "select current_setting('statement_timeout')").Scan(&timeout); err != nil || timeout != "0" {
		t.Errorf("statement_timeout is %s: %v", timeout, err)
	}
	for _, limit := range []string{"lock_timeout", "idle_in_transaction_session_timeout"} {
		var got string
		if err := l.WritePool().QueryRow(t.Context(), "select current_setting($1)", limit).Scan(&got); err != nil || got == "0" {
			t.Errorf("%s is %s: %v", limit, got, err)
		}
	}
}
