package main

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func TestTokenHoldsTheContractsClaims(t *testing.T) {
	before := time.Now().Truncate(time.Second)
	code, stdout, stderr := start(t, environment("SPILLWAY_JWT_SECRET="+secret, "SPILLWAY_JWT_ISSUER=me"),
		"token", "--sub", "zoë", "--role", "user", "--account", "acme/1", "--ttl", "2h")
	if code != exitDone || stderr != "" {
		t.Fatalf("code %d, stderr %q", code, stderr)
	}
	token := strings.TrimSuffix(stdout, "\n")
	_, err := jwt.Parse(token, func(*jwt.Token) (any, error) { return []byte(secret), nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithIssuer("me"), jwt.WithAudience("spillway"), jwt.WithExpirationRequired(), jwt.WithIssuedAt())
	if err != nil {
		t.Fatalf("%q: %v", token, err)
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Sub, Account string
		Roles        []string
		Iat, Exp     int64
	}
	if err := json.Unmarshal(payload, &got); err != nil {
		t.Fatal(err)
	}
	if got.Sub != "zoë" || got.Account != "acme/1" || !slices.Equal(got.Roles, []string{"user"}) ||
		got.Iat < before.Unix() || got.Iat > time.Now().Unix() || got.Exp-got.Iat != 7200 {
		t.Errorf("claims %s", payload)
	}
}

func TestTokenWithoutAnAccount(t *testing.T) {
	for _, roles := range [][]string{{"admin"}, {"service"}, {"admin", "service"}} {
		code, stdout, stderr := start(t, environment("SPILLWAY_JWT_SECRET="+secret), "token", "--sub", "bob", "--role", strings.Join(roles, ","))
		if code != exitDone {
			t.Fatalf("%v: code %d, %s", roles, code, stderr)
		}
		var got claims
		if _, _, err := jwt.NewParser().ParseUnverified(strings.TrimSpace(stdout), &got); err != nil || !slices.Equal(got.Roles, roles) || got.Account != "" {
			t.Errorf("%v: claims %+v, %v", roles, got, err)
		}
	}
}
