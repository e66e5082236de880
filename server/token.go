package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"spillway/engine"
)

// longestToken bounds how long a printed token may live: it cannot be taken
// back before it ends.
const longestToken = 366 * 24 * time.Hour

// tokenCommand is `spillway token`.
type tokenCommand struct {
	Sub     string        `required:"" help:"The user that the token speaks for."`
	Role    []string      `required:"" enum:"user,admin,service" help:"user, admin or service; more than one separated by commas."`
	Account string        `help:"The user's account; required for the role user."`
	TTL     time.Duration `default:"15m" name:"ttl" help:"How long the token holds, such as 15m or 12h."`
}

// Help is shown by spillway token --help.
func (tokenCommand) Help() string {
	return settingsHelp([]setting{signingSecret, issuer, audience})
}

// signingSecret is required here: with a JWKS the private key is elsewhere.
var signingSecret = setting{jwtSecret.name, "", "secret of HS256 tokens, at least 32 bytes; required", readSecret}

// Run prints the token alone, for use in a script.
func (c *tokenCommand) Run(out *outside) error {
	s, err := loadSettings(out.lookup, signingSecret, issuer, audience)
	if err != nil {
		return err
	}
	if len(s.JWTSecret) == 0 {
		return unusablef("SPILLWAY_JWT_SECRET must be set: this command signs with HS256 only; with SPILLWAY_JWKS_URL tokens come from whoever holds the private key")
	}
	person := signIn{Subject: c.Sub, Account: c.Account, Roles: c.Role}
	token, err := signToken(s, person, c.TTL, time.Now())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out.stdout, token)
	return err
}

// signIn is who a token speaks for.
type signIn struct {
	Subject string
	Account string // the account's id; required for the role user
	Roles   []string
}

func (p signIn) String() string {
	text := strings.Join(p.Roles, " and ") + " " + p.Subject
	if p.Account != "" {
		text += " of account " + p.Account
	}
	return text
}

// opensPortal tells whether a person sits behind the token, not a program.
func (p signIn) opensPortal() bool {
	return slices.Contains(p.Roles, "user") || slices.Contains(p.Roles, "admin")
}

// accountID is the form of ids that the contract allows.
var accountID = regexp.MustCompile(`^[A-Za-z0-9._:@/-]{1,128}$`)

func (p signIn) check() error {
	switch {
	case !utf8.ValidString(p.Subject) || p.Subject == "" || utf8.RuneCountInString(p.Subject) > 255:
		return unusablef("--sub must have 1 to 255 characters")
	case engine.NewUser("--sub", p.Subject) != nil:
		return unusablef("--sub must hold no control characters, those of the direction of text included, and be in NFC")
	case p.Account == "" && slices.Contains(p.Roles, "user"):
		return unusablef("--account is required for the role user: it names the account that the user belongs to")
	case p.Account != "" && !accountID.MatchString(p.Account):
		return unusablef("--account must have 1 to 128 letters, digits or . _ : @ / -")
	}
	return nil
}

// claims are the token's content, as contract.md lists them.
type claims struct {
	Account string   `json:"account,omitempty"`
	Roles   []string `json:"roles"`
	jwt.RegisteredClaims
}

// signToken signs with the settings' HS256 secret. The token is issued at now,
// in whole seconds, and ends ttl later.
func signToken(s settings, person signIn, ttl time.Duration, now time.Time) (string, error) {
	if err := person.check(); err != nil {
		return "", err
	}
	if ttl < time.Second || ttl > longestToken {
		return "", unusablef("--ttl must be from 1s to %v", longestToken)
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		Account: person.Account,
		Roles:   person.Roles,
		RegisteredClaims: jwt.RegisteredClaims{
			Subject:   person.Subject,
			Issuer:    s.Issuer,
			Audience:  jwt.ClaimStrings{s.Audience},
			IssuedAt:  jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(now.Add(ttl)),
		},
	}).SignedString(s.JWTSecret)
}
