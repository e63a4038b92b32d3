// Package browser drives a real Chromium through the platform, as people use
// it: by the words on buttons and the names of fields, with mouse or keyboard,
// with scripts or without. It watches what no person sees: requests to other
// hosts, console errors, what axe finds.
package browser

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Limits of waiting. They are long, for a busy machine; nothing waits longer
// than it has to.
const (
	wholeTime = 8 * time.Minute
	stepTime  = 45 * time.Second
)

// Browser is a running Chromium with a profile of its own.
type Browser struct {
	ctx  context.Context
	base string

	mu    sync.Mutex
	times map[string]time.Duration
}

// spent adds the time until the returned function is called to what kind of
// checks have taken.
func (tab *Tab) spent(kind string) func() {
	began := time.Now()
	return func() {
		tab.browser.mu.Lock()
		defer tab.browser.mu.Unlock()
		tab.browser.times[kind] += time.Since(began)
	}
}

// Times says how long each kind of checks has taken in all tabs.
func (b *Browser) Times() map[string]time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.times)
}

// Start starts a browser for the installation at base, which must present the
// certificate with the given PIN. It ends with the test. The test is skipped,
// and says why, where there is no Chromium.
func Start(t testing.TB, base, pin string) *Browser {
	t.Helper()
	if testing.Short() {
		t.Skip("browser tests are slow: not in short mode")
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("no Chromium on this machine (Debian: chromium): no browser test")
	}
	ctx, cancelAll := context.WithTimeout(t.Context(), wholeTime)
	profile, err := os.MkdirTemp("", "roundel-browser-") // not t.TempDir: Chromium may still write while it ends
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(profile),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("ignore-certificate-errors-spki-list", pin),
		chromedp.Flag("lang", "en-GB"), chromedp.Flag("accept-lang", "en-GB,en"),
	)
	allocator, stop := chromedp.NewExecAllocator(ctx, options...)
	root, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		cancel()
		stop()
		cancelAll()
		if err := os.RemoveAll(profile); err != nil {
			t.Logf("the browser's profile stays behind: %v", err)
		}
	})
	if err := chromedp.Do(root); err != nil {
		t.Fatalf("Chromium does not start: %v", err)
	}
	return &Browser{ctx: root, base: base, times: map[string]time.Duration{}}
}

// screenshots is the folder for pictures of every page that is audited, "" for
// none.
func screenshots() string { return os.Getenv("ROUNDEL_SCREENSHOTS") }

func keepScreenshot(name string, png []byte) error {
	if err := os.MkdirAll(screenshots(), 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(screenshots(), name+".png"), png, 0o600)
}
