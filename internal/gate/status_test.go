package gate

import (
	"errors"
	"fmt"
	"testing"

	"github.com/roundel/roundel/internal/fault"
)

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{errors.New("disk"), 500}, {nil, 500},
		{fault.Invalidf("No."), 422}, {fault.NotFoundf("No."), 404}, {fault.Forbiddenf("No."), 403},
		{fault.Conflictf("No."), 409}, {fault.Unavailablef("No."), 503},
		{fmt.Errorf("award: %w", fault.NotFoundf("No.")), 404},
	} {
		if got := Status(c.err); got != c.want {
			t.Errorf("%v: %d, want %d", c.err, got, c.want)
		}
	}
}
