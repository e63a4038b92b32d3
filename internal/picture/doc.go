// Package picture makes and cleans badge pictures.
//
// A badge picture is composed from a Design (shape, colours, icon, words on the
// ring) into an SVG that looks the same everywhere: words become paths, nothing
// is loaded from elsewhere, and the same design gives the same bytes. Pictures
// that people upload are parsed with limits, rebuilt from an allow-list and
// never shown as they came. Both kinds can be drawn as PNG.
package picture
