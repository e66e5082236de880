package view

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// largestPage is the most edges that a page may hold.
const largestPage = 200

// Cursors say nothing to a client: base64url of the list that they are of, and
// of an id, a sequence number or a place.
var cursors = base64.RawURLEncoding

// cursorKind is the first byte of a list's cursors: none is mistaken for that of
// another list.
type cursorKind byte

const (
	ofDecisions       cursorKind = 'd' // also the feed of decisions
	ofGrants          cursorKind = 'g'
	ofBalanceUpdates  cursorKind = 'b'
	ofAccounts        cursorKind = 'a'
	ofReconciliations cursorKind = 'r'
	ofAnomalies       cursorKind = 'n'
	ofAuditLog        cursorKind = 'l'
	ofSimulation      cursorKind = 's'
)

func badCursor() error {
	return &engine.Fault{Code: engine.CodeBadInput, Field: "after", Message: "must be a cursor of this list"}
}

func (k cursorKind) cursor(content []byte) string {
	return cursors.EncodeToString(append([]byte{byte(k)}, content...))
}

// content is what a cursor of the list says.
func (k cursorKind) content(cursor string) ([]byte, error) {
	b, err := cursors.DecodeString(cursor)
	if err != nil || len(b) == 0 || b[0] != byte(k) {
		return nil, badCursor()
	}
	return b[1:], nil
}

// idCursor is the cursor of what has an id.
func (k cursorKind) idCursor(id ledger.ID) string { return k.cursor(id[:]) }

// parseID reads what idCursor wrote; nil for nil.
func (k cursorKind) parseID(after *string) (*ledger.ID, error) {
	if after == nil {
		return nil, nil
	}
	b, err := k.content(*after)
	if err != nil || len(b) != len(ledger.ID{}) {
		return nil, badCursor()
	}
	id := ledger.ID(b)
	return &id, nil
}

// FeedCursor is the cursor of an event in the list and the feed of decisions.
func FeedCursor(event ledger.ID) string { return ofDecisions.idCursor(event) }

// ParseFeedCursor reads where a feed goes on: nil is from now on, "" from the
// beginning, which is the zero id.
func ParseFeedCursor(after *string) (*ledger.ID, error) {
	if after != nil && *after == "" {
		return &ledger.ID{}, nil
	}
	return ofDecisions.parseID(after)
}

func sequenceCursor(n int64) string {
	return ofBalanceUpdates.cursor(strconv.AppendInt(nil, n, 10))
}

func parseSequenceCursor(after *string) (int64, error) {
	if after == nil {
		return 0, nil
	}
	b, err := ofBalanceUpdates.content(*after)
	n, wrong := strconv.ParseInt(string(b), 10, 64)
	if err != nil || wrong != nil || n < 1 {
		return 0, badCursor()
	}
	return n, nil
}

func accountCursor(p ledger.AccountPlace) string {
	return ofAccounts.cursor(append(binary.BigEndian.AppendUint64(nil, uint64(p.CreatedAt)), p.ID...))
}

func parseAccountCursor(after *string) (*ledger.AccountPlace, error) {
	if after == nil {
		return nil, nil
	}
	const ofTime = 8 // bytes
	b, err := ofAccounts.content(*after)
	if err != nil || len(b) < ofTime || !waterfall.ValidID(string(b[ofTime:])) {
		return nil, badCursor()
	}
	at := waterfall.Instant(binary.BigEndian.Uint64(b))
	if y := at.Time().Year(); y < 1 || y > 9999 {
		return nil, badCursor()
	}
	return &ledger.AccountPlace{CreatedAt: at, ID: string(b[ofTime:])}, nil
}

func checkFirst(first int) error {
	if first < 1 || first > largestPage {
		return &engine.Fault{Code: engine.CodeBadInput, Field: "first", Message: "must be 1 to 200"}
	}
	return nil
}

// page reads where a page of a list by id begins.
func (k cursorKind) page(first int, after *string) (ledger.Page, error) {
	if err := checkFirst(first); err != nil {
		return ledger.Page{}, err
	}
	id, err := k.parseID(after)
	return ledger.Page{First: first, After: id}, err
}

// scannedInfo says where a page of a filtered list stands. Where the filter
// passed few, the list goes on behind what was looked at.
func scannedInfo[E any](edges []E, cursor func(*E) string, more bool, scanned string, first int, after *string) *PageInfo {
	info := pageInfo(len(edges), func(i int) string { return cursor(&edges[i]) }, more, after)
	if more && len(edges) < first {
		info.EndCursor = &scanned
	}
	return info
}

// pageInfo says where a page stands whose edges have these cursors.
func pageInfo(n int, cursor func(i int) string, more bool, after *string) *PageInfo {
	info := &PageInfo{HasNextPage: more, HasPreviousPage: after != nil}
	if n > 0 {
		first, last := cursor(0), cursor(n-1)
		info.StartCursor, info.EndCursor = &first, &last
	}
	return info
}
