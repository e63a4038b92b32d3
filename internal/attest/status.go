package attest

import "sync"

// StatusRequest asks for a place in a status list.
type StatusRequest struct {
	Purpose string // revocation, suspension, refresh or message
}

// listCache lets one request build a list while others wait for it.
type listCache struct{ mu sync.Mutex }
