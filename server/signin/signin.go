package signin

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
	lru "github.com/hashicorp/golang-lru/v2"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/graph/caller"
)

const (
	// longestToken in bytes: more than any token of ours needs.
	longestToken = 8 << 10
	// ahead is how far the clock of who issued a token may be before ours.
	ahead = 30 * time.Second
	// remembered is how many verified tokens are kept, and for how long at
	// most: after that, a key that was withdrawn is no longer good.
	remembered    = 16_384
	rememberedFor = 5 * time.Minute
	// longestName of a user in code points.
	longestName = 255
)

// Principal is whom a token names.
type Principal struct {
	User string
	// Account is the account's id, "" where the token names none; never "" for
	// the role USER.
	Account   string
	Roles     []caller.Role
	ExpiresAt time.Time
}

// RefusedError says why a token is not accepted. It is for the log: whoever
// sent the token is told the same for every reason.
type RefusedError struct{ Reason error }

func (e *RefusedError) Error() string { return "token refused: " + e.Reason.Error() }

func (e *RefusedError) Unwrap() error { return e.Reason }

func refused(format string, args ...any) error {
	return &RefusedError{fmt.Errorf(format, args...)}
}

// Keys find the key for a token, and are told by its type which algorithm it
// is for.
type Keys interface {
	// Methods are the algorithms that can occur at all.
	Methods() []string
	// Key is the key of a token whose signature is not yet checked.
	Key(*jwt.Token) (any, error)
}

// Verifier verifies tokens. It is safe for concurrent use.
type Verifier struct {
	issuer, audience string
	keys             Keys
	parser           *jwt.Parser
	verified         *lru.Cache[[sha256.Size]byte, entry]
}

type entry struct {
	principal Principal
	until     time.Time
}

// New makes a verifier of tokens that name this issuer and this audience.
func New(keys Keys, issuer, audience string) *Verifier {
	v := &Verifier{issuer: issuer, audience: audience, keys: keys}
	v.parser = jwt.NewParser(jwt.WithValidMethods(keys.Methods()), jwt.WithStrictDecoding(), jwt.WithoutClaimsValidation())
	// The size is a positive constant, which is all that lru asks.
	v.verified, _ = lru.New[[sha256.Size]byte, entry](remembered)
	return v
}

// Verify says whom a token names at a moment. Its errors are *RefusedError.
func (v *Verifier) Verify(token string, now time.Time) (Principal, error) {
	if len(token) > longestToken {
		return Principal{}, refused("%d bytes long", len(token))
	}
	// The decoder passes over ends of lines, however strict it is.
	if strings.ContainsAny(token, "\r\n") {
		return Principal{}, refused("it holds the end of a line")
	}
	hash := sha256.Sum256([]byte(token))
	if known, ok := v.verified.Get(hash); ok {
		if now.Before(known.until) {
			return known.principal, nil
		}
		v.verified.Remove(hash)
	}
	p, err := v.verify(token, now)
	if err != nil {
		return Principal{}, err
	}
	until := now.Add(rememberedFor)
	if p.ExpiresAt.Before(until) {
		until = p.ExpiresAt
	}
	v.verified.Add(hash, entry{p, until})
	return p, nil
}

// claims are the token's content, as the contract lists them. The library's own
// times may be strings, and out of any range; ours stand before them.
type claims struct {
	jwt.RegisteredClaims
	Expires   *moment  `json:"exp"`
	Issued    *moment  `json:"iat"`
	NotBefore *moment  `json:"nbf"`
	Account   string   `json:"account"`
	Roles     []string `json:"roles"`
}

// moment is a time in seconds since 1970, cut to whole ones.
type moment struct{ time.Time }

// UnmarshalJSON reads a number up to the end of the year 9999.
func (m *moment) UnmarshalJSON(text []byte) error {
	const latest = 253_402_300_799
	seconds, err := strconv.ParseFloat(string(text), 64)
	if err != nil || seconds < 0 || seconds > latest {
		return errors.New("a time is no time")
	}
	m.Time = time.Unix(int64(seconds), 0).UTC()
	return nil
}

func (v *Verifier) verify(token string, now time.Time) (Principal, error) {
	var c claims
	parsed, err := v.parser.ParseWithClaims(token, &c, v.keys.Key)
	if err != nil {
		return Principal{}, &RefusedError{err}
	}
	if _, critical := parsed.Header["crit"]; critical {
		return Principal{}, refused("it demands an extension that we do not know")
	}
	if err := v.checkClaims(&c, now); err != nil {
		return Principal{}, &RefusedError{err}
	}
	roles, err := rolesOf(&c)
	if err != nil {
		return Principal{}, &RefusedError{err}
	}
	return Principal{User: c.Subject, Account: c.Account, Roles: roles, ExpiresAt: c.Expires.Time}, nil
}

func (v *Verifier) checkClaims(c *claims, now time.Time) error {
	switch {
	case c.Issuer != v.issuer:
		return errors.New("iss is not ours")
	case !slices.Contains(c.Audience, v.audience):
		return errors.New("aud is not ours")
	case c.Expires == nil:
		return errors.New("exp is missing")
	case !now.Before(c.Expires.Time):
		return errors.New("it has expired")
	case c.Issued == nil:
		return errors.New("iat is missing")
	case c.Issued.After(now.Add(ahead)):
		return errors.New("iat lies in the future")
	case c.NotBefore != nil && c.NotBefore.After(now):
		return errors.New("nbf lies in the future")
	}
	return checkNames(c)
}

func checkNames(c *claims) error {
	switch {
	case c.Subject == "" || !utf8.ValidString(c.Subject) || utf8.RuneCountInString(c.Subject) > longestName:
		return errors.New("sub must have 1 to 255 characters")
	case engine.NewUser("sub", c.Subject) != nil:
		return errors.New("sub holds control characters, or is not in NFC")
	case c.Account != "" && !waterfall.ValidID(c.Account):
		return errors.New("account is no account id")
	}
	return nil
}

var roleNames = map[string]caller.Role{"user": caller.User, "admin": caller.Admin, "service": caller.Service}

func rolesOf(c *claims) ([]caller.Role, error) {
	roles := make([]caller.Role, 0, len(roleNames))
	for _, name := range c.Roles {
		role, known := roleNames[name]
		if !known {
			return nil, errors.New("roles holds what is no role")
		}
		if !slices.Contains(roles, role) {
			roles = append(roles, role)
		}
	}
	switch {
	case len(roles) == 0:
		return nil, errors.New("roles is missing")
	case c.Account == "" && slices.Contains(roles, caller.User):
		return nil, errors.New("account is missing, which the role user needs")
	}
	return roles, nil
}
