package main

import (
	"log/slog"
	"strings"
	"testing"
)

func TestKeysThatCannotBeRead(t *testing.T) {
	a := &app{config: appConfig{Settings: settings{JWKSURL: "file:///does/not/exist"}, Log: slog.New(slog.DiscardHandler)}}
	_, err := a.handler(t.Context())
	if err == nil || codeOf(err) != exitUnusable {
		t.Fatal(err)
	}
	if text := err.Error(); !strings.HasPrefix(text, "SPILLWAY_JWKS_URL: ") || strings.Count(text, "could not be read") != 1 {
		t.Error(text)
	}
}
