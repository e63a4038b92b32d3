package web

// sample is one page with data that looks like life.
type sample struct {
	name   string
	page   string
	status int
	data   pageData
}

func samplePages() []sample { return nil }
