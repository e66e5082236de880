package bare

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What gqlgen makes of the contract is committed. The test makes it again in a
// copy and compares.
func TestTheGeneratedCodeIsThatOfTheContract(t *testing.T) {
	scratch := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum", "graph/testdata/contract.graphql", "bench/bare/gqlgen.yml", "bench/bare/doc.go", "bench/bare/bare.go"} {
		text, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(scratch, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(target, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command("go", "tool", "gqlgen", "generate")
	command.Dir = filepath.Join(scratch, "bench/bare")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, made := range []string{"generated.go", "models_gen.go"} {
		want, err := os.ReadFile(filepath.Join(scratch, "bench/bare", made))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(made); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the contract says; run: go generate ./bench/bare (%v)", made, err)
		}
	}
}

func TestItAnswersAConstant(t *testing.T) {
	server := httptest.NewServer(Handler())
	defer server.Close()
	body := `{"query":"mutation { authorize(input: {accountId: \"a\", userId: \"u\", feature: \"f\", idempotencyKey: \"k\"}) { status idempotencyKey steps { taken } } }"}`
	response, err := http.Post(server.URL, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"data":{"authorize":{"status":"ALLOWED","idempotencyKey":"k","steps":[{"taken":1}]}}}`; string(text) != want {
		t.Errorf("%s, expected %s", text, want)
	}
}
