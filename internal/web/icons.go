package web

import (
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"regexp"
	"slices"
)

var iconSymbol = regexp.MustCompile(`<symbol id="([a-z0-9-]+)">(.*?)</symbol>`)

// loadIcons reads static/icons.svg: line icons on a 24 × 24 grid. They stand
// in the page itself, so that a verdict never waits for a second file.
func loadIcons(files fs.FS) (map[string]template.HTML, error) {
	data, err := fs.ReadFile(files, "icons.svg")
	if err != nil {
		return nil, fmt.Errorf("read icons: %w", err)
	}
	icons := map[string]template.HTML{}
	for _, m := range iconSymbol.FindAllSubmatch(data, -1) {
		icons[string(m[1])] = template.HTML(`<svg class="i" viewBox="0 0 24 24" aria-hidden="true">` + string(m[2]) + `</svg>`)
	}
	return icons, nil
}

// iconNames returns the names of all icons in alphabetical order.
func (x *renderer) iconNames() []string {
	return slices.Sorted(maps.Keys(x.icons))
}
