package run

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Strace answers how to run something with faults injected into what it does to our files in a folder, and the file that says what it
// did. A test is skipped where that is not possible; as root the distribution's package is fetched.
func Strace(t *testing.T, dir string, args ...string) (below []string, trace string) {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err != nil && os.Geteuid() == 0 {
		_ = exec.Command("apt-get", "install", "-qq", "-y", "strace").Run()
		path, err = exec.LookPath("strace")
	}
	if err != nil {
		t.Skip("strace is not installed and may not be: no system call can be made to fail")
	}
	if out, err := exec.Command(path, "-qq", "-e", "trace=none", "true").CombinedOutput(); err != nil {
		t.Skipf("strace may not trace here: %s", out)
	}
	trace = filepath.Join(t.TempDir(), "trace")
	below = []string{path, "-f", "-qq", "-o", trace}
	// Only what touches our files counts.
	for _, name := range []string{"multi-auth-accounts.json", "multi-auth.json", "multi-auth.json.v1", "multi-auth.journal", "multi-auth.gate", "multi-auth.gate-next"} {
		below = append(below, "-P", filepath.Join(dir, name), "-P", filepath.Join(dir, name+".tmp"))
	}
	return append(append(below, "-P", dir), args...), trace
}
