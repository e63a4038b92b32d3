package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Tab is one person's window, with cookies of its own. Its methods fail the
// test when something is not as it should be.
type Tab struct {
	t testing.TB
	*window
}

type window struct {
	browser *Browser
	ctx     context.Context
	base    string
	host    string
	width   int64 // as Look has set them
	scheme  string

	mu       sync.Mutex
	problems []string
	refused  []refusal // what the server answered with an error status
	expected map[string]bool
}

type refusal struct{ url, text string }

// WithoutScripts makes a tab in which no page's scripts run.
func WithoutScripts() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	})
}

// Tab opens a window for somebody new, after the given steps. It is closed when
// t ends.
func (b *Browser) Tab(t testing.TB, before ...chromedp.Action[chromedp.Void]) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	base, err := url.Parse(b.base)
	if err != nil {
		t.Fatal(err)
	}
	tab := &Tab{t, &window{browser: b, ctx: ctx, base: b.base, host: base.Host, expected: map[string]bool{}}}
	if err := chromedp.Listen(ctx, tab.watch); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	tab.do("open a tab", chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
		return err
	}))
	tab.do("open a tab", before...)
	tab.Look(1280, "light")
	return tab
}

// For returns the same window for a part of the test, which its methods fail.
func (tab *Tab) For(t testing.TB) *Tab { return &Tab{t, tab.window} }

// watch notes what a page must not do. It runs in the loop that reads the
// browser's messages.
func (tab *window) watch(event any) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		if err != nil || (u.Scheme != "data" && u.Scheme != "blob" && u.Scheme != "about" && u.Host != tab.host) {
			tab.problems = append(tab.problems, fmt.Sprintf("%s asked another host for %s", e.DocumentURL, e.Request.URL))
		}
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		tab.problems = append(tab.problems, fmt.Sprintf("script error at %s: %s", e.ExceptionDetails.URL, text))
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" || e.Type == "assert" {
			tab.problems = append(tab.problems, fmt.Sprintf("console %s: %s", e.Type, arguments(e.Args)))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level != log.EntryLevelError && e.Entry.Level != log.EntryLevelWarning {
			return
		}
		if e.Entry.Source == log.EntrySourceNetwork {
			tab.refused = append(tab.refused, refusal{e.Entry.URL, e.Entry.Text})
			return
		}
		tab.problems = append(tab.problems, fmt.Sprintf("%s: %s (%s)", e.Entry.Source, e.Entry.Text, e.Entry.URL))
	}
}

func arguments(args []*runtime.RemoteObject) string {
	var words []string
	for _, a := range args {
		words = append(words, string(a.Value)+a.Description)
	}
	return strings.Join(words, " ")
}

// CheckQuiet fails the test for everything that the tab's pages did and must
// not: asking other hosts, errors in scripts or console, breaking the content
// security policy, files that could not be loaded.
func (tab *Tab) CheckQuiet() {
	tab.t.Helper()
	tab.mu.Lock()
	defer tab.mu.Unlock()
	for _, r := range tab.refused {
		if !tab.expected[r.url] {
			tab.problems = append(tab.problems, r.text+" "+r.url)
		}
	}
	slices.Sort(tab.problems)
	for _, p := range slices.Compact(tab.problems) {
		tab.t.Error(p)
	}
}

// do runs steps, each within the time for a step.
func (tab *Tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	for _, step := range steps {
		ctx, cancel := context.WithTimeout(tab.ctx, stepTime)
		err := chromedp.Do(ctx, step)
		cancel()
		if err != nil {
			tab.t.Fatalf("%s at %s: %v\nthe page: %.1500s", what, tab.where(), err, tab.pageText())
		}
	}
}

// visit runs steps that lead to another page, and checks its status.
func (tab *Tab) visit(what string, want int, steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, stepTime)
	defer cancel()
	answer, err := chromedp.RunResponse(ctx, steps...)
	if err != nil {
		tab.t.Fatalf("%s at %s: %v\nthe page: %.1500s", what, tab.where(), err, tab.pageText())
	}
	if answer == nil {
		tab.t.Fatalf("%s: no answer", what)
	}
	if want >= 400 {
		tab.mu.Lock()
		tab.expected[answer.URL] = true
		tab.mu.Unlock()
	}
	if int(answer.Status) != want {
		tab.t.Fatalf("%s: %s answered %d, want %d\nthe page: %.1500s", what, answer.URL, answer.Status, want, tab.pageText())
	}
}

// Open goes to a path of the installation, or to a whole address, and expects
// a page.
func (tab *Tab) Open(address string) { tab.t.Helper(); tab.OpenStatus(address, 200) }

// OpenStatus is Open for pages that come with another status.
func (tab *Tab) OpenStatus(address string, want int) {
	tab.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = tab.base + address
	}
	tab.visit("open "+address, want, chromedp.Navigate(address))
}

// Reload loads the page again.
func (tab *Tab) Reload() { tab.t.Helper(); tab.visit("reload", 200, chromedp.Reload()) }

// Path returns the path, query and fragment of the page.
func (tab *Tab) Path() string { return strings.TrimPrefix(tab.where(), tab.base) }

func (tab *Tab) where() string {
	ctx, cancel := context.WithTimeout(tab.ctx, stepTime)
	defer cancel()
	address, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		return err.Error()
	}
	return address
}

func (tab *Tab) pageText() string {
	ctx, cancel := context.WithTimeout(tab.ctx, stepTime)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.EvaluateAsDevTools[string](`document.body ? document.body.innerText.replace(/\s+/g, " ") : ""`))
	if err != nil {
		return err.Error()
	}
	return text
}

// Eval runs an expression of JavaScript in the page, even where the page's own
// scripts do not run, and reads what it gives.
func Eval[T any](tab *Tab, expression string) T {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, stepTime)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.EvaluateAsDevTools[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		tab.t.Fatalf("at %s: %v\nin: %.300s", tab.where(), err, expression)
	}
	return v
}

// call is the text that calls a function with arguments.
func call(function string, args ...any) string {
	var texts []string
	for _, a := range args {
		text, err := json.Marshal(a)
		if err != nil {
			panic(err) // only texts, numbers and lists of them are passed
		}
		texts = append(texts, string(text))
	}
	return "(" + function + ")(" + strings.Join(texts, ", ") + ")"
}
