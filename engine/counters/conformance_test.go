package counters

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"spillway/engine/waterfall"
)

// store is what both implementations do.
type store interface {
	Read(context.Context, []Query) ([]Snapshot, error)
	Write(context.Context, []Update) ([]bool, error)
	Away() bool
}

func redisURL(t testing.TB) string {
	t.Helper()
	url := os.Getenv("SPILLWAY_TEST_REDIS_URL")
	if url == "" {
		t.Fatal("SPILLWAY_TEST_REDIS_URL is not set; run: make test")
	}
	return url
}

func openRedis(t testing.TB, url string) *Redis {
	t.Helper()
	r, err := OpenRedis(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// corrupt spoils a field behind the store's back.
type corrupt func(t *testing.T, account string, f Field, packed string)

// bench is a store under test with an account that no other test uses.
type bench struct {
	*testing.T
	store
	account string
	corrupt corrupt
}

func onRedis(t *testing.T, url string) (store, corrupt) {
	options, err := ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	r := newRedis(options, time.Minute) // what a busy machine takes is not looked at here
	t.Cleanup(func() { _ = r.Close() })
	return r, func(t *testing.T, account string, f Field, packed string) {
		if err := r.client.HSet(context.Background(), key(account), f.name(), packed).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestStores holds the memory, the Redis and a Redis Cluster to the same
// behavior.
func TestStores(t *testing.T) {
	cluster := startCluster(t)
	kinds := map[string]func(*testing.T) (store, corrupt){
		"memory": func(*testing.T) (store, corrupt) {
			m := NewMemory()
			return m, func(_ *testing.T, account string, f Field, packed string) { m.accounts[account].fields[f] = packed }
		},
		"redis":   func(t *testing.T) (store, corrupt) { return onRedis(t, redisURL(t)) },
		"cluster": func(t *testing.T) (store, corrupt) { return onRedis(t, cluster.URL) },
	}
	for name, check := range map[string]func(*bench){
		"an account that is not there":             unknownAccount,
		"what was written is read":                 roundTrip,
		"a change adds to what is there":           change,
		"a replacement forgets the other fields":   replacement,
		"a change of another version drops all":    otherVersion,
		"a change of another shape drops all":      otherShape,
		"a change of what is not there holds none": changeOfNothing,
		"updates stand by themselves":              manyAccounts,
		"many updates at once":                     manyUpdates,
		"thousands of fields":                      manyFields,
		"a long series":                            longSeries,
		"names of every kind stay apart":           names,
		"a field that cannot be read":              spoiled,
		"no queries and no updates":                nothing,
	} {
		for kind, open := range kinds {
			t.Run(kind+"/"+name, func(t *testing.T) {
				s, c := open(t)
				check(&bench{t, s, "test-" + rand.Text(), c})
			})
		}
	}
}

func version(b byte) Version { return Version{0: b, 7: 0, 15: b} }

// series is made of pairs of a second and an amount.
func series(pairs ...int64) *waterfall.Series {
	s := &waterfall.Series{}
	for i := 0; i < len(pairs); i += 2 {
		s.Add(pairs[i], pairs[i+1])
	}
	return s
}

// show writes a series so that two can be compared; "-" stands for nil.
func show(s *waterfall.Series) string {
	if s == nil {
		return "-"
	}
	var b strings.Builder
	for i := range s.Len() {
		second, amount := s.At(i)
		fmt.Fprintf(&b, "%d:%d ", second, amount)
	}
	return b.String()
}

var (
	minute = Field{User: "ann", Feature: "chat", Bucket: "minute"}
	pooled = Field{Feature: "chat", Bucket: "minute"}
	spend  = Field{Bucket: Spend}
)

// read asks for fields of the account and expects a version and the series.
func (b *bench) read(want byte, fields map[Field]*waterfall.Series) Snapshot {
	b.Helper()
	q := Query{Account: b.account}
	for f := range fields {
		q.Fields = append(q.Fields, f)
	}
	got, err := b.Read(context.Background(), []Query{q})
	if err != nil || len(got) != 1 || len(got[0].Fields) != len(fields) {
		b.Fatalf("read %+v: %v", got, err)
	}
	expected := Version{}
	if want != 0 {
		expected = version(want)
	}
	if got[0].Version != expected {
		b.Errorf("version %x, want %x", got[0].Version, expected)
	}
	for i, f := range q.Fields {
		if show(got[0].Fields[i]) != show(fields[f]) {
			b.Errorf("field %q is %s, want %s", f, show(got[0].Fields[i]), show(fields[f]))
		}
	}
	return got[0]
}

func (b *bench) write(want bool, u Update) {
	b.Helper()
	u.Account = b.account
	held, err := b.Write(context.Background(), []Update{u})
	if err != nil || len(held) != 1 || held[0] != want {
		b.Fatalf("wrote %v, want %v: %v", held, want, err)
	}
}

// begin writes two fields at version 1 for the shape "s".
func (b *bench) begin() {
	b.Helper()
	b.write(true, Update{Version: version(1), Shape: "s", Replace: true,
		Fields: map[Field]*waterfall.Series{minute: series(10, 1), pooled: series(20, 2)}})
}

func unknownAccount(b *bench) { b.read(0, map[Field]*waterfall.Series{minute: nil, spend: nil}) }

func roundTrip(b *bench) {
	b.begin()
	got := b.read(1, map[Field]*waterfall.Series{minute: series(10, 1), pooled: series(20, 2), spend: nil})
	if got.Shape != "s" {
		b.Errorf("shape %q", got.Shape)
	}
	if b.Away() {
		b.Error("it counts as away")
	}
}

func change(b *bench) {
	b.begin()
	b.write(true, Update{Expected: version(1), Version: version(2), Shape: "s",
		Fields: map[Field]*waterfall.Series{minute: series(10, 1, 11, 5), spend: series(30, 7)}})
	b.read(2, map[Field]*waterfall.Series{minute: series(10, 1, 11, 5), pooled: series(20, 2), spend: series(30, 7)})
	b.write(true, Update{Expected: version(2), Version: version(3), Shape: "s"})
	b.read(3, map[Field]*waterfall.Series{minute: series(10, 1, 11, 5), pooled: series(20, 2)})
	b.write(true, Update{Expected: version(3), Version: version(4), Shape: "s", Fields: map[Field]*waterfall.Series{minute: series()}})
	b.read(4, map[Field]*waterfall.Series{minute: series(), pooled: series(20, 2)})
}

func replacement(b *bench) {
	b.begin()
	b.write(true, Update{Expected: version(9), Version: version(2), Shape: "t", Replace: true, Fields: map[Field]*waterfall.Series{spend: series(1, 1)}})
	if got := b.read(2, map[Field]*waterfall.Series{minute: nil, pooled: nil, spend: series(1, 1)}); got.Shape != "t" {
		b.Errorf("shape %q", got.Shape)
	}
}

func otherVersion(b *bench) {
	b.begin()
	b.write(false, Update{Expected: version(7), Version: version(2), Shape: "s", Fields: map[Field]*waterfall.Series{minute: series(11, 1)}})
	b.read(0, map[Field]*waterfall.Series{minute: nil, pooled: nil})
}

func otherShape(b *bench) {
	b.begin()
	b.write(false, Update{Expected: version(1), Version: version(2), Shape: "t", Fields: map[Field]*waterfall.Series{minute: series(11, 1)}})
	b.read(0, map[Field]*waterfall.Series{minute: nil, pooled: nil})
}

func changeOfNothing(b *bench) {
	b.write(false, Update{Expected: version(1), Version: version(2), Shape: "s", Fields: map[Field]*waterfall.Series{minute: series(11, 1)}})
	b.read(0, map[Field]*waterfall.Series{minute: nil})
	// Nor is the version of an account that was never written the zero one.
	b.write(false, Update{Version: version(2), Shape: "", Fields: map[Field]*waterfall.Series{minute: series(11, 1)}})
	b.read(0, map[Field]*waterfall.Series{minute: nil})
}

func manyAccounts(b *bench) {
	b.begin()
	one := map[Field]*waterfall.Series{minute: series(1, 1)}
	held, err := b.Write(context.Background(), []Update{
		{Account: b.account + "-x", Version: version(5), Shape: "s", Replace: true, Fields: one},
		{Account: b.account, Expected: version(8), Version: version(6), Shape: "s", Fields: one},
		{Account: b.account + "-y", Version: version(7), Shape: "s", Replace: true, Fields: one},
	})
	if err != nil || fmt.Sprint(held) != "[true false true]" {
		b.Fatalf("held %v: %v", held, err)
	}
	got, err := b.Read(context.Background(), []Query{
		{Account: b.account + "-y", Fields: []Field{minute}}, {Account: b.account}, {Account: b.account + "-x", Fields: []Field{spend, minute}}})
	if err != nil || got[0].Version != version(7) || got[1].Version != (Version{}) || got[2].Version != version(5) {
		b.Fatalf("read %+v: %v", got, err)
	}
	if show(got[0].Fields[0]) != "1:1 " || len(got[1].Fields) != 0 || show(got[2].Fields[0]) != "-" || show(got[2].Fields[1]) != "1:1 " {
		b.Errorf("read %+v", got)
	}
}

// manyUpdates: each with another number of fields, every third at another
// version than it thinks.
func manyUpdates(b *bench) {
	const accounts = 150
	for round := range byte(2) {
		updates, queries := make([]Update, accounts), make([]Query, accounts)
		for i := range updates {
			account := fmt.Sprintf("%s-%d", b.account, i)
			updates[i] = Update{Account: account, Version: version(round + 1), Shape: "s", Replace: round == 0, Fields: map[Field]*waterfall.Series{}}
			queries[i] = Query{Account: account}
			fields := i % 5
			if i%50 < 2 {
				fields = 3000 // more than HSET is given at once
			}
			for n := range fields {
				f := Field{User: fmt.Sprint("user-", n), Feature: "chat", Bucket: "minute"}
				updates[i].Fields[f] = series(int64(round)+1, int64(i)+1)
				queries[i].Fields = append(queries[i].Fields, f)
			}
			if i%3 != 0 {
				updates[i].Expected = version(round)
			}
		}
		held, err := b.Write(context.Background(), updates)
		if err != nil {
			b.Fatal(err)
		}
		got, err := b.Read(context.Background(), queries)
		if err != nil {
			b.Fatal(err)
		}
		for i, one := range got {
			stands := round == 0 || i%3 != 0
			if held[i] != stands || (one.Version == version(round+1)) != stands {
				b.Errorf("round %d: of update %d is held %v, and its version is %x", round, i, held[i], one.Version)
			}
			for _, s := range one.Fields {
				if want := fmt.Sprintf("%d:%d ", round+1, i+1); stands && show(s) != want {
					b.Errorf("round %d: a field of account %d is %s, want %s", round, i, show(s), want)
				}
			}
		}
	}
}

func manyFields(b *bench) {
	fields := map[Field]*waterfall.Series{}
	for i := range int64(3700) {
		fields[Field{User: fmt.Sprint("user-", i), Feature: "chat", Bucket: "minute"}] = series(1_700_000_000+i, i+1)
	}
	b.write(true, Update{Version: version(1), Shape: "s", Replace: true, Fields: fields})
	b.read(1, fields)
	b.write(true, Update{Expected: version(1), Version: version(2), Shape: "s", Fields: fields})
	b.read(2, fields)
}

func longSeries(b *bench) {
	s := &waterfall.Series{}
	for i := range int64(10_000) {
		s.Add(1_700_000_000+3*i, i*i*i+1)
	}
	b.write(true, Update{Version: version(1), Shape: "s", Replace: true, Fields: map[Field]*waterfall.Series{minute: s}})
	b.read(1, map[Field]*waterfall.Series{minute: s})
}

func names(b *bench) {
	fields := map[Field]*waterfall.Series{}
	for i, f := range []Field{
		{User: "ann", Feature: "chat", Bucket: "a"}, {User: "ann", Feature: "chat", Bucket: "b"},
		{User: "annchat", Feature: "a", Bucket: "b"}, {User: "ann", Feature: "chata", Bucket: "b"},
		{User: "", Feature: "chat", Bucket: "a"}, {User: "chat", Feature: "a", Bucket: ""},
		{Bucket: Spend}, {Feature: "chat", Bucket: Ceiling}, {User: Ceiling, Feature: "chat", Bucket: "a"},
		{User: "v", Feature: "", Bucket: ""}, {User: "s"}, {User: "{}"}, {User: "\xff\xfe%s\r\n*3"}, {User: "жук 🐞", Feature: "a/b:c@d"},
	} {
		fields[f] = series(int64(i)+1, int64(i)+1)
	}
	b.write(true, Update{Version: version(13), Shape: "\r\n", Replace: true, Fields: fields})
	if got := b.read(13, fields); got.Shape != "\r\n" {
		b.Errorf("shape %q", got.Shape)
	}
}

func spoiled(b *bench) {
	for _, packed := range []string{"\x80", "\x02", "\x02\x00", "\x02\x01", "x", strings.Repeat("\xff", 20)} {
		b.begin()
		b.corrupt(b.T, b.account, minute, packed)
		got, err := b.Read(context.Background(), []Query{{Account: b.account, Fields: []Field{pooled, minute}}})
		if err != nil || got[0].Version != (Version{}) {
			b.Errorf("%q counts as version %x: %v", packed, got[0].Version, err)
		}
		// Whoever does not ask for it is not disturbed.
		b.read(1, map[Field]*waterfall.Series{pooled: series(20, 2)})
	}
}

func nothing(b *bench) {
	if got, err := b.Read(context.Background(), nil); err != nil || len(got) != 0 {
		b.Errorf("read %v: %v", got, err)
	}
	if held, err := b.Write(context.Background(), nil); err != nil || len(held) != 0 {
		b.Errorf("wrote %v: %v", held, err)
	}
}
