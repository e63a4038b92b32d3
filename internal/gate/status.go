package gate

import (
	"errors"
	"net/http"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/guard"
)

// Status returns the HTTP status that says what kind of fault err is: 500 for
// what is none.
func Status(err error) int {
	var limit *guard.LimitError
	if errors.As(err, &limit) {
		return http.StatusTooManyRequests
	}
	switch fault.KindOf(err) {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.Conflict:
		return http.StatusConflict
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
