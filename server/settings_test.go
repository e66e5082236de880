package main

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
)

// usable is the least that `serve` starts with.
var usable = []string{
	"DATABASE_URL=postgres://owner:hidden@localhost:5432/spillway",
	"REDIS_URL=redis://localhost:6379/0",
	"SPILLWAY_JWT_SECRET=" + secret,
}

// with replaces settings in the usable ones.
func with(pairs ...string) lookup { return environment(append(pairs, usable...)...) }

func TestSettingsDefaults(t *testing.T) {
	s, err := loadServerSettings(with())
	if err != nil {
		t.Fatal(err)
	}
	if s.Listen != "127.0.0.1:8080" || s.Issuer != "spillway" || s.Audience != "spillway" ||
		s.LogLevel != slog.LevelInfo || len(s.AllowedOrigins) != 0 || s.OTLPEndpoint != "" || s.JWKSURL != "" {
		t.Errorf("got %+v", s)
	}
	if string(s.JWTSecret) != secret || !slices.Equal(s.Redis.Addrs, []string{"localhost:6379"}) {
		t.Errorf("got secret %q and Redis %+v", s.JWTSecret, s.Redis)
	}
}

func TestSettingsRead(t *testing.T) {
	s, err := loadServerSettings(with(
		"REDIS_URL=rediss://u:p@a:7000, b:7001,redis://c:7002", "SPILLWAY_LISTEN=[::1]:0",
		"SPILLWAY_JWT_SECRET=", "SPILLWAY_JWKS_URL=file:///etc/keys.json", "SPILLWAY_LOG_LEVEL=WARN",
		"SPILLWAY_ALLOWED_ORIGINS=https://app.example.org, http://localhost:5173",
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318", "SPILLWAY_DISTRIBUTED=yes",
	))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.Redis.Addrs, []string{"a:7000", "b:7001", "c:7002"}) || s.Redis.Password != "p" || s.Redis.TLSConfig == nil {
		t.Errorf("Redis: %+v", s.Redis)
	}
	if s.Listen != "[::1]:0" || s.LogLevel != slog.LevelWarn || s.JWKSURL != "file:///etc/keys.json" || s.OTLPEndpoint == "" || !s.SingleAccount ||
		!slices.Equal(s.AllowedOrigins, []string{"https://app.example.org", "http://localhost:5173"}) {
		t.Errorf("got %+v", s)
	}
}

func TestUnusableSettingsAreNamed(t *testing.T) {
	for _, pair := range []string{
		"DATABASE_URL=", "DATABASE_URL=postgres://owner:hidden@:port/x", "DATABASE_URL=mysql://hidden@h/x",
		"REDIS_URL=", "REDIS_URL=http://h:1", "REDIS_URL=redis://a:1,http://b:2", "REDIS_URL=a:1/2,b:1",
		"REDIS_URL=unix:///a,b:1",
		"SPILLWAY_LISTEN=8080", "SPILLWAY_LISTEN=localhost", "SPILLWAY_LISTEN=h:http", "SPILLWAY_LISTEN=h:65536",
		"SPILLWAY_JWT_SECRET=", "SPILLWAY_JWT_SECRET=" + secret[1:],
		"SPILLWAY_JWKS_URL=https://keys.example.org", // beside the secret
		"SPILLWAY_JWKS_URL=http://keys.example.org/k", "SPILLWAY_JWKS_URL=ftp://h/k", "SPILLWAY_JWKS_URL=keys.json", "SPILLWAY_JWKS_URL=file://h/k",
		"SPILLWAY_JWT_ISSUER= spillway", "SPILLWAY_JWT_AUDIENCE=spillway ",
		"SPILLWAY_ALLOWED_ORIGINS=*", "SPILLWAY_ALLOWED_ORIGINS=https://a.org/path", "SPILLWAY_ALLOWED_ORIGINS=https://a.org,b.org",
		"SPILLWAY_LOG_LEVEL=loud", "SPILLWAY_DISTRIBUTED=maybe", "OTEL_EXPORTER_OTLP_ENDPOINT=localhost:4318",
	} {
		name, _, _ := strings.Cut(pair, "=")
		_, err := loadServerSettings(with(pair))
		if err == nil || codeOf(err) != exitUnusable || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v, want an error that names it", pair, err)
		}
		if err != nil && (strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), secret[1:])) {
			t.Errorf("%s: the error shows a secret: %v", pair, err)
		}
	}
}

func TestHelpListsEverySetting(t *testing.T) {
	help := settingsHelp(serverSettings)
	for _, name := range []string{
		"DATABASE_URL", "REDIS_URL", "SPILLWAY_LISTEN (127.0.0.1:8080)", "SPILLWAY_JWT_SECRET", "SPILLWAY_JWKS_URL", "SPILLWAY_JWT_ISSUER (spillway)",
		"SPILLWAY_JWT_AUDIENCE (spillway)", "SPILLWAY_ALLOWED_ORIGINS", "SPILLWAY_LOG_LEVEL (info)", "SPILLWAY_DISTRIBUTED (no)", "OTEL_EXPORTER_OTLP_ENDPOINT",
	} {
		if !strings.Contains(help, name) {
			t.Errorf("%s is not listed", name)
		}
	}
}
