package counters

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"spillway/engine/waterfall"
)

// Redis is the store in one Redis node or a Redis Cluster. It is safe for
// concurrent use. While the store is away, calls fail at once with ErrAway, and
// one call in each probe interval tries again. A node of a cluster that is away
// takes only its own accounts along.
type Redis struct {
	client redis.UniversalClient
	nodes  nodes
}

const (
	// callTimeout bounds a call: beyond it, PostgreSQL is the faster way.
	callTimeout = 250 * time.Millisecond
	// probeInterval is how long the store counts as away after a fault.
	probeInterval = 500 * time.Millisecond
	// keepFor is how long an account that nobody uses stays in the store.
	keepFor = 8 * 24 * time.Hour
)

// ParseURL reads the address of a Redis, redis://[user:password@]host:port/db;
// several, separated by commas, name a Redis Cluster. Its errors do not repeat
// the address, which may hold a password.
func ParseURL(url string) (*redis.UniversalOptions, error) {
	const expected = "expected redis://host:6379/0, or several separated by commas for a Redis Cluster"
	var all *redis.UniversalOptions
	for _, part := range strings.Split(url, ",") {
		part = strings.TrimSpace(part)
		if !strings.Contains(part, "://") {
			part = "redis://" + part
		}
		one, err := redis.ParseURL(part)
		if err != nil {
			return nil, errors.New("is not a Redis address: " + expected)
		}
		if one.Network == "unix" && strings.Contains(url, ",") {
			return nil, errors.New("names a socket among several addresses: " + expected)
		}
		if all == nil {
			all = &redis.UniversalOptions{Username: one.Username, Password: one.Password, DB: one.DB, TLSConfig: one.TLSConfig,
				ClientName: one.ClientName}
		}
		all.Addrs = append(all.Addrs, one.Addr)
	}
	all.IsClusterMode = len(all.Addrs) > 1
	if all.IsClusterMode && all.DB != 0 {
		return nil, errors.New("names a database number, and a Redis Cluster has only database 0")
	}
	return all, nil
}

// OpenRedis prepares a client for an address, as ParseURL reads it. It connects
// lazily.
func OpenRedis(url string) (*Redis, error) {
	options, err := ParseURL(url)
	if err != nil {
		return nil, fmt.Errorf("the address of Redis %w", err)
	}
	return NewRedis(options), nil
}

var quiet sync.Once

// NewRedis prepares a client. It connects lazily.
func NewRedis(options *redis.UniversalOptions) *Redis {
	return newRedis(options, callTimeout)
}

func newRedis(options *redis.UniversalOptions, timeout time.Duration) *Redis {
	o := *options
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = timeout, timeout, timeout, timeout
	o.MaxRetries, o.DialerRetries, o.PoolSize, o.ContextTimeoutEnabled = 1, 1, 16, true
	// By itself the library prints a line for each failed dial; the faults come
	// back as errors, and the store's state is in Away.
	quiet.Do(func() { redis.SetLogger(&logging.VoidLogger{}) })
	r := &Redis{client: redis.NewUniversalClient(&o), nodes: nodes{timeout: timeout}}
	r.nodes.cluster, _ = r.client.(*redis.ClusterClient)
	return r
}

// Client is the connection itself, for messages between processes.
func (r *Redis) Client() redis.UniversalClient { return r.client }

// Close closes all connections.
func (r *Redis) Close() error { return r.client.Close() }

// Away tells whether the last calls found the store away, all nodes of it.
func (r *Redis) Away() bool { return r.nodes.away() }

// Ping asks the store whether it is there, all nodes of it.
func (r *Redis) Ping(ctx context.Context) error {
	if r.nodes.cluster != nil {
		return r.nodes.ping(ctx)
	}
	err := r.client.Ping(ctx).Err()
	r.nodes.whole.note(ctx, err)
	return err
}

// Read answers each query, in order. An error means that none could be
// answered; of a cluster, the accounts of a node that is away are as if they
// were not there.
func (r *Redis) Read(ctx context.Context, queries []Query) ([]Snapshot, error) {
	out := make([]Snapshot, len(queries))
	for i := range queries {
		out[i].Fields = make([]*waterfall.Series, len(queries[i].Fields))
	}
	err := r.nodes.call(ctx, len(queries), func(i int) string { return queries[i].Account },
		func(ctx context.Context, mine []int) error { return r.read(ctx, queries, mine, out) })
	if err != nil {
		return nil, err
	}
	return out, nil
}

// read answers the queries of one node.
func (r *Redis) read(ctx context.Context, queries []Query, mine []int, out []Snapshot) error {
	pipe := r.client.Pipeline()
	answers := make([]*redis.SliceCmd, len(mine))
	for n, i := range mine {
		q := &queries[i]
		names := make([]string, 0, len(q.Fields)+2)
		names = append(names, versionField, shapeField)
		for _, f := range q.Fields {
			names = append(names, f.name())
		}
		answers[n] = pipe.HMGet(ctx, key(q.Account), names...)
	}
	_, err := pipe.Exec(ctx)
	if redis.HasErrorPrefix(err, foreign) {
		err = ownFault(answers)
	}
	if err != nil {
		return err
	}
	for n, i := range mine {
		if answers[n].Err() == nil {
			out[i] = snapshot(answers[n].Val())
		}
	}
	return nil
}

// foreign begins the answer for a key that holds no hash: somebody else's. It
// stands for an account that is not there; the next write drops it.
const foreign = "WRONGTYPE"

// ownFault is the first error that is about the store, not about one key.
func ownFault(answers []*redis.SliceCmd) error {
	for _, a := range answers {
		if err := a.Err(); err != nil && !redis.HasErrorPrefix(err, foreign) {
			return err
		}
	}
	return nil
}

func snapshot(values []any) Snapshot {
	s := Snapshot{Fields: make([]*waterfall.Series, len(values)-2)}
	version, ok := values[0].(string)
	if !ok || len(version) != len(s.Version) {
		return s
	}
	for i, v := range values[2:] {
		packed, ok := v.(string)
		if !ok {
			continue
		}
		series, err := unpack(packed)
		if err != nil {
			return s // without a version: a hash that cannot be read means nothing
		}
		s.Fields[i] = series
	}
	copy(s.Version[:], version)
	s.Shape, _ = values[1].(string)
	return s
}

// swap sets the fields where the hash stands at the expected version, or
// replaces the hash; a hash at another version is dropped. It compares and
// stores, and computes nothing.
var swap = redis.NewScript(`
if ARGV[1] == '' then
	redis.call('DEL', KEYS[1])
else
	local now = redis.pcall('HMGET', KEYS[1], 'v', 's')
	if now[1] ~= ARGV[1] or now[2] ~= ARGV[4] then
		redis.call('DEL', KEYS[1])
		return 0
	end
end
for i = 3, #ARGV, 1000 do
	redis.call('HSET', KEYS[1], unpack(ARGV, i, math.min(i + 999, #ARGV)))
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1`)

// Write applies each update and tells which of them the store now holds. An
// error means that none could be applied.
func (r *Redis) Write(ctx context.Context, updates []Update) ([]bool, error) {
	held := make([]bool, len(updates))
	err := r.nodes.call(ctx, len(updates), func(i int) string { return updates[i].Account },
		func(ctx context.Context, mine []int) error {
			err := r.write(ctx, updates, mine, held, swap.EvalSha)
			if redis.HasErrorPrefix(err, "NOSCRIPT") {
				// A store that was restarted does not know the script yet.
				err = r.write(ctx, updates, mine, held, swap.Eval)
			}
			return err
		})
	if err != nil {
		return nil, err
	}
	return held, nil
}

type runScript func(ctx context.Context, c redis.Scripter, keys []string, args ...any) *redis.Cmd

// write applies the updates of one node.
func (r *Redis) write(ctx context.Context, updates []Update, mine []int, held []bool, run runScript) error {
	pipe := r.client.Pipeline()
	answers := make([]*redis.Cmd, len(mine))
	for n, i := range mine {
		answers[n] = run(ctx, pipe, []string{key(updates[i].Account)}, arguments(&updates[i])...)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return err
	}
	for n, i := range mine {
		told, err := answers[n].Int()
		held[i] = err == nil && told == 1
	}
	return nil
}

func arguments(u *Update) []any {
	args := make([]any, 0, 6+2*len(u.Fields))
	if u.Replace {
		args = append(args, "")
	} else {
		args = append(args, u.Expected[:])
	}
	args = append(args, int(keepFor.Seconds()), shapeField, u.Shape, versionField, u.Version[:])
	for f, s := range u.Fields {
		args = append(args, f.name(), pack(s))
	}
	return args
}

const (
	versionField = "v"
	shapeField   = "s"
)

func key(account string) string { return "spillway:{" + account + "}" }

// name is unique for each field: user ids hold no control characters.
func (f Field) name() string { return f.User + "\x00" + f.Feature + "\x00" + f.Bucket }
