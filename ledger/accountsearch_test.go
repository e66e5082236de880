package ledger_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// accountsNamed adds accounts by id and name, each a second newer than the one
// before, and what they are found by.
func accountsNamed(t *testing.T, url string, l *ledger.Ledger, named ...[2]string) {
	t.Helper()
	for i, n := range named {
		ledgertest.Exec(t, url, `insert into accounts (account_id, name, status, plan_key, version, decided_at, created_at)
			values ($1, $2, 1, 'p', gen_random_uuid(), now(), timestamptz '2026-01-01' + $3 * interval '1 s')`, n[0], n[1], i)
	}
	if added, err := l.IndexAccounts(t.Context(), time.Time{}); err != nil || added != int64(len(named)) {
		t.Fatalf("%d of %d accounts are added: %v", added, len(named), err)
	}
	if again, err := l.IndexAccounts(t.Context(), time.Time{}); err != nil || again != 0 {
		t.Fatalf("%d accounts are added again: %v", again, err)
	}
}

// foundBy are the ids that a search finds, page by page.
func foundBy(t *testing.T, l *ledger.Ledger, search string, first int) (ids []string) {
	t.Helper()
	for after, more := (*ledger.AccountPlace)(nil), true; more; {
		page, err := l.Accounts(t.Context(), search, first, after)
		if err != nil {
			t.Fatalf("%q: %v", search, err)
		}
		if page.More && len(page.Accounts) < first {
			t.Fatalf("%q: a page of %d says that more follow", search, len(page.Accounts))
		}
		for i := range page.Accounts {
			ids = append(ids, page.Accounts[i].ID)
			place := page.Accounts[i].Place()
			after = &place
		}
		more = page.More
	}
	return ids
}

// TestAccountSearch: people find an account by what they know of it, however they
// write it.
func TestAccountSearch(t *testing.T) {
	t.Parallel()
	url := ledgertest.URL(t)
	l := ledgertest.Open(t, url)
	accountsNamed(t, url, l, [2]string{"org-7f3a9c2e", "École polytechnique"}, [2]string{"a2", "Łukasz Żółć"}, [2]string{"a3", "Zoë Ångström"},
		[2]string{"a4", "Straße & Söhne"}, [2]string{"a5", "50% off_\\now"}, [2]string{"a6", "İstanbul Ltd"}, [2]string{"a7", "Ｗｉｄｅ ﬁrm"},
		[2]string{"a8", "Ærø Þór"}, [2]string{"a9", "Ελλάς ΑΕ"}, [2]string{"b1", "e\u0301tude"}, [2]string{"team/eu:42", "김철수"})
	for search, want := range map[string]string{
		"école": "org-7f3a9c2e", "ECOLE": "org-7f3a9c2e", "Écol": "org-7f3a9c2e", "poly": "org-7f3a9c2e", "technique ecole": "org-7f3a9c2e",
		"łukasz": "a2", "LUKASZ": "a2", "zolc": "a2", "Żółć łu": "a2", "ZOË": "a3", "zoe": "a3", "angstrom": "a3", "STRASSE": "a4", "sohne": "a4", "söhne": "a4",
		"50%": "a5", "off_": "a5", `off_\`: "a5", "a5": "a5", "istanbul": "a6", "ISTANBUL": "a6", "wide": "a7", "firm": "a7", "aero": "a8", "thor": "a8",
		"ΕΛΛΆΣ": "a9", "ελλας": "a9", "étude": "b1", "etude": "b1", "김철": "team/eu:42", "eu:42": "team/eu:42", "42": "team/eu:42",
		"9c2e": "org-7f3a9c2e", "7F3A": "org-7f3a9c2e", "org": "org-7f3a9c2e", "é": "team/eu:42 b1 org-7f3a9c2e", "z": "a3 a2",
		"nobody": "", "%": "", "_": "", `\`: "", "polyx": "", "ecole zoe": "", "o%e": "", "ec_le": "", "cole": "org-7f3a9c2e", "ol": "",
	} {
		if got := strings.Join(foundBy(t, l, search, 2), " "); got != want {
			t.Errorf("%q finds %q, expected %q", search, got, want)
		}
	}
	for _, blank := range []string{"", "  ", "\u0301"} {
		if got := foundBy(t, l, blank, 4); len(got) != 11 {
			t.Errorf("%q lists %d accounts", blank, len(got))
		}
	}
}

// TestAnAccountIsFoundFromItsCreationOn: the row that a search reads is written
// with the account.
func TestAnAccountIsFoundFromItsCreationOn(t *testing.T) {
	t.Parallel()
	l := ledgertest.New(t)
	at := ledger.NewID(1_767_225_600_000_000, 1).At()
	a := &ledger.Account{ID: "new", Name: "Éclair", Status: ledger.Active, Plan: "p", Version: ledger.NewID(at, 1), CreatedAt: at, DecidedAt: at}
	if _, err := l.CreateAccount(t.Context(), a, &ledger.AuditEntry{Account: "new", ID: ledger.NewID(at, 2), Actor: "a", Action: "createAccount", Reason: "r", At: at}); err != nil {
		t.Fatal(err)
	}
	if got := foundBy(t, l, "eclair", 5); !slices.Equal(got, []string{"new"}) {
		t.Errorf("it finds %v", got)
	}
	if added, err := l.IndexAccounts(t.Context(), time.Time{}); err != nil || added != 0 {
		t.Errorf("%d accounts are added: %v", added, err)
	}
}

// TestASearchCostsTheSameHoweverManyAccountsThereAre: among 50,000 it reads few
// pages of memory, wherever in the list those stand that it finds, and a page
// holds what there is.
func TestASearchCostsTheSameHoweverManyAccountsThereAre(t *testing.T) {
	t.Parallel()
	url := ledgertest.URL(t)
	l := ledgertest.Open(t, url)
	const all = 50_000
	// The oldest 300 are of one company, of which nobody newer is.
	ledgertest.Exec(t, url, `insert into accounts (account_id, name, status, plan_key, version, decided_at, created_at)
		select 'org-' || n, case when n <= 300 then 'Société ' else (array['Alpha ', 'Bêta ', 'Gamma ', 'Delta '])[1 + n % 4] end || n, 1, 'p', gen_random_uuid(), now(),
			timestamptz '2026-01-01' + n * interval '1 s' from generate_series(1, $1) n`, all)
	if added, err := l.IndexAccounts(t.Context(), time.Time{}); err != nil || added != all {
		t.Fatalf("%d are added: %v", added, err)
	}
	c := connect(t, url)
	if _, err := c.Exec(t.Context(), "vacuum analyze"); err != nil {
		t.Fatal(err)
	}
	for search, want := range map[string]int{"SOCIETE": 300, "société 277": 1, "beta": 12_425, "nobody": 0} {
		page, err := l.Accounts(t.Context(), search, 50, nil)
		if err != nil || len(page.Accounts) != min(50, want) || page.More != (want > 50) {
			t.Errorf("%q: %d accounts, more %t: %v", search, len(page.Accounts), page.More, err)
		}
	}
	if got := len(foundBy(t, l, "societe", 200)); got != 300 {
		t.Errorf("%d of 300 are found", got)
	}
	s := prepare(t, l.ReadPool(), ledger.SearchStatements)
	s.exec("set enable_seqscan = off")
	defer s.exec("reset enable_seqscan")
	for what, c := range map[string]struct {
		statement, arguments string
		most                 float64
	}{
		"the newest":     {"newest", "null, '', '{nob,obo,bod,ody}', '{nobody}', 51, 1000", 1000},
		"few at the end": {"found", "null, '', '{soc,oci,cie,iet,ete}', '{societe}', 51", 300},
		"one of all":     {"found", "null, '', '{bet,eta,123,234,345}', '{beta,12345}', 51", 20},
		"none":           {"found", "null, '', '{nob,obo,bod,ody}', '{nobody}', 51", 1},
		"two words":      {"found", "null, '', '{soc,oci,cie,iet,ete,al,alp}', '{societe,al}', 51", 1},
	} {
		plan := s.explain("analyze, timing off", c.statement, c.arguments)
		if rows := readBy(plan); rows > 2*c.most {
			t.Errorf("%s: %v rows are read", what, rows)
		}
		plan.walk(func(n *node) {
			if n.Type == "Seq Scan" && n.Relation == "account_search" {
				t.Errorf("%s: the table is read whole", what)
			}
		})
	}
}
