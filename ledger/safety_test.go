package ledger_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// checked opens a ledger and returns what CheckSafety says.
func checked(t *testing.T, databaseURL string) error {
	t.Helper()
	l, err := ledger.Open(t.Context(), databaseURL, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.CheckSafety(t.Context())
}

// with adds a parameter to the URL.
func with(t *testing.T, databaseURL, key, value string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set(key, value)
	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
	return u.String()
}

func TestADatabaseThatKeepsItsWordIsFine(t *testing.T) {
	t.Parallel()
	u := ledgertest.URL(t)
	for _, value := range []string{"on", "remote_apply", "local"} {
		if err := checked(t, with(t, u, "synchronous_commit", value)); err != nil {
			t.Errorf("synchronous_commit=%s: %v", value, err)
		}
	}
}

func TestAnUnsafeDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	refused := func(name, setting, databaseURL string) {
		t.Helper()
		var unsafe *ledger.UnsafeError
		if err := checked(t, databaseURL); !errors.As(err, &unsafe) || unsafe.Setting != setting || !strings.Contains(err.Error(), "DATABASE_URL") {
			t.Errorf("%s: %v", name, err)
		}
	}
	u := ledgertest.URL(t)
	refused("by the URL", "synchronous_commit", with(t, u, "synchronous_commit", "off"))
	refused("by the URL's options", "synchronous_commit", with(t, u, "options", "-c synchronous_commit=off"))
	ledgertest.Exec(t, u, "alter database "+database(t, u)+" set synchronous_commit = off")
	refused("by the database", "synchronous_commit", u)

	// fsync and full_page_writes belong to the whole server, which other tests
	// use; here a function tells that they are off.
	for _, setting := range []string{"fsync", "full_page_writes"} {
		u := ledgertest.URL(t)
		ledgertest.Exec(t, u, `create function public.current_setting(name text) returns text language sql as
			$$ select case name when '`+setting+`' then 'off' else pg_catalog.current_setting(name) end $$`)
		refused("by the server", setting, with(t, u, "search_path", "public,pg_catalog"))
	}
}

func TestARoleThatCannotBecomeTheServersIsRefused(t *testing.T) {
	t.Parallel()
	u := ledgertest.URL(t)
	name := "outsider_" + database(t, u)
	ledgertest.Exec(t, u, "create role "+name+" login")
	t.Cleanup(func() { ledgertest.Exec(t, u, "drop role "+name) })
	as, err := url.Parse(u)
	if err != nil {
		t.Fatal(err)
	}
	as.User = url.User(name)
	var role *ledger.RoleError
	if err := checked(t, as.String()); !errors.As(err, &role) {
		t.Errorf("a role that is no member: %v", err)
	}
	ledgertest.Exec(t, u, "grant spillway_app to "+name)
	if err := checked(t, as.String()); err != nil {
		t.Errorf("a member: %v", err)
	}
	ledgertest.Exec(t, u, "revoke spillway_app from "+name)
}
