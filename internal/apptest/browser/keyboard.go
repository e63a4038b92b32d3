package browser

import (
	"context"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// focused describes the element that has the focus: what it is called, whether
// the focus can be seen there, and whether something covers it.
const focused = `() => {
	const e = document.activeElement
	if (!e || e === document.body || e === document.documentElement) return {at: ""}
	const all = window.apptestOrder ||= [...document.querySelectorAll("*")]
	const label = e.labels?.[0]
	const name = (e.innerText || e.getAttribute("aria-label") || label?.innerText || e.name || "").replace(/\s+/g, " ").trim().slice(0, 60)
	// A hidden radio button shows its focus on its label, a link that covers
	// its card on that.
	const seen = [[e], [e, "::after"], [e.closest("label")], [e.parentElement]].filter(([x]) => x).some(([x, part]) => {
		const s = getComputedStyle(x, part)
		return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 && s.outlineColor !== "rgba(0, 0, 0, 0)"
	})
	const box = (getComputedStyle(e).opacity === "0" || e.getBoundingClientRect().width < 3) && e.closest("label") || e
	const r = box.getBoundingClientRect()
	let hit = false
	for (const x of [0.1, 0.5, 0.9]) for (const y of [0.1, 0.5, 0.9]) {
		const at = document.elementFromPoint(r.left + r.width * x, r.top + r.height * y)
		hit ||= at && (box.contains(at) || at.contains(box) && at !== document.body && at !== document.documentElement && at.tagName !== "MAIN" || at.closest?.("label") === box)
	}
	return {at: String(all.indexOf(e)), what: e.tagName.toLowerCase() + " " + name, seen, covered: !hit}
}`

type focus struct {
	At      string `json:"at"`
	What    string `json:"what"`
	Seen    bool   `json:"seen"`
	Covered bool   `json:"covered"`
}

// reachable lists what Tab has to reach, by the same numbers as focused. Of a
// group of radio buttons it reaches one.
const reachable = `() => {
	const all = window.apptestOrder ||= [...document.querySelectorAll("*")]
	const groups = new Set()
	return all.filter(e => {
		if (!e.matches("a[href], button, input, select, textarea, summary, [tabindex='0']") || e.disabled || e.type === "hidden" || e.tabIndex < 0) return false
		if (!e.getClientRects().length || !e.checkVisibility({visibilityProperty: true})) return false
		if (e.type === "radio") {
			const group = [...document.getElementsByName(e.name)].find(x => x.checked) || e
			if (group !== e || groups.has(e.name)) return false
			groups.add(e.name)
		}
		return true
	}).map(e => [String(all.indexOf(e)), e.outerHTML.slice(0, 120)])
}`

// fromTheTop makes the next Tab the first one, as on a page just loaded.
const fromTheTop = `(() => {
	document.body.tabIndex = -1
	document.body.focus()
	document.body.blur()
	document.body.removeAttribute("tabindex")
	window.scrollTo(0, 0)
	return true
})()`

// listen notes where the focus is whenever Tab is about to take it on: by then
// the page has scrolled to it.
const listen = `function() {
	window.apptestWalk = []
	const state = ` + focused + `
	window.addEventListener("keydown", () => window.apptestWalk.push(state()), {capture: true, signal: (window.apptestStop = new AbortController()).signal})
	return true
}`

// CheckKeyboard walks through the page with the Tab key: first comes the link
// that skips to the main part, every control is reached, and the focus can
// always be seen.
func (tab *Tab) CheckKeyboard(name string) {
	tab.t.Helper()
	defer tab.spent("keyboard")()
	Eval[bool](tab, fromTheTop)
	want := Eval[[][]string](tab, call(reachable))
	Eval[bool](tab, call(listen))
	keys := len(want) + 2 + 8*Eval[int](tab, `document.querySelectorAll("input[type=date], input[type=datetime-local]").length`) // a date has more stops than one
	tab.do("walk by Tab", chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		for range keys {
			if _, err := chromedp.Call(ctx, input.DispatchKeyEvent, tabKey); err != nil {
				return err
			}
		}
		return nil
	}))
	walk := Eval[[]focus](tab, `window.apptestStop.abort(), window.apptestWalk`)
	visited, last := map[string]bool{}, ""
	for step, f := range walk[1:] { // the first is where the walk began
		if step == 0 && !strings.HasPrefix(f.What, "a Skip") {
			tab.t.Errorf("%q: the first Tab reaches %q, not the link to the main part", name, f.What)
		}
		if f.At == "" || visited[f.At] && f.At != last {
			break // once around
		}
		if f.At == last {
			continue
		}
		visited[f.At], last = true, f.At
		if !f.Seen {
			tab.t.Errorf("%q: the focus cannot be seen on %q", name, f.What)
		}
		if f.Covered {
			tab.t.Errorf("%q: something covers %q while it has the focus", name, f.What)
		}
	}
	for _, w := range want {
		if !visited[w[0]] {
			tab.t.Errorf("%q: Tab does not reach %s", name, w[1])
		}
	}
}

var tabKey = input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeRawKeyDown, Key: "Tab", Code: "Tab", WindowsVirtualKeyCode: 9, NativeVirtualKeyCode: 9}

// Key presses a key.
func (tab *Tab) Key(key string) {
	tab.t.Helper()
	tab.do(fmt.Sprintf("key %q", key), chromedp.KeyEvent(key))
}

// TabTo presses Tab until the focus is on something that says words; words that
// end with … are a beginning.
func (tab *Tab) TabTo(words string) {
	tab.t.Helper()
	begin, open := strings.CutSuffix(words, "…")
	tab.tabUntil(words, func() (string, bool) {
		f := Eval[focus](tab, call(focused))
		_, text, _ := strings.Cut(f.What, " ")
		return f.What, text == words || open && strings.HasPrefix(text, begin)
	})
}

func (tab *Tab) tabUntil(what string, there func() (met string, yes bool)) {
	tab.t.Helper()
	var all []string
	for range 200 {
		tab.Key(kb.Tab)
		met, yes := there()
		if yes {
			return
		}
		all = append(all, met)
	}
	tab.t.Fatalf("Tab does not reach %q at %s; it reaches %s", what, tab.where(), strings.Join(all[:min(40, len(all))], " | "))
}

// tabToField presses Tab until the focus is on a field with the name, and with
// the value unless that is empty.
func (tab *Tab) tabToField(name, value string) {
	tab.t.Helper()
	tab.tabUntil("the field "+name+" "+value, func() (string, bool) {
		f := Eval[struct{ Name, Value string }](tab, `({Name: document.activeElement?.name || "", Value: document.activeElement?.value || ""})`)
		return f.Name, f.Name == name && (value == "" || f.Value == value)
	})
}

// KeyPress reaches what says words by Tab and presses Enter, which leads to a
// page.
func (tab *Tab) KeyPress(words string) {
	tab.t.Helper()
	Eval[bool](tab, fromTheTop)
	tab.TabTo(words)
	tab.KeyEnter(200)
}

// KeyEnter presses Enter, which leads to a page that comes with a status.
func (tab *Tab) KeyEnter(want int) {
	tab.t.Helper()
	tab.visit("Enter", want, chromedp.KeyEvent(kb.Enter))
}

// KeyFill reaches the field with the name by Tab and types text in place of
// what is there: Tab has selected it.
func (tab *Tab) KeyFill(name, text string) {
	tab.t.Helper()
	tab.tabToField(name, "")
	tab.do("type into "+name, chromedp.KeyEvent(text))
	if got := Eval[string](tab, `document.activeElement.value`); got != text {
		tab.t.Fatalf("%s holds %q after typing %q", name, got, text)
	}
}

// KeyPick reaches the radio button or checkbox with the name and value by Tab,
// in a group of radio buttons by the arrows, and chooses it.
func (tab *Tab) KeyPick(name, value string) {
	tab.t.Helper()
	field := fmt.Sprintf(`document.querySelector('input[name=%q][value=%q]')`, name, value)
	if Eval[string](tab, field+".type") == "checkbox" {
		tab.tabToField(name, value)
		tab.Key(" ")
	} else {
		tab.tabToField(name, "")
		if !Eval[bool](tab, `document.activeElement.checked`) {
			tab.Key(" ")
		}
		for range Eval[int](tab, fmt.Sprintf(`document.getElementsByName(%q).length`, name)) {
			if !Eval[bool](tab, field+".checked") {
				tab.Key(kb.ArrowDown)
			}
		}
	}
	if !Eval[bool](tab, field+".checked") {
		tab.t.Fatalf("the keyboard does not choose %s of %s", value, name)
	}
}

// KeyAsk reaches the button ask by Tab, which opens a question, fills in what it
// asks, and answers it by the button answer, all by keyboard. The page that this
// leads to comes with a status.
func (tab *Tab) KeyAsk(ask string, fill func(), answer string, want int) {
	tab.t.Helper()
	Eval[bool](tab, fromTheTop)
	tab.TabTo(ask)
	tab.Key(kb.Enter)
	tab.Wait("dialog[open]")
	if fill != nil {
		fill()
	}
	tab.TabTo(answer)
	tab.KeyEnter(want)
}
