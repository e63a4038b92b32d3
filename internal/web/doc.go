// Package web answers people: server-rendered HTML that works without
// scripts, on small screens, for screen readers, in light and dark, on paper.
//
// # A page
//
// A page is a struct that embeds [Page], a template, and a handler that fills
// the one and renders the other:
//
//	type badgeListPage struct {
//		Page
//		Badges []badgecard
//	}
//
//	p := &badgeListPage{Page: Page{Title: "Badges"}, Badges: …}
//	return s.render(w, r, http.StatusOK, "console/badge_list.html", p)
//
// The template is a file below templates/. It names its layout and defines
// what goes into it:
//
//	{{template "console" .}}
//	{{define "main"}}
//	<div class="top"><h1>{{.Title}}</h1>…</div>
//	{{end}}
//
// Layouts: "public" (no forms: the small style sheet), "public-form", "sheet"
// (one narrow column; {{define "sheet-class"}} wide{{end}} widens it) and
// "console" (side navigation from Page.Nav.Items). All of them need "main" and
// take an optional "extra" for the head. A page has one h1. Every template is
// parsed, in every language, when the server starts.
//
// Set Page.Secret where the address or the page holds a secret; Page.Problems
// to problemsOf(err) where a form is shown again; Page.Refresh to some seconds
// where a long job is watched; Page.Accent to the organisation's colour;
// Page.Flash to say what has just happened.
//
// # Texts
//
// Every word comes from internal/locale/en/*.json: common.json for what
// layouts and components say, public.json, console.json and mail.json for the
// rest. Ids are "page.thing". In templates:
//
//	{{t "award.title"}}                      text
//	{{t "badge.count" "count" .Awards}}      plural by "count"; {count} is written as a number
//	{{th "award.to" "name" (strong .Name)}}  text with markup: words and plain arguments are escaped
//	{{t (print "state." .State)}}            one of a family
//
// and in Go printer.T("id", args). A test finds ids without a text. Markup for
// th: (strong s), (bdi s), (anchor url text), (day time), (moment time). Names of
// people stand in <bdi>, so that Hebrew and Arabic names keep their order.
//
// Other functions: date, datetime, clock, number, country, language (of a tag),
// markdown (safe), icon "name" (static/icons.svg), asset "app.css", host (of an
// address), initial (of a name), next (n+1), texts (a list), linkable (may this
// foreign address stand in a link?).
//
// # Parts
//
// A partial takes one struct from parts.go, made by the function of the same
// name; a wrong field fails the rendering test. /styleguide, served in
// development, shows each with its states.
//
//	{{template "notice" (notice "Kind" "wait" "Title" … "Text" … "URL" … "Link" …)}}
//	{{template "verdict" (verdict "Kind" "good" "Headline" … "Text" … "Big" true)}}
//	{{template "problems" .Problems}}  above each form
//	{{template "field" (field "Name" "email" "Label" (t …) "Type" "email" "Value" .Email "Error" (.Problems.At "email") "Required" true)}}
//	{{template "checkbox" (checkbox "Name" … "Label" … "Checked" true)}}
//	{{template "choices" (choices "Name" … "Legend" … "Look" "cards" "Value" … "Options" (options (option …) …))}}
//	{{template "required-note"}}
//	{{template "stage" (stage "Picture" … "Alt" … "Mark" … "Kind" … "Faded" true)}}
//	<ul class="grid"><li>{{template "badgecard" (badgecard "URL" … "Picture" … "Name" … "Tag" (tag …))}}</li></ul>
//	{{template "tag" (tag "Kind" "good" "Text" …)}}
//	{{template "facts" (facts (fact "Term" … "Text" …) …)}}
//	<ul class="stats">{{template "stat" (stat "Value" (number 12) "Label" …)}}</ul>
//	{{template "empty" (empty "Icon" "award" "Title" … "Text" … "URL" … "Action" …)}}
//	{{template "steps" (steps "Current" 2 "Items" (texts …))}}
//	{{template "progress" (progress "ID" … "Label" … "Done" … "Total" … "URL" … "Finished" …)}}
//	{{template "paging" (paging "Previous" … "Next" … "From" … "To" … "Total" …)}}
//	{{template "tabs" (tabs (tab "URL" … "Label" … "Current" true) …)}}
//	{{template "crumbs" (crumbs (crumb "URL" … "Label" …) (crumb "Label" …))}}
//	{{template "code" (code "ID" … "Label" … "Text" …)}}
//	{{template "copyfield" (copyfield "ID" … "Label" … "Value" …)}}
//	{{template "checklist" .Checks}}  []check
//	{{template "timeline" .Events}}  []moment
//	{{template "share" (share …)}} {{template "downloads" .Files}}
//	{{template "logo" .Issuer}}  anything with Name and Logo; {{template "by" .Issuer}} an issuerRef; {{template "skills" .Skills}} a []skill
//
// The id of a field is "f-" and its name; fault.Field paths must equal the
// names, so that the summary links to them.
//
// Patterns that are markup only: tables are <div class="card table"><table
// class="list stack"> with data-label on each td, and become cards on small
// screens; questions are <details class="confirm">; menus <details
// class="menu">; disclosures <details class="more">; two columns <div
// class="split"> with a <div class="stick">; a filter of a whole table
// <div class="tools" hidden> with data-filter; a live picture <form
// data-preview data-target>. The scripts in static/js explain their attributes.
//
// The content security policy allows nothing inline: no style attribute, no
// style or script element with content, no on… attribute.
package web
