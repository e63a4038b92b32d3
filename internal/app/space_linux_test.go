package app

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/roundel/roundel/internal/observe"
)

// TestReadyOfTheDisk: a disk that is almost full or read-only is named, and
// nothing else of it; when it is mended, requests may come again.
func TestReadyOfTheDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=520m"); err != nil {
		t.Skipf("needs to mount a small disk, which only root may: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	now := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	h := &observe.Health{Now: func() time.Time { return now }, Checks: diskChecks(dir)}
	ready := func(status int, says string) {
		t.Helper()
		now = now.Add(time.Minute)
		w := httptest.NewRecorder()
		h.Ready(w, httptest.NewRequest("GET", "/readyz", nil))
		if got := strings.TrimSpace(w.Body.String()); w.Code != status || got != says {
			t.Errorf("%d %q, want %d %q", w.Code, got, status, says)
		}
	}
	ready(200, "ok")
	big := filepath.Join(dir, "big")
	if err := os.WriteFile(big, make([]byte, 16<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	ready(503, "not ready: the disk is almost full")
	if err := os.Remove(big); err != nil {
		t.Fatal(err)
	}
	ready(200, "ok")
	for _, step := range []struct {
		flag   uintptr
		status int
		says   string
	}{{unix.MS_RDONLY, 503, "not ready: the data folder cannot be written"}, {0, 200, "ok"}} {
		if err := unix.Mount("", dir, "", unix.MS_REMOUNT|step.flag, ""); err != nil {
			t.Fatal(err)
		}
		ready(step.status, step.says)
	}
}
