package signin

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/time/rate"
)

// secret is the one key of HS256.
type secret []byte

// Secret is a shared secret for HS256, at least 32 bytes.
func Secret(key []byte) (Keys, error) {
	const shortest = 32 // RFC 7518, section 3.2
	if len(key) < shortest {
		return nil, fmt.Errorf("the secret has %d bytes, and HS256 needs at least %d", len(key), shortest)
	}
	return secret(key), nil
}

func (secret) Methods() []string { return []string{jwt.SigningMethodHS256.Alg()} }

func (s secret) Key(*jwt.Token) (any, error) { return []byte(s), nil }

// keySet is a JWK set that is fetched again from time to time, and when a
// token names a key that it does not hold.
type keySet struct{ keyfunc.Keyfunc }

const (
	fetchTimeout = 5 * time.Second
	fetchEvery   = 5 * time.Minute
	// unknownEvery bounds how often tokens with unknown keys cause a fetch,
	// and unknownWait how long such a token waits for it: less than a turn, so
	// that all but one are refused at once.
	unknownEvery = 10 * time.Second
	unknownWait  = 2 * time.Second
	shortestRSA  = 2048
)

// KeySet is the JWK set at a URL: https, or file for a set on this machine.
// It is fetched once before KeySet returns, and kept fresh until ctx ends.
func KeySet(ctx context.Context, url string, log *slog.Logger) (Keys, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.RegisterProtocol("file", http.NewFileTransport(http.Dir("/")))
	set, err := keyfunc.NewDefaultOverrideCtx(ctx, []string{url}, keyfunc.Override{
		Client:                    &http.Client{Transport: transport, Timeout: fetchTimeout},
		HTTPTimeout:               fetchTimeout,
		NoErrorReturnFirstHTTPReq: new(bool), // a set that cannot be read at the start is an error
		RateLimitWaitMax:          unknownWait,
		RefreshInterval:           fetchEvery,
		RefreshUnknownKID:         rate.NewLimiter(rate.Every(unknownEvery), 1),
		RefreshErrorHandlerFunc: func(string) func(context.Context, error) {
			return func(ctx context.Context, err error) {
				log.WarnContext(ctx, "the keys of tokens could not be fetched", "error", err)
			}
		},
	})
	if err != nil {
		return nil, fmt.Errorf("the keys could not be read: %w", err)
	}
	keys, err := set.Storage().KeyReadAll(ctx)
	if err != nil {
		return nil, fmt.Errorf("the keys could not be read: %w", err)
	}
	if !anyUsable(keys) {
		return nil, errors.New("the set holds no RSA, P-256 or Ed25519 key")
	}
	return keySet{set}, nil
}

func anyUsable(keys []jwkset.JWK) bool {
	for _, k := range keys {
		if _, err := methodOf(k.Key()); err == nil {
			return true
		}
	}
	return false
}

func (keySet) Methods() []string {
	return []string{jwt.SigningMethodRS256.Alg(), jwt.SigningMethodES256.Alg(), jwt.SigningMethodEdDSA.Alg()}
}

// Key finds the key that the token names. Each key is good for the one
// algorithm of its type, whatever the token says.
func (s keySet) Key(t *jwt.Token) (any, error) {
	key, err := s.Keyfunc.Keyfunc(t)
	if err != nil {
		return nil, err
	}
	method, err := methodOf(key)
	if err != nil {
		return nil, err
	}
	if method != t.Method {
		return nil, fmt.Errorf("the key is for %s and the token says %s", method.Alg(), t.Method.Alg())
	}
	return key, nil
}

// methodOf is the one algorithm that a key is good for.
func methodOf(key any) (jwt.SigningMethod, error) {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() >= shortestRSA {
			return jwt.SigningMethodRS256, nil
		}
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P256() {
			return jwt.SigningMethodES256, nil
		}
	case ed25519.PublicKey:
		return jwt.SigningMethodEdDSA, nil
	}
	return nil, errors.New("the key is of no type that signs tokens")
}
