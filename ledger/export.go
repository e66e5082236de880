package ledger

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
	"spillway/ledger/book"
)

// ExportGuide explains the files of an export to a stranger: every field, and
// how to recompute the chain and the balance from them alone.
//
//go:embed export.md
var ExportGuide string

// ExportFiles are the names of an account's datasets, as Export creates them
// with the endings .ndjson and .csv.
var ExportFiles = []string{"usage_events", "monetization_events", "balance_updates", "grants"}

// Export writes what an account did from one instant up to another, and its
// grants, each dataset as NDJSON and as CSV. All files show one moment. create
// makes a file by its name. rows counts what was written, by dataset; it is
// nil when there is no such account.
func (l *Ledger) Export(ctx context.Context, account string, from, to waterfall.Instant, create func(name string) (io.WriteCloser, error)) (rows map[string]int64, err error) {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, l.reader(ctx), options, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "set local statement_timeout = 0"); err != nil {
			return err
		}
		var there bool
		if err := tx.QueryRow(ctx, `select exists (select from accounts where account_id = $1)`, account).Scan(&there); err != nil || !there {
			return err
		}
		rows = map[string]int64{}
		for i, sql := range []string{exportEvents, exportParts, exportPostings, exportGrants} {
			name := ExportFiles[i]
			n, err := exportTable(ctx, tx, name, named.Replace(sql), []any{account, from.Time(), to.Time()}, create)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			rows[name] = n
		}
		return nil
	})
	return rows, err
}

// exportTable writes one dataset in both forms.
func exportTable(ctx context.Context, tx pgx.Tx, name, sql string, args []any, create func(string) (io.WriteCloser, error)) (n int64, err error) {
	lines, err := create(name + ".ndjson")
	if err != nil {
		return 0, err
	}
	table, err := create(name + ".csv")
	if err != nil {
		_ = lines.Close()
		return 0, err
	}
	defer func() {
		for _, file := range []io.Closer{lines, table} {
			if closing := file.Close(); err == nil {
				err = closing
			}
		}
	}()
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	buffered := bufio.NewWriterSize(lines, 1<<16)
	sheet := csv.NewWriter(table)
	var names []string
	for _, f := range rows.FieldDescriptions() {
		names = append(names, f.Name)
	}
	if err := sheet.Write(names); err != nil {
		return 0, err
	}
	for ; rows.Next(); n++ {
		values, err := rows.Values()
		if err != nil {
			return n, err
		}
		if err := writeLine(buffered, names, values); err != nil {
			return n, err
		}
		if err := sheet.Write(cells(values)); err != nil {
			return n, err
		}
	}
	sheet.Flush()
	if err := rows.Err(); err != nil {
		return n, err
	}
	if err := sheet.Error(); err != nil {
		return n, err
	}
	return n, buffered.Flush()
}

// writeLine writes an object with its fields in the order of the columns.
func writeLine(w *bufio.Writer, names []string, values []any) error {
	for i, v := range values {
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		opening := byte(',')
		if i == 0 {
			opening = '{'
		}
		if err := w.WriteByte(opening); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%q:%s", names[i], text); err != nil {
			return err
		}
	}
	_, err := w.WriteString("}\n")
	return err
}

func cells(values []any) []string {
	out := make([]string, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case nil:
		case string:
			out[i] = guarded(v)
		default:
			out[i] = fmt.Sprint(v)
		}
	}
	return out
}

// guarded keeps a spreadsheet from running a text as a formula, by an apostrophe
// before it. Numbers, also negative ones, stay as they are.
func guarded(text string) string {
	if text == "" || !strings.ContainsRune("=+-@\t\r", rune(text[0])) || plainNumber.MatchString(text) {
		return text
	}
	return "'" + text
}

var plainNumber = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// The columns of an export. Integers of 64 bits are text, so that no reader of
// JSON rounds them. Words in braces are replaced by what named says.
const (
	exportEvents = `select u.account_id, u.id::text id, u.decision_id::text decision_id, {events}[u.kind] kind, {statuses}[u.status] status,
		{reasons}[u.reason] reason, u.idempotency_key, u.user_id, u.feature, u.requested::text requested, u.granted::text granted,
		u.charged::text charged, u.allow_partial, u.plan_key, u.plan_version, u.price_version, u.steps, u.first_sequence::text first_sequence,
		u.postings, {time:u.created_at} created_at, {time:u.hold_until} hold_until, {time:u.retry_at} retry_at, u.metadata
		from usage_events u where u.account_id = $1 and u.created_at >= $2 and u.created_at < $3 order by u.id`
	exportParts = `select m.account_id, m.id::text usage_event_id, m.part, m.id || ':' || m.part idempotency_key,
		{kinds}[m.kind] kind, m.bucket, m.quantity::text quantity, m.credits::text credits, m.price_version,
		p.credits::text price_credits, p.per::text price_per
		from ` + everyPart + ` m left join prices p on p.feature_key = m.feature and p.version = m.price_version
		where m.account_id = $1 and m.created_at >= $2 and m.created_at < $3 order by m.id, m.part`
	exportPostings = `select b.account_id, b.sequence::text sequence, {postings}[b.kind] kind, b.grant_id::text grant_id,
		case when g.units then 'UNITS' else 'CREDITS' end denomination, {counters}[b.counter_account] counter_account,
		b.amount::text amount, b.balance_after::text balance_after, b.account_balance_after::text account_balance_after,
		b.source_id::text source_id, b.ordinal, b.source_id || ':' || b.ordinal idempotency_key, coalesce(b.part, -1) part,
		(extract(epoch from b.created_at) * 1000000)::bigint::text created_at_micros, {time:b.created_at} created_at,
		coalesce((select encode(e.hash, 'hex') from balance_updates e where e.account_id = b.account_id and e.sequence = b.sequence - 1),
			repeat('0', 64)) previous_hash, encode(b.hash, 'hex') hash
		from balance_updates b left join grants g on g.account_id = b.account_id and g.id = b.grant_id
		where b.account_id = $1 and b.created_at >= $2 and b.created_at < $3 order by b.sequence`
	exportGrants = `select g.account_id, g.id::text id, g.idempotency_key, {kinds}[g.kind] kind,
		case when g.units then 'UNITS' else 'CREDITS' end denomination, g.amount::text amount, g.remaining::text remaining, g.held::text held,
		g.priority, array_to_string(g.features, ' ') features, {time:g.effective_at} effective_at, {time:g.expires_at} expires_at,
		{time:g.voided_at} voided_at, {time:g.created_at} created_at, {periods}[g.recurrence] recurrence,
		g.rollover_limit::text rollover_limit, g.reference, g.note
		from grants g where g.account_id = $1 and $2::timestamptz is not null and g.created_at < $3 order by g.id`
)

// named puts the words of the contract in the place of stored numbers.
var named = strings.NewReplacer(
	"{events}", words("AUTHORIZE", "SETTLE", "RELEASE", "EXPIRE", "REFUND"),
	"{statuses}", wordsOf(StatusAllowed, StatusExpired),
	"{reasons}", wordsOf(waterfall.Funded, waterfall.AccountSuspended),
	"{kinds}", wordsOf(waterfall.RateLimit, waterfall.Credit),
	"{postings}", wordsOf(book.Grant, book.Adjustment),
	"{counters}", wordsOf(book.Purchases, book.Adjustments),
	"{periods}", words("DAY", "WEEK", "MONTH"),
	"{time:u.created_at}", timeText("u.created_at"), "{time:u.hold_until}", timeText("u.hold_until"),
	"{time:u.retry_at}", timeText("u.retry_at"), "{time:b.created_at}", timeText("b.created_at"),
	"{time:g.effective_at}", timeText("g.effective_at"), "{time:g.expires_at}", timeText("g.expires_at"),
	"{time:g.voided_at}", timeText("g.voided_at"), "{time:g.created_at}", timeText("g.created_at"),
)

func words(all ...string) string { return "(array['" + strings.Join(all, "','") + "'])" }

// wordsOf names the values of an enumeration that begins at 1.
func wordsOf[T interface {
	~uint8
	String() string
}](first, last T) string {
	var all []string
	for v := first; v <= last; v++ {
		all = append(all, v.String())
	}
	return words(all...)
}

func timeText(column string) string {
	return "to_char(" + column + " at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
}
