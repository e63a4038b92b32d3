package browser

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// axeSource returns the script of axe-core, installed when it is not there.
var axeSource = sync.OnceValues(func() (string, error) {
	_, here, _, _ := runtime.Caller(0)
	dir := filepath.Join(filepath.Dir(filepath.Dir(here)), "axe")
	lock, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(lock)
	want, stamp := hex.EncodeToString(sum[:]), filepath.Join(dir, "node_modules", ".installed-lock")
	if have, err := os.ReadFile(stamp); err != nil || string(have) != want {
		if _, err := exec.LookPath("npm"); err != nil {
			return "", err
		}
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
		defer cancel()
		install := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
		install.Dir = dir
		if out, err := install.CombinedOutput(); err != nil {
			return "", fmt.Errorf("npm ci: %w: %s", err, out[max(0, len(out)-600):])
		}
		if err := os.WriteFile(stamp, []byte(want), 0o600); err != nil {
			return "", err
		}
	}
	script, err := os.ReadFile(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js"))
	return string(script), err
})

// NeedAxe skips the test, and says why, where axe-core cannot be had.
func NeedAxe(t testing.TB) {
	t.Helper()
	if _, err := axeSource(); err != nil {
		t.Skipf("no axe-core to find accessibility problems with (it comes from npm): %v", err)
	}
}

// runAxe returns what axe finds, a line for each element. Rules says which
// rules run, besides those that come with the tags; none: all of the tags.
const runAxe = `async rules => {
	const only = rules.length ? {type: "rule", values: rules} : {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
	const result = await axe.run(document, {runOnly: only, rules: {"target-size": {enabled: true}}, resultTypes: ["violations"], preload: false})
	return result.violations.flatMap(v => v.nodes.map(n =>
		v.id + ": " + n.target.join(" ") + " " + n.html.slice(0, 160) + " " + (n.failureSummary || "").replace(/\s+/g, " ")))
}`

// colourRules are those whose outcome the colour scheme changes.
var colourRules = []string{"color-contrast", "link-in-text-block"}

// tooWide returns what makes the page wider than its window.
const tooWide = `() => {
	const page = document.scrollingElement, wide = document.documentElement.clientWidth
	if (page.scrollWidth <= wide) return []
	const inScroller = e => { for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) if (getComputedStyle(p).overflowX !== "visible") return true }
	const guilty = [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > wide + 0.5 && !inScroller(e))
	return ["to " + page.scrollWidth, ...guilty.slice(0, 5).map(e => e.outerHTML.slice(0, 120))]
}`

// Audit checks the page as it stands: axe in a wide and a narrow window, by
// day and by night, and nothing wider than a small telephone. When
// ROUNDEL_SCREENSHOTS names a folder it leaves pictures there.
func (tab *Tab) Audit(name string) {
	tab.t.Helper()
	defer tab.spent("axe")()
	script, err := axeSource()
	if err != nil {
		tab.t.Fatal(err)
	}
	if !Eval[bool](tab, `"axe" in window`) {
		Eval[bool](tab, script+"\n;true")
	}
	Eval[bool](tab, `document.fonts.ready.then(() => true)`)
	for _, look := range []struct {
		width  int64
		scheme string
	}{{1280, "light"}, {1280, "dark"}, {390, "dark"}, {390, "light"}} {
		tab.Look(look.width, look.scheme)
		rules := []string{}
		if look.scheme == "dark" {
			rules = colourRules
		}
		for _, found := range Eval[[]string](tab, call(runAxe, rules)) {
			tab.t.Errorf("axe on %q, %d px, %s: %s", name, look.width, look.scheme, found)
		}
		tab.shoot(fmt.Sprintf("%s-%d-%s", name, look.width, look.scheme))
	}
	for _, width := range []int64{390, 320} {
		tab.Look(width, "light")
		for kind, check := range map[string]string{"scrolls sideways": tooWide, "has a menu that leaves the window": openMenus, "has a table that is cut off": clipped} {
			for _, found := range Eval[[]string](tab, call(check)) {
				tab.t.Errorf("%q %s at %d px: %s", name, kind, width, found)
			}
		}
	}
	for _, id := range Eval[[]string](tab, sameIDs) {
		tab.t.Errorf("%q has several elements with the id %s: a label or a description of one may belong to another", name, id)
	}
	for _, lost := range Eval[[]string](tab, call(lostPictures)) {
		tab.t.Errorf("%q shows a picture that did not come: %s", name, lost)
	}
	tab.Look(1280, "light")
}

// clipped returns tables that do not fit a telephone, although they turn into
// lists there.
const clipped = `() => [...document.querySelectorAll(".table")].filter(e => e.scrollWidth > e.clientWidth)
	.map(e => [...e.querySelectorAll("*")].filter(x => x.getBoundingClientRect().right > e.getBoundingClientRect().right + 0.5).slice(-1)[0]?.outerHTML.slice(0, 160) || "")`

// sameIDs lists the ids that the page gives more than once.
const sameIDs = `[...new Set([...document.querySelectorAll("[id]")].map(e => e.id).filter((id, n, all) => all.indexOf(id) !== n))]`

// lostPictures returns pictures that could not be shown. Those further down may
// still wait to be asked for.
const lostPictures = `() => [...document.images].filter(i => i.getClientRects().length && !(i.complete && i.naturalWidth > 0) && !(i.loading === "lazy" && !i.complete))
	.map(i => i.outerHTML.slice(0, 200))`

// openMenus opens each menu for a moment and returns those that leave the
// window.
const openMenus = `() => [...document.querySelectorAll("details.menu:not([open])")].map(d => {
	if (!d.getClientRects().length) return ""
	d.open = true
	const wide = document.documentElement.clientWidth
	const out = [...d.querySelectorAll("*")].filter(e => {
		const r = e.getBoundingClientRect()
		return r.width && e.checkVisibility({visibilityProperty: true}) && (r.right > wide + 0.5 || r.left < -0.5)
	}).map(e => Math.round(e.getBoundingClientRect().left) + " to " + Math.round(e.getBoundingClientRect().right) + " " + e.outerHTML.slice(0, 160))
	if (document.scrollingElement.scrollWidth > wide) out.push("the page scrolls sideways to " + document.scrollingElement.scrollWidth)
	const text = d.querySelector("summary").innerText.trim()
	d.open = false
	return out.length ? text + ": " + out.slice(0, 3).join(" … ") : ""
}).filter(Boolean)`

func (tab *Tab) shoot(name string) {
	tab.t.Helper()
	if screenshots() == "" {
		return
	}
	ctx, cancel := context.WithTimeout(tab.ctx, stepTime)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = keepScreenshot(strings.ReplaceAll(name, " ", "-"), png)
	}
	if err != nil {
		tab.t.Errorf("picture of %s: %v", name, err)
	}
}
