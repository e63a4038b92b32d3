package web

// faultPage says what went wrong, and what to do now. Its title and advice
// come from the catalogue by Status: 403, 404, 410, 422, 500 or 503.
type faultPage struct {
	Page
	Status    int
	Message   string
	RequestID string // to name when asking for help; may be ""
}

// Known returns the status that the catalogue has words for.
func (p *faultPage) Known() int {
	switch p.Status {
	case 403, 404, 410, 422, 503:
		return p.Status
	case 400, 409, 413, 415:
		return 422
	case 429:
		return 503
	}
	return 500
}
