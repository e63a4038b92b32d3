package sqldb

import (
	"bytes"
	"runtime"
	"sync"
)

// writing remembers which goroutines are inside Write. A Write inside a Write
// would wait for its own end, and the functions that Write runs do not get a
// context that could carry a mark.
type writing struct{ goroutines sync.Map }

// enter notes the calling goroutine, or returns ErrNested when it is noted
// already. The function it returns takes the note away.
func (w *writing) enter() (leave func(), err error) {
	id := goroutine()
	if _, twice := w.goroutines.LoadOrStore(id, true); twice {
		return nil, ErrNested
	}
	return func() { w.goroutines.Delete(id) }, nil
}

// goroutine returns the number of the calling goroutine as the runtime prints
// it: "goroutine 42 [running]:".
func goroutine() string {
	var buf [40]byte
	line := buf[:runtime.Stack(buf[:], false)]
	line = bytes.TrimPrefix(line, []byte("goroutine "))
	number, _, _ := bytes.Cut(line, []byte(" "))
	return string(number)
}
