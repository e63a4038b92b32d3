package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// find marks the link, button or menu that says words, as people see it. An
// open dialog hides what is behind it. A whole match comes before a beginning,
// and the main part before the rest.
const find = `words => {
	const text = e => (e.innerText || "").replace(/\s+/g, " ").trim()
	const dialog = document.querySelector("dialog[open]")
	const all = [...(dialog || document).querySelectorAll("a[href], button, summary")]
		.filter(e => e.getClientRects().length && e.checkVisibility({visibilityProperty: true}) && !e.closest("[aria-hidden=true]"))
	const main = e => e.closest("main, dialog") ? 0 : 1
	const match = e => text(e) === words ? 0 : text(e).startsWith(words) ? 2 : 9
	const [best] = all.filter(e => match(e) < 9).sort((a, b) => match(a) + main(a) - match(b) - main(b))
	for (const e of document.querySelectorAll("[data-apptest]")) delete e.dataset.apptest
	if (!best) return all.map(text).join(" | ")
	best.dataset.apptest = ""
	best.scrollIntoView({block: "center", behavior: "instant"})
	return ""
}`

const marked = chromedp.CSS("[data-apptest]")

func (tab *Tab) mark(words string) {
	tab.t.Helper()
	if others := Eval[string](tab, call(find, words)); others != "" {
		tab.t.Fatalf("nothing to press says %q at %s; there is: %s", words, tab.where(), others)
	}
}

// Press clicks the link or button that says words, which leads to a page.
func (tab *Tab) Press(words string) { tab.t.Helper(); tab.PressStatus(words, 200) }

// PressStatus is Press for a page that comes with another status.
func (tab *Tab) PressStatus(words string, want int) {
	tab.t.Helper()
	tab.mark(words)
	tab.visit("press "+words, want, chromedp.Click(marked))
}

// Answer opens the question behind the words ask, and presses the button that
// says answer in it, with scripts or without.
func (tab *Tab) Answer(ask, answer string) {
	tab.t.Helper()
	tab.Click(ask)
	tab.Wait("dialog[open] button, details.confirm[open] button")
	if !Eval[bool](tab, call(`words => {
		const [best] = [...document.querySelectorAll("dialog[open] button, details.confirm[open] button")].filter(e => e.innerText.trim() === words)
		for (const e of document.querySelectorAll("[data-apptest]")) delete e.dataset.apptest
		if (best) best.dataset.apptest = ""
		best?.scrollIntoView({block: "center", behavior: "instant"})
		return Boolean(best)
	}`, answer)) {
		tab.t.Fatalf("the question behind %q has no answer %q", ask, answer)
	}
	tab.visit("answer "+answer, 200, chromedp.Click(marked))
}

// Click clicks what says words and stays on the page.
func (tab *Tab) Click(words string) {
	tab.t.Helper()
	tab.mark(words)
	tab.do("click "+words, chromedp.Click(marked))
}

// Has reports whether something to press says words.
func (tab *Tab) Has(words string) bool {
	tab.t.Helper()
	return Eval[string](tab, call(find, words)) == ""
}

// Pick chooses the radio button or checkbox with the name and value, by its
// label.
func (tab *Tab) Pick(name, value string) {
	tab.t.Helper()
	input := fmt.Sprintf(`input[name=%q][value=%q]`, name, value)
	if !Eval[bool](tab, call(`s => {
		const e = document.querySelector(s)
		e?.closest("label")?.scrollIntoView({block: "center", behavior: "instant"})
		return Boolean(e)
	}`, input)) {
		tab.t.Fatalf("%s has no choice %q at %s", name, value, tab.where())
	}
	tab.do(fmt.Sprintf("pick %s %s", name, value), chromedp.Click(chromedp.CSS("label:has("+input+")")))
	if !Eval[bool](tab, call(`s => document.querySelector(s).checked`, input)) {
		tab.t.Fatalf("clicking the label of %s %s does not choose it", name, value)
	}
}

func named(name string) string { return fmt.Sprintf("[name=%q]", name) }

// Fill writes text into the field with the name, in place of what is there.
func (tab *Tab) Fill(name, text string) { tab.t.Helper(); tab.FillAt(named(name), text) }

// Value returns what the field with the name holds.
func (tab *Tab) Value(name string) string {
	tab.t.Helper()
	return Eval[string](tab, call(`s => document.querySelector(s).value`, named(name)))
}

// Choose takes the entry of a select.
func (tab *Tab) Choose(name, value string) {
	tab.t.Helper()
	got := Eval[string](tab, call(`(s, v) => {
		const e = document.querySelector(s)
		e.value = v
		e.dispatchEvent(new Event("input", {bubbles: true}))
		e.dispatchEvent(new Event("change", {bubbles: true}))
		return e.value
	}`, named(name), value))
	if got != value {
		tab.t.Fatalf("%s has no entry %q", name, value)
	}
}

// Upload gives files to the field with the name.
func (tab *Tab) Upload(name string, files ...string) {
	tab.t.Helper()
	tab.do("upload "+name, chromedp.SetUploadFiles(chromedp.CSS(named(name)), files))
}

// Wait waits until the selector finds something visible.
func (tab *Tab) Wait(selector string) {
	tab.t.Helper()
	tab.do("wait for "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
}

// Until waits until an expression of JavaScript is true in the page. The page
// must stay.
func (tab *Tab) Until(what, expression string) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, stepTime)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](expression)); err != nil {
		tab.t.Fatalf("waiting until %s at %s: %v\nthe page: %.1500s", what, tab.where(), err, tab.pageText())
	}
}

// Text returns what a person reads at the selector, in one line.
func (tab *Tab) Text(selector string) string {
	tab.t.Helper()
	return Eval[string](tab, call(`s => {
		const e = document.querySelector(s)
		return e ? e.innerText.replace(/\s+/g, " ").trim() : "(nothing is at " + s + ")"
	}`, selector))
}

// Says fails the test unless the words stand on the page, in capitals or not.
func (tab *Tab) Says(words ...string) {
	tab.t.Helper()
	text := tab.pageText()
	for _, w := range words {
		if !strings.Contains(strings.ToLower(text), strings.ToLower(w)) {
			tab.t.Errorf("the page at %s does not say %q: %.3000s", tab.where(), w, text)
		}
	}
}

// SaysNot fails the test if the words stand on the page.
func (tab *Tab) SaysNot(words ...string) {
	tab.t.Helper()
	text := tab.pageText()
	for _, w := range words {
		if strings.Contains(strings.ToLower(text), strings.ToLower(w)) {
			tab.t.Errorf("the page at %s says %q: %.3000s", tab.where(), w, text)
		}
	}
}

// Download presses what says words and returns the file that comes, with the
// name that the server gave it.
func (tab *Tab) Download(words string) (name string, data []byte) {
	tab.t.Helper()
	dir := tab.t.TempDir()
	yes := true
	tab.mark(words)
	ctx, cancel := context.WithTimeout(tab.ctx, stepTime)
	defer cancel()
	c := chromedp.FromContext(tab.ctx)
	_, err := chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllowAndName, DownloadPath: dir, EventsEnabled: &yes, BrowserContextID: c.BrowserContextID,
	})
	if err != nil {
		tab.t.Fatalf("download %s: %v", words, err)
	}
	begun := make(chan *browser.EventDownloadWillBegin, 8)
	ended := make(chan *browser.EventDownloadProgress, 64)
	listening, stop := context.WithCancel(ctx)
	defer stop()
	err = chromedp.ListenBrowser(listening, func(event any) {
		switch e := event.(type) {
		case *browser.EventDownloadWillBegin:
			begun <- e
		case *browser.EventDownloadProgress:
			if e.State != browser.DownloadProgressStateInProgress {
				ended <- e
			}
		}
	})
	if err != nil {
		tab.t.Fatalf("download %s: %v", words, err)
	}
	tab.do("download "+words, chromedp.Click(marked))
	select {
	case e := <-ended:
		b := <-begun
		if e.State != browser.DownloadProgressStateCompleted {
			tab.t.Fatalf("download %s: %s", words, e.State)
		}
		if data, err = os.ReadFile(filepath.Join(dir, b.GUID)); err != nil {
			tab.t.Fatal(err)
		}
		return b.SuggestedFilename, data
	case <-ctx.Done():
		tab.t.Fatalf("download %s: nothing came", words)
	}
	return "", nil
}

// Look sets how wide the window is, in CSS pixels, and the colour scheme that
// the reader prefers, "light" or "dark".
func (tab *Tab) Look(width int64, scheme string) {
	tab.t.Helper()
	height := int64(900)
	if width < 500 {
		height = 844
	}
	tab.do("look "+strconv.FormatInt(width, 10), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		if tab.width != width {
			size := emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1}
			if _, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, size); err != nil {
				return err
			}
		}
		if tab.scheme != scheme {
			media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
			}}
			if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media); err != nil {
				return err
			}
		}
		tab.width, tab.scheme = width, scheme
		return nil
	}))
}

// FillAt is Fill for a field that a selector finds.
func (tab *Tab) FillAt(selector, text string) {
	tab.t.Helper()
	tab.do("fill "+selector, chromedp.Focus(chromedp.CSS(selector)), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		if _, err := chromedp.Run(ctx, chromedp.EvaluateAsDevTools[bool](`document.activeElement.select(), true`)); err != nil {
			return err
		}
		_, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: text})
		return err
	}))
	if got := Eval[string](tab, call(`s => document.querySelector(s).value`, selector)); got != text {
		tab.t.Fatalf("%s holds %q after writing %q", selector, got, text)
	}
}
