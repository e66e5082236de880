package view

import (
	"encoding/base64"
	"strconv"
	"strings"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// largestPage is the most edges that a page may hold.
const largestPage = 200

// Cursors say nothing to a client: base64url of an id, a sequence number or a
// key.
var cursors = base64.RawURLEncoding

func badCursor() error {
	return &engine.Fault{Code: engine.CodeBadInput, Field: "after", Message: "must be a cursor of this list"}
}

// IDCursor is the cursor of what has an id.
func IDCursor(id ledger.ID) string { return cursors.EncodeToString(id[:]) }

// ParseIDCursor reads what IDCursor wrote; nil for nil.
func ParseIDCursor(after *string) (*ledger.ID, error) {
	if after == nil {
		return nil, nil
	}
	b, err := cursors.DecodeString(*after)
	if err != nil || len(b) != len(ledger.ID{}) {
		return nil, badCursor()
	}
	id := ledger.ID(b)
	return &id, nil
}

// ParseFeedCursor reads where a feed goes on: nil is from now on, "" from the
// beginning, which is the zero id.
func ParseFeedCursor(after *string) (*ledger.ID, error) {
	if after != nil && *after == "" {
		return &ledger.ID{}, nil
	}
	return ParseIDCursor(after)
}

func sequenceCursor(n int64) string {
	return cursors.EncodeToString(strconv.AppendInt(nil, n, 10))
}

func parseSequenceCursor(after *string) (int64, error) {
	if after == nil {
		return 0, nil
	}
	b, err := cursors.DecodeString(*after)
	n, wrong := strconv.ParseInt(string(b), 10, 64)
	if err != nil || wrong != nil || n < 1 {
		return 0, badCursor()
	}
	return n, nil
}

// byName begins the cursor of an account that was found by its name: no id
// begins so.
const byName = '"'

func accountCursor(p ledger.AccountPlace) string {
	if p.ByName {
		return cursors.EncodeToString(append([]byte{byName}, p.ID...))
	}
	return cursors.EncodeToString([]byte(p.ID))
}

func parseAccountCursor(after *string) (*ledger.AccountPlace, error) {
	if after == nil {
		return nil, nil
	}
	b, err := cursors.DecodeString(*after)
	p := ledger.AccountPlace{ID: strings.TrimPrefix(string(b), string(byName))}
	p.ByName = len(p.ID) < len(b)
	if err != nil || !waterfall.ValidID(p.ID) {
		return nil, badCursor()
	}
	return &p, nil
}

func checkFirst(first int) error {
	if first < 1 || first > largestPage {
		return &engine.Fault{Code: engine.CodeBadInput, Field: "first", Message: "must be 1 to 200"}
	}
	return nil
}

// page reads where a page of a list by id begins.
func page(first int, after *string) (ledger.Page, error) {
	if err := checkFirst(first); err != nil {
		return ledger.Page{}, err
	}
	id, err := ParseIDCursor(after)
	return ledger.Page{First: first, After: id}, err
}

// scannedInfo says where a page of a filtered list stands. Where the filter
// passed few, the list goes on behind what was looked at.
func scannedInfo[E any](edges []E, cursor func(*E) string, more bool, scanned ledger.ID, first int, after *string) *PageInfo {
	info := pageInfo(len(edges), func(i int) string { return cursor(&edges[i]) }, more, after)
	if more && len(edges) < first {
		behind := IDCursor(scanned)
		info.EndCursor = &behind
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
