package picture

// Palette is a set of colours that belong together. All are "#rrggbb".
type Palette struct {
	ID, Name string
	Ring     string // the outer body
	Face     string // the disc in the middle
	Ink      string // icon and engraving, on Face
	RingInk  string // words on the ring
	Accent   string // thin lines, ribbon, leaves
}

// Palettes returns the curated palettes, the default one first. In each, Ink
// reads on Face and RingInk on Ring.
func Palettes() []Palette {
	return []Palette{
		{"northlight", "Northlight blue", "#1f3aa8", "#2a4fd0", "#fff5dc", "#fff5dc", "#ffd98a"},
		{"pine", "Pine green", "#0d5341", "#147459", "#f3fbe8", "#f3fbe8", "#f2cf7a"},
		{"rust", "Rust", "#74290f", "#a34019", "#fff0dc", "#fff0dc", "#f7c97f"},
		{"plum", "Plum", "#451a59", "#6a2c85", "#fbeeff", "#fbeeff", "#f0b6d3"},
		{"midnight", "Midnight and gold", "#0d1b2e", "#182c49", "#f3dca6", "#f3dca6", "#d9a94c"},
		{"graphite", "Graphite and silver", "#20242b", "#363c46", "#f4f6f8", "#f4f6f8", "#aeb8c5"},
		{"lagoon", "Lagoon", "#0a4660", "#0f6a87", "#edfbff", "#edfbff", "#8fe3d6"},
		{"berry", "Berry", "#741233", "#a31d4a", "#fff0f3", "#fff0f3", "#ffbcc9"},
		{"meadow", "Meadow", "#28511a", "#3d7728", "#fbffea", "#fbffea", "#ffe28f"},
		{"teal", "Teal and amber", "#0f4541", "#0f6f67", "#e9fffb", "#e9fffb", "#fbc65a"},
		{"paper-navy", "Paper and navy", "#16325c", "#f8f2e3", "#16325c", "#f8f2e3", "#c8963e"},
		{"paper-forest", "Paper and forest", "#1b4a37", "#f5f2e5", "#1b4a37", "#f5f2e5", "#b98a33"},
		{"paper-wine", "Paper and wine", "#5a182a", "#fcf3ec", "#5a182a", "#fcf3ec", "#c58b5a"},
		{"sky", "Sky", "#1a4977", "#dfeef9", "#153c64", "#eef6fd", "#f2a65a"},
		{"sunrise", "Sunrise", "#7d3310", "#f7cd6b", "#4f2508", "#fff4da", "#ffe6ad"},
		{"bronze", "Bronze", "#4a2b16", "#84522a", "#fff1d8", "#fff1d8", "#e3b27c"},
		{"silver", "Silver", "#474f5c", "#e6e9ed", "#363f4d", "#fafbfc", "#b4bcc8"},
		{"gold", "Gold", "#614506", "#f4d683", "#4a3603", "#fff7dd", "#e0b23c"},
	}
}

// Paint returns d in the colours of p.
func (p Palette) Paint(d Design) Design {
	d.Ring, d.Face, d.Ink, d.RingInk, d.Accent = p.Ring, p.Face, p.Ink, p.RingInk, p.Accent
	return d
}
