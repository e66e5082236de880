package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"spillway/engine"
	"spillway/engine/counters"
)

// lookup reads one variable of the environment.
type lookup func(name string) (string, bool)

// settings is the checked environment.
type settings struct {
	DatabaseURL    string
	Redis          *redis.UniversalOptions // several addresses: a Redis Cluster
	Listen         string                  // host:port, port 0 takes a free one
	JWTSecret      []byte                  // HS256; empty where JWKSURL is set
	JWKSURL        string                  // RS256, ES256, EdDSA; empty where JWTSecret is set
	Issuer         string
	Audience       string
	AllowedOrigins []string // further origins of browsers, such as https://app.example.org
	LogLevel       slog.Level
	OTLPEndpoint   string // empty: no traces are sent
	SingleAccount  bool   // see ledger.Options
	// Anomalies say what the watch raises.
	Anomalies engine.AnomalyRules
	// ReconcileEvery is the time between two reconciliations of what is new,
	// over all processes.
	ReconcileEvery time.Duration
}

// shortestSecret is the key length in bytes that RFC 7518, section 3.2, asks of
// HS256.
const shortestSecret = 32

// setting is one variable: how it is named, what it means, and its check.
type setting struct {
	name, fallback, help string
	read                 func(s *settings, value string) error
}

// The variables, each named once: by this list they are read, checked and
// listed by --help.
var (
	databaseURL = setting{"DATABASE_URL", "", "PostgreSQL, as its owner or a superuser; of several hosts the one that takes writes; required", readDatabaseURL}
	redisURL    = setting{"REDIS_URL", "", "Redis; several addresses, separated by commas, are a Redis Cluster; required", readRedisURL}
	listen      = setting{"SPILLWAY_LISTEN", "127.0.0.1:8080", "address and port to listen on; port 0 takes a free one", readListen}
	jwtSecret   = setting{"SPILLWAY_JWT_SECRET", "", "secret of HS256 tokens, at least 32 bytes; this or SPILLWAY_JWKS_URL is required", readSecret}
	jwksURL     = setting{"SPILLWAY_JWKS_URL", "", "public keys of RS256, ES256 or EdDSA tokens: https, file, or http on this machine", readJWKSURL}
	issuer      = setting{"SPILLWAY_JWT_ISSUER", "spillway", "issuer that tokens must name", readText(func(s *settings) *string { return &s.Issuer })}
	audience    = setting{"SPILLWAY_JWT_AUDIENCE", "spillway", "audience that tokens must name", readText(func(s *settings) *string { return &s.Audience })}
	origins     = setting{"SPILLWAY_ALLOWED_ORIGINS", "", "further origins whose pages may call, separated by commas; the portal's own always may", readOrigins}
	logLevel    = setting{"SPILLWAY_LOG_LEVEL", "info", "debug, info, warn or error", readLogLevel}
	otlp        = setting{"OTEL_EXPORTER_OTLP_ENDPOINT", "", "http or https address of a collector for traces; empty sends none", readOTLP}
	distributed = setting{"SPILLWAY_DISTRIBUTED", "no", "yes where PostgreSQL is distributed by account (Citus): each statement then locks one account", readDistributed}

	serverSettings = slices.Concat([]setting{databaseURL, distributed, redisURL, listen, jwtSecret, jwksURL, issuer, audience, origins, logLevel, otlp}, jobSettings)
)

// loadSettings reads and checks the named variables. A variable that is set but
// empty counts as not set. The first fault is returned, naming its variable.
func loadSettings(env lookup, wanted ...setting) (settings, error) {
	var s settings
	for _, one := range wanted {
		value, _ := env(one.name)
		if value == "" {
			value = one.fallback
		}
		if err := one.read(&s, value); err != nil {
			return settings{}, unusablef("%s %w", one.name, err)
		}
	}
	return s, nil
}

// loadServerSettings reads all that `serve` needs.
func loadServerSettings(env lookup) (settings, error) {
	s, err := loadSettings(env, serverSettings...)
	switch {
	case err != nil:
		return s, err
	case len(s.JWTSecret) == 0 && s.JWKSURL == "":
		return settings{}, unusablef("SPILLWAY_JWT_SECRET or SPILLWAY_JWKS_URL must be set: without one no token can be checked")
	case len(s.JWTSecret) > 0 && s.JWKSURL != "":
		return settings{}, unusablef("SPILLWAY_JWT_SECRET and SPILLWAY_JWKS_URL are both set: keep the one that signs your tokens")
	}
	return s, nil
}

// settingsHelp lists the variables for --help.
func settingsHelp(list []setting) string {
	var b strings.Builder
	b.WriteString("Settings are read from the environment:\n")
	for _, one := range list {
		fmt.Fprintf(&b, "\n  %s", one.name)
		if one.fallback != "" {
			fmt.Fprintf(&b, " (%s)", one.fallback)
		}
		fmt.Fprintf(&b, "\n      %s", one.help)
	}
	return b.String()
}

func readDatabaseURL(s *settings, value string) error {
	if value == "" {
		return errors.New("must be set, such as postgres://owner:password@localhost:5432/spillway")
	}
	// pgx's own text repeats parts of the address, which may hold a password.
	if _, err := pgxpool.ParseConfig(value); err != nil {
		return errors.New("is not a PostgreSQL address: expected postgres://owner:password@host:5432/database")
	}
	s.DatabaseURL = value
	return nil
}

func readDistributed(s *settings, value string) error {
	if value != "yes" && value != "no" {
		return fmt.Errorf("is %q: expected yes or no", value)
	}
	s.SingleAccount = value == "yes"
	return nil
}

func readRedisURL(s *settings, value string) error {
	if value == "" {
		return errors.New("must be set, such as redis://localhost:6379/0")
	}
	options, err := counters.ParseURL(value)
	s.Redis = options
	return err
}

func readListen(s *settings, value string) error {
	_, port, err := net.SplitHostPort(value)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("is %q: expected an address and a port, such as 127.0.0.1:8080", value)
	}
	s.Listen = value
	return nil
}

func readSecret(s *settings, value string) error {
	if value != "" && len(value) < shortestSecret {
		return fmt.Errorf("has %d bytes: HS256 needs at least %d, such as from openssl rand -base64 48", len(value), shortestSecret)
	}
	s.JWTSecret = []byte(value)
	return nil
}

func readJWKSURL(s *settings, value string) error {
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	switch {
	case err != nil:
		return errors.New("is not a URL: expected https://host/path or file:///path")
	case u.Scheme == "file" && u.Path != "" && (u.Host == "" || u.Host == "localhost"):
	case u.Scheme == "https" && u.Host != "":
	case u.Scheme == "http" && isLoopback(u.Hostname()):
	case u.Scheme == "http" && u.Host != "":
		return errors.New("fetches keys over plain http, which anybody on the way may change: use https")
	default:
		return errors.New("is not usable: expected https://host/path or file:///path")
	}
	s.JWKSURL = value
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func readText(field func(*settings) *string) func(*settings, string) error {
	return func(s *settings, value string) error {
		if strings.TrimSpace(value) != value {
			return errors.New("begins or ends with a space")
		}
		*field(s) = value
		return nil
	}
}

func readOrigins(s *settings, value string) error {
	for _, part := range strings.Split(value, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		u, err := url.Parse(part)
		if err != nil || !slices.Contains([]string{"http", "https"}, u.Scheme) || u.Host == "" || u.Scheme+"://"+u.Host != part {
			return fmt.Errorf("holds %q: expected origins such as https://app.example.org, without a path and never *", part)
		}
		s.AllowedOrigins = append(s.AllowedOrigins, part)
	}
	return nil
}

func readLogLevel(s *settings, value string) error {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	level, known := levels[strings.ToLower(value)]
	if !known {
		return fmt.Errorf("is %q: expected debug, info, warn or error", value)
	}
	s.LogLevel = level
	return nil
}

func readOTLP(s *settings, value string) error {
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	if err != nil || !slices.Contains([]string{"http", "https"}, u.Scheme) || u.Host == "" {
		return errors.New("is not usable: expected http://host:4318")
	}
	s.OTLPEndpoint = value
	return nil
}
