package web

import (
	"strings"
	"testing"
)

func TestMarkdownIsHarmless(t *testing.T) {
	m := newMarkdown()
	for _, src := range []string{
		"<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))",
		"[x](data:text/html;base64,PHNjcmlwdD4=)", "[x](vbscript:x)", "<javascript:alert(1)>", "![x](https://evil.example/x.png)",
		"<a href=\"https://x.example\" onclick=\"x()\">x</a>", "<iframe src=https://evil.example></iframe>", "<style>body{display:none}</style>",
		"[x](https://x.example 'y\" onmouseover=\"alert(1)')", "<svg onload=alert(1)>", "[x]: javascript:alert(1)\n[x]", "```html\n<script>alert(1)</script>\n```",
	} {
		got := strings.ToLower(string(m.html(src)))
		for _, bad := range []string{"<script", "<img", "<iframe", "<style", "<svg", "href=\"javascript", "href=\"data", "href=\"vbscript", " onclick", " onmouseover=\"a", " onerror=a"} {
			if strings.Contains(strings.ReplaceAll(got, "&#34;", "\""), bad) && !strings.Contains(got, "&lt;") {
				t.Errorf("%q gives %s", src, got)
			}
		}
	}
}

func TestMarkdownKeepsWhatItMeans(t *testing.T) {
	m := newMarkdown()
	for src, want := range map[string]string{
		"1. a\n2. b":                  "<li>a</li>",
		"3. a":                        `<ol start="3">`,
		"**a** *b* ~~c~~":             "<strong>a</strong> <em>b</em> <del>c</del>",
		"# Big":                       "<h3>Big</h3>",
		"###### Small":                "<h6>Small</h6>",
		"[a](https://a.example/?b=c)": `<a href="https://a.example/?b=c" rel="nofollow noreferrer">a</a>`,
		"see https://a.example now":   `<a href="https://a.example"`,
		"a < b & c":                   "a &lt; b &amp; c",
		"before ![x](https://x.example/x.png) after": "before  after",
		"| a | b |\n|---|--:|\n| 1 | 2 |":            `<td align="right">2</td>`,
	} {
		if got := string(m.html(src)); !strings.Contains(got, want) {
			t.Errorf("%q gives %s, without %s", src, got, want)
		}
	}
}

func TestMarkdownLimitsItsWork(t *testing.T) {
	long := strings.Repeat("[", markdownLimit) + "<b>"
	if got := string(newMarkdown().html(long)); !strings.HasSuffix(got, "&lt;b&gt;</p>") {
		t.Errorf("a text that is too long was rendered: …%s", got[len(got)-40:])
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, seed := range []string{"# a\n\n1. b", "[a](javascript:b)", "<b onclick=c>", "![a](b)", "|a|\n|-|\n|b|"} {
		f.Add(seed)
	}
	m := newMarkdown()
	f.Fuzz(func(t *testing.T, src string) {
		got := strings.ToLower(string(m.html(src)))
		for _, bad := range []string{"<script", "<img", "<iframe", "<style", "href=\"javascript:"} {
			if strings.Contains(got, bad) {
				t.Errorf("%q gives %s", src, got)
			}
		}
	})
}

// What would take the square of its length is shown as it was written.
func TestMarkdownIsBounded(t *testing.T) {
	m := newMarkdown()
	wide := strings.Repeat("|a", 300)
	for name, src := range map[string]string{
		"a wide table":    wide + "|\n" + strings.Repeat("|-", 300) + "|\n" + strings.Repeat("|x\n", 300),
		"emphasis":        strings.Repeat("_a*", 1000),
		"links":           strings.Repeat("[a](", 2500),
		"quotes":          strings.Repeat("> ", 2500),
		"a very long one": strings.Repeat("a ", markdownLimit),
	} {
		if got := string(m.html(src)); len(got) > 6*len(src)+100 || strings.Contains(got, "<table") {
			t.Errorf("%s of %d bytes becomes %d", name, len(src), len(got))
		}
	}
	if got := string(m.html("| a | b |\n|---|---|\n| 1 | 2 |")); !strings.Contains(got, "<td>1</td>") {
		t.Errorf("a small table: %s", got)
	}
}

// Nor is deep JSON indented to the square of its length.
func TestShownJSONIsBounded(t *testing.T) {
	deep := strings.Repeat("[", 20000) + strings.Repeat("]", 20000)
	if text, _ := shown([]byte(deep)); len(text) > len(deep) {
		t.Errorf("%d bytes become %d", len(deep), len(text))
	}
	if text, _ := shown([]byte(`{"a":1}`)); text != "{\n  \"a\": 1\n}" {
		t.Errorf("got %s", text)
	}
}
