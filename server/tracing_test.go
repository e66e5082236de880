package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestEachRequestIsASpanAtTheCollector(t *testing.T) {
	for _, end := range []string{"", "/"} {
		arrives(t, end)
	}
}

// arrives asks once, with a collector whose address ends so.
func arrives(t *testing.T, end string) {
	t.Helper()
	spans := make(chan string, 1)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { spans <- r.URL.Path }))
	defer collector.Close()
	inner := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	handler, flush, err := traced(t.Context(), collector.URL+end, inner)
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/graphql", nil))
	flush()
	if answer.Code != http.StatusTeapot {
		t.Errorf("the request was answered by %d", answer.Code)
	}
	select {
	case path := <-spans:
		if path != "/v1/traces" {
			t.Errorf("the spans went to %s", path)
		}
	case <-time.After(5 * time.Second):
		t.Error("no span arrived")
	}
}
