package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"spillway/engine/waterfall"
)

// Bounds of the public contract.
const (
	maxHoldSeconds = 7 * 24 * 3600
	maxKeyRunes    = 255
	maxMetadata    = 4096
	maxText        = 1000
	// maxName is how long an account's name may be: what it is searched by has a
	// term a letter.
	maxName = 255
)

func validateRequest(account, user, feature string, quantity int64) error {
	if err := validateAccount(account); err != nil {
		return err
	}
	if err := validateKey("userId", user); err != nil {
		return err
	}
	if !waterfall.ValidID(feature) {
		return badInput("feature", "must be 1 to 128 of the characters A-Z a-z 0-9 . _ : @ / -")
	}
	if quantity < 1 || quantity > waterfall.MaxQuantity {
		return badInput("quantity", "must be a whole number from 1 to 9007199254740991")
	}
	return nil
}

// validateAccount answers a malformed id as one that does not exist.
func validateAccount(id string) error {
	if !waterfall.ValidID(id) {
		return notFound("accountId", "the account")
	}
	return nil
}

// CheckUser is a fault of the field where no user has the id. One that could be
// given before NewUser refused it is still found.
func CheckUser(field, user string) error {
	switch {
	case user == "":
		return badInput(field, "must not be empty")
	case !utf8.ValidString(user):
		return badInput(field, "must be valid UTF-8")
	case utf8.RuneCountInString(user) > maxKeyRunes:
		return badInput(field, "must be at most 255 characters long")
	case strings.ContainsFunc(user, unicode.IsControl):
		return badInput(field, "must not hold control characters")
	}
	return nil
}

// NewUser is a fault of the field where the id may not be given to a user: 1 to 255
// code points in NFC without control characters, those of the direction of text
// included.
func NewUser(field, user string) error { return validateKey(field, user) }

// validateKey checks a user id or a key: two that look alike must not be two.
func validateKey(field, s string) error {
	if s != "" && len(s) <= maxKeyRunes && printable(s) {
		return nil
	}
	if err := CheckUser(field, s); err != nil {
		return err
	}
	if err := validateDirection(field, s); err != nil {
		return err
	}
	return validateNFC(field, s)
}

// printable reports whether a text is ASCII that is seen.
func printable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// turns reports whether a character changes the direction of the text around it,
// so that a person reads something else than what is stored.
func turns(r rune) bool {
	return r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069' || r == '\u200E' || r == '\u200F' || r == '\u061C'
}

func validateDirection(field, s string) error {
	if i := strings.IndexFunc(s, turns); i >= 0 {
		r, _ := utf8.DecodeRuneInString(s[i:])
		return badInput(field, "must not hold characters that change the direction of text, such as U+%04X", r)
	}
	return nil
}

func validateNFC(field, s string) error {
	if !norm.NFC.IsNormalString(s) {
		return badInput(field, "must be in the Unicode normalization form NFC: letters with their accents composed")
	}
	return nil
}

// validateName checks an account's name.
func validateName(name string) error {
	if utf8.RuneCountInString(name) > maxName {
		return badInput("name", "must be at most %d characters long", maxName)
	}
	return validateText("name", name, true)
}

// validateText checks a text for people: no longer than 1000 code points, no
// U+0000, nothing that changes the direction of text.
func validateText(field, s string, required bool) error {
	switch {
	case required && s == "":
		return badInput(field, "must not be empty")
	case !utf8.ValidString(s) || bytes.IndexByte([]byte(s), 0) >= 0:
		return badInput(field, "must be text without U+0000")
	case utf8.RuneCountInString(s) > maxText:
		return badInput(field, "must be at most %d characters long", maxText)
	}
	return validateDirection(field, s)
}

func validateMetadata(m []byte) error {
	if m == nil {
		return nil
	}
	if len(m) > maxMetadata {
		return badInput("metadata", "must be at most 4 KB of JSON")
	}
	trimmed := bytes.TrimSpace(m)
	if !json.Valid(m) || !utf8.Valid(m) || len(trimmed) == 0 || trimmed[0] != '{' {
		return badInput("metadata", "must be a JSON object")
	}
	if holdsZero(m) {
		return badInput("metadata", "must not hold U+0000")
	}
	return nil
}

// holdsZero tells whether a JSON text holds U+0000 in any string.
func holdsZero(m []byte) bool {
	if !bytes.Contains(m, []byte(`\u0000`)) {
		return false
	}
	decoder := json.NewDecoder(bytes.NewReader(m))
	for {
		token, err := decoder.Token()
		if err != nil {
			return false
		}
		if s, ok := token.(string); ok && strings.ContainsRune(s, 0) {
			return true
		}
	}
}

// fingerprint is 64 bits of SHA-256 over the parts of a request, told apart by
// their lengths.
func fingerprint(parts ...string) int64 {
	var room [512]byte
	b := room[:0]
	for _, p := range parts {
		b = binary.AppendUvarint(b, uint64(len(p)))
		b = append(b, p...)
	}
	sum := sha256.Sum256(b)
	return int64(binary.BigEndian.Uint64(sum[:8]))
}
