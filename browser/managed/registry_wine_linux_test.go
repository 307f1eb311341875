package managed_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The same suite over Windows' own registry, as Wine has it.
func TestRegistryUnderWine(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "managed.test.exe")
	build := exec.Command("go", "test", "-c", "-buildvcs=false", "-o", program, ".")
	build.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building for Windows: %v\n%s", err, text)
	}
	run := exec.Command("../../packaging/wine/run", filepath.Join(dir, "prefix"), program, "-test.v", "-test.run=SystemRegistry")
	out, err := run.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestSystemRegistry") {
		t.Errorf("%v\n%s", err, out)
	}
}
