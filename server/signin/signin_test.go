package signin_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"

	"spillway/graph/caller"
	"spillway/server/signin"
)

var (
	secret = []byte("a secret of the tests, long enough")
	now    = time.Date(2026, 3, 11, 12, 0, 0, 0, time.UTC)
)

func good() jwt.MapClaims {
	return jwt.MapClaims{"iss": "spillway", "aud": "spillway", "sub": "ann", "account": "acme", "roles": []string{"user"},
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}
}

// changed is the good claims with one replaced; nil takes it away.
func changed(name string, value any) jwt.MapClaims {
	c := good()
	if c[name] = value; value == nil {
		delete(c, name)
	}
	return c
}

func sign(t testing.TB, method jwt.SigningMethod, key any, c jwt.MapClaims, header ...any) string {
	t.Helper()
	token := jwt.NewWithClaims(method, c)
	for i := 0; i+1 < len(header); i += 2 {
		token.Header[header[i].(string)] = header[i+1]
	}
	signed, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func bySecret(t testing.TB) *signin.Verifier {
	t.Helper()
	keys, err := signin.Secret(secret)
	if err != nil {
		t.Fatal(err)
	}
	return signin.New(keys, "spillway", "spillway")
}

func TestAGoodTokenNamesItsBearer(t *testing.T) {
	for _, c := range []struct {
		name   string
		claims jwt.MapClaims
		want   signin.Principal
	}{
		{"a user", good(), signin.Principal{User: "ann", Account: "acme", Roles: []caller.Role{caller.User}}},
		{"an admin without an account", jwt.MapClaims{"iss": "spillway", "aud": []string{"other", "spillway"}, "sub": "root", "roles": []string{"admin"},
			"iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}, signin.Principal{User: "root", Roles: []caller.Role{caller.Admin}}},
		{"two roles, one of them twice", changed("roles", []string{"service", "user", "service"}),
			signin.Principal{User: "ann", Account: "acme", Roles: []caller.Role{caller.Service, caller.User}}},
		{"issued 30 s ahead", changed("iat", now.Add(30*time.Second).Unix()), signin.Principal{User: "ann", Account: "acme", Roles: []caller.Role{caller.User}}},
		{"a name of 255", changed("sub", strings.Repeat("é", 255)), signin.Principal{User: strings.Repeat("é", 255), Account: "acme", Roles: []caller.Role{caller.User}}},
	} {
		got, err := bySecret(t).Verify(sign(t, jwt.SigningMethodHS256, secret, c.claims), now)
		c.want.ExpiresAt = got.ExpiresAt
		if err != nil || got.User != c.want.User || got.Account != c.want.Account || !slices.Equal(got.Roles, c.want.Roles) || !got.ExpiresAt.Equal(now.Add(time.Minute)) {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
}

// hostile are tokens that must not be accepted.
func hostile(t testing.TB) map[string]string {
	t.Helper()
	tokens := map[string]string{}
	hs := func(name string, c jwt.MapClaims, header ...any) {
		tokens[name] = sign(t, jwt.SigningMethodHS256, secret, c, header...)
	}
	for name, values := range map[string][]any{
		"exp":     {nil, now.Unix(), now.Add(-time.Second).Unix(), 0, -1, "soon", "1999999999", 1e300, int64(1) << 62, []int{1}, true},
		"iat":     {nil, now.Add(31 * time.Second).Unix(), -1, 1e300, "now", []string{}},
		"nbf":     {now.Add(time.Second).Unix(), "later"},
		"iss":     {nil, "", "Spillway", "spillway ", "other", 7, []string{"spillway"}},
		"aud":     {nil, "", "other", []string{}, []string{"other"}, 7, []any{7}, map[string]any{"a": 1}},
		"sub":     {nil, "", 7, "a\nb", "a\x00b", strings.Repeat("x", 256), []string{"ann"}},
		"account": {nil, "", 7, "no account", strings.Repeat("a", 129), "acme\n", "acmé"},
		"roles":   {nil, []string{}, "user", []string{"root"}, []string{"user", "root"}, []string{"USER"}, []string{""}, []int{1}, map[string]bool{"user": true}, 1},
	} {
		for i, value := range values {
			hs(fmt.Sprintf("%s %d: %v", name, i, value), changed(name, value))
		}
	}
	hs("crit", good(), "crit", []string{"b64"})
	hs("crit that is no list", good(), "crit", "b64")
	for _, method := range []jwt.SigningMethod{jwt.SigningMethodHS384, jwt.SigningMethodHS512} {
		tokens["signed with "+method.Alg()] = sign(t, method, secret, good())
	}
	tokens["unsigned"] = sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good())
	for _, alg := range []string{"none", "None", "NONE", "hs256", "HS257", "", "RS256", "ES256", "EdDSA", "PS256"} {
		tokens["called "+alg] = relabelled(t, sign(t, jwt.SigningMethodHS256, secret, good()), alg)
	}
	for _, key := range []string{"", "short", string(secret[:31]), string(secret) + " ", strings.ToUpper(string(secret))} {
		tokens["another secret: "+key] = sign(t, jwt.SigningMethodHS256, []byte(key), good())
	}
	misshapen(t, tokens)
	return tokens
}

// relabelled is a token with the name of another algorithm in its header.
func relabelled(t testing.TB, token, alg string) string {
	t.Helper()
	header, err := json.Marshal(map[string]any{"alg": alg, "typ": "JWT"})
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(token, ".")
	return base64.RawURLEncoding.EncodeToString(header) + "." + parts[1] + "." + parts[2]
}

// misshapen adds a good token with its bits altered, cut and dressed up.
func misshapen(t testing.TB, tokens map[string]string) {
	t.Helper()
	token := sign(t, jwt.SigningMethodHS256, secret, good())
	parts := strings.Split(token, ".")
	for at := 0; at < len(token); at += 2 {
		other := byte('A')
		if token[at] == other {
			other = 'B'
		}
		tokens[fmt.Sprintf("altered at %d", at)] = token[:at] + string(other) + token[at+1:]
	}
	for _, c := range [][2]string{
		{"empty", ""}, {"a point", "."}, {"two points", ".."}, {"words", "not a token"}, {"without a signature", parts[0] + "." + parts[1] + "."},
		{"two parts", parts[0] + "." + parts[1]}, {"four parts", token + ".x"}, {"five parts", token + ".x.y"}, {"padded", token + "="},
		{"in the other alphabet", strings.NewReplacer("-", "+", "_", "/").Replace(token) + "+"}, {"a space before", " " + token},
		{"a space behind", token + " "}, {"a line behind", token + "\n"}, {"twice", token + token}, {"bearer twice", "Bearer " + token},
		{"huge", parts[0] + "." + strings.Repeat("A", 1<<20) + "." + parts[2]}, {"just too long", token + strings.Repeat("A", 8<<10)},
		{"a header of null", b64("null") + "." + parts[1] + "." + parts[2]}, {"a header of a list", b64("[]") + "." + parts[1] + "." + parts[2]},
		{"claims of null", parts[0] + "." + b64("null") + "." + parts[2]}, {"claims of a list", parts[0] + "." + b64("[]") + "." + parts[2]},
		{"claims that end early", parts[0] + "." + b64(`{"sub":"ann"`) + "." + parts[2]}, {"the last character loose", loosened(token)},
	} {
		tokens[c[0]] = c[1]
	}
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// loosened sets bits of the last character that decode to nothing: a lax
// decoder takes it for the same token.
func loosened(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	return token[:len(token)-1] + string(alphabet[last^1])
}

func TestHostileTokensAreRefused(t *testing.T) {
	tokens := hostile(t)
	if len(tokens) < 200 {
		t.Fatalf("only %d tokens", len(tokens))
	}
	v := bySecret(t)
	if _, err := v.Verify(sign(t, jwt.SigningMethodHS256, secret, good()), now); err != nil {
		t.Fatal(err)
	}
	for name, token := range tokens {
		p, err := v.Verify(token, now)
		var refused *signin.RefusedError
		if !errors.As(err, &refused) || p.User != "" || len(p.Roles) > 0 {
			t.Errorf("%s: accepted as %+v, %v", name, p, err)
		}
		if err != nil && strings.Contains(err.Error(), string(secret)) {
			t.Errorf("%s: the error tells the secret", name)
		}
	}
}

func TestAVerifiedTokenEndsWithItsTime(t *testing.T) {
	v := bySecret(t)
	token := sign(t, jwt.SigningMethodHS256, secret, good())
	for _, c := range []struct {
		after time.Duration
		good  bool
	}{{0, true}, {59 * time.Second, true}, {time.Minute - 1, true}, {time.Minute, false}, {0, true}} {
		if _, err := v.Verify(token, now.Add(c.after)); (err == nil) != c.good {
			t.Errorf("after %v: %v", c.after, err)
		}
	}
}

func TestAShortSecretIsRefused(t *testing.T) {
	if _, err := signin.Secret(secret[:31]); err == nil {
		t.Error("31 bytes were taken")
	}
}

// keyRing holds a key of each type, and publishes their public halves.
type keyRing struct {
	rsa  *rsa.PrivateKey
	ec   *ecdsa.PrivateKey
	ed   ed25519.PrivateKey
	p384 *ecdsa.PrivateKey
	json []byte
}

func newKeyRing(t *testing.T) *keyRing {
	t.Helper()
	k := &keyRing{}
	var err error
	if k.rsa, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	if k.ec, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	if k.p384, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	if _, k.ed, err = ed25519.GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	set := jwkset.NewMemoryStorage()
	for id, key := range map[string]crypto.PublicKey{"rsa": k.rsa.Public(), "ec": k.ec.Public(), "ed": k.ed.Public(), "p384": k.p384.Public()} {
		jwk, err := jwkset.NewJWKFromKey(key, jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: id}})
		if err != nil {
			t.Fatal(err)
		}
		if err := set.KeyWrite(context.Background(), jwk); err != nil {
			t.Fatal(err)
		}
	}
	if k.json, err = set.JSONPublic(context.Background()); err != nil {
		t.Fatal(err)
	}
	return k
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestKeySetsFromAServerAndAFile(t *testing.T) {
	ring := newKeyRing(t)
	var fetches atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fetches.Add(1)
		_, _ = w.Write(ring.json)
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(file, ring.json, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{server.URL, "file://" + file} {
		keys, err := signin.KeySet(t.Context(), url, quiet())
		if err != nil {
			t.Fatal(err)
		}
		v := signin.New(keys, "spillway", "spillway")
		public, err := json.Marshal(ring.rsa.N)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name, token string
			good        bool
		}{
			{"RS256", sign(t, jwt.SigningMethodRS256, ring.rsa, good(), "kid", "rsa"), true},
			{"ES256", sign(t, jwt.SigningMethodES256, ring.ec, good(), "kid", "ec"), true},
			{"EdDSA", sign(t, jwt.SigningMethodEdDSA, ring.ed, good(), "kid", "ed"), true},
			{"RS512 by the RSA key", sign(t, jwt.SigningMethodRS512, ring.rsa, good(), "kid", "rsa"), false},
			{"PS256 by the RSA key", sign(t, jwt.SigningMethodPS256, ring.rsa, good(), "kid", "rsa"), false},
			{"ES384 by a key of that curve", sign(t, jwt.SigningMethodES384, ring.p384, good(), "kid", "p384"), false},
			{"the EC key under the RSA key's name", sign(t, jwt.SigningMethodES256, ring.ec, good(), "kid", "rsa"), false},
			{"no key named", sign(t, jwt.SigningMethodEdDSA, ring.ed, good()), false},
			{"an unknown key", sign(t, jwt.SigningMethodEdDSA, ring.ed, good(), "kid", "other"), false},
			{"HS256 by the public key", sign(t, jwt.SigningMethodHS256, public, good(), "kid", "rsa"), false},
			{"HS256 by the whole set", sign(t, jwt.SigningMethodHS256, ring.json, good(), "kid", "rsa"), false},
			{"unsigned", sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good(), "kid", "rsa"), false},
			{"a key that it brings along", sign(t, jwt.SigningMethodEdDSA, ring.ed, good(), "jwk", map[string]string{"kty": "OKP"}, "jku", server.URL), false},
		} {
			if p, err := v.Verify(c.token, now); (err == nil) != c.good {
				t.Errorf("%s from %s: %+v, %v", c.name, url, p, err)
			}
		}
	}
	before := fetches.Load()
	keys, err := signin.KeySet(t.Context(), server.URL, quiet())
	if err != nil {
		t.Fatal(err)
	}
	v := signin.New(keys, "spillway", "spillway")
	begun := time.Now()
	for i := range 50 {
		_, _ = v.Verify(sign(t, jwt.SigningMethodEdDSA, ring.ed, good(), "kid", fmt.Sprint("unknown ", i)), now)
	}
	if n := fetches.Load() - before; n > 3 || time.Since(begun) > 5*time.Second {
		t.Errorf("50 tokens with unknown keys caused %d fetches and took %v", n, time.Since(begun))
	}
}

func TestUnusableKeySets(t *testing.T) {
	for name, text := range map[string]string{"no JSON": "<html>", "empty": `{"keys":[]}`, "a shared secret": `{"keys":[{"kty":"oct","kid":"a","k":"` + b64(string(secret)) + `"}]}`} {
		file := filepath.Join(t.TempDir(), "keys.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := signin.KeySet(t.Context(), "file://"+file, quiet()); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if _, err := signin.KeySet(t.Context(), "file:///does/not/exist", quiet()); err == nil {
		t.Error("a file that is not there was taken")
	}
}

func BenchmarkVerifyAgain(b *testing.B) {
	v := bySecret(b)
	token := sign(b, jwt.SigningMethodHS256, secret, good())
	for b.Loop() {
		if _, err := v.Verify(token, now); err != nil {
			b.Fatal(err)
		}
	}
}
