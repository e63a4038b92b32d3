package blob

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/roundel/roundel/internal/fault"
)

// fakeS3 is an S3 server of the test that counts requests and can be told to
// fail.
type fakeS3 struct {
	*httptest.Server
	requests atomic.Int64
	status   atomic.Int64 // answered instead, when set
}

func newFakeS3(t *testing.T) *fakeS3 {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	backend := s3mem.New()
	if err := backend.CreateBucket("badges"); err != nil {
		t.Fatal(err)
	}
	f := &fakeS3{}
	inner := gofakes3.New(backend).Server()
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.requests.Add(1)
		if s := f.status.Load(); s != 0 {
			w.WriteHeader(int(s))
			return
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *fakeS3) open(t *testing.T) Store {
	t.Helper()
	s, err := OpenStore(t.Context(), "s3://badges/some/prefix?region=us-east-1&endpoint="+f.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestS3RefusesAddresses(t *testing.T) {
	f := newFakeS3(t)
	for address, says := range map[string]string{
		"s3://":                        "s3://BUCKET/PREFIX",
		"s3://id:secret@badges":        "credentials come from the environment",
		"s3://badges?endpoint=ftp://x": "must be https://HOST",
		"s3://badges?secret=x":         `"secret" is not known`,
		"s3://absent?region=us-east-1&endpoint=" + f.URL: "there is no bucket",
	} {
		if s, err := OpenStore(t.Context(), address); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, %v; want %q", address, s, err, says)
		}
	}
	f.status.Store(http.StatusForbidden)
	if _, err := OpenStore(t.Context(), "s3://badges?region=us-east-1&endpoint="+f.URL); err == nil {
		t.Error("opened a bucket that is closed to us")
	}
}

// TestStores holds both kinds to the same.
func TestStores(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) func() Store{
		"folder": func(t *testing.T) func() Store {
			root := filepath.Join(t.TempDir(), "blobs")
			return func() Store {
				s, err := OpenStore(t.Context(), root)
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
		},
		"s3": func(t *testing.T) func() Store {
			f := newFakeS3(t)
			return func() Store { return f.open(t) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			again := open(t)
			s := again()
			var want []string
			for _, data := range []string{"a picture", "another", "a picture"} {
				key, err := s.Put(t.Context(), []byte(data))
				if err != nil || key != Key([]byte(data)) {
					t.Fatalf("Put = %q, %v", key, err)
				}
				want = append(want, key)
			}
			s = again() // another node
			if got, err := s.Get(t.Context(), want[0]); err != nil || string(got) != "a picture" {
				t.Errorf("Get = %q, %v", got, err)
			}
			for _, key := range []string{"", "../" + want[0], Key([]byte("absent"))} {
				if _, err := s.Get(t.Context(), key); fault.KindOf(err) != fault.NotFound {
					t.Errorf("Get(%q) = %v, want not found", key, err)
				}
			}
			slices.Sort(want)
			want = slices.Compact(want)
			var got []string
			err := s.Keys(t.Context(), func(key string) error { got = append(got, key); return nil })
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("keys %q, %v; want %q", got, err, want)
			}
		})
	}
}

func TestS3OutageIsUnavailable(t *testing.T) {
	f := newFakeS3(t)
	s := f.open(t)
	key, err := s.Put(t.Context(), []byte("kept"))
	if err != nil {
		t.Fatal(err)
	}
	other := f.open(t)
	for _, end := range []func(){func() { f.status.Store(http.StatusServiceUnavailable) }, f.Close} {
		end()
		if _, err := s.Put(t.Context(), []byte("more")); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("Put = %v", err)
		}
		if _, err := other.Get(t.Context(), key); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("Get = %v", err)
		}
		if err := other.Keys(t.Context(), func(string) error { return nil }); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("Keys = %v", err)
		}
		if got, err := s.Get(t.Context(), key); err != nil || string(got) != "kept" {
			t.Errorf("what is remembered: %q, %v", got, err)
		}
	}
	// A node may start meanwhile: it serves what needs no picture.
	if _, err := OpenStore(t.Context(), "s3://badges?region=us-east-1&endpoint="+f.URL); err != nil {
		t.Errorf("open while the store is away: %v", err)
	}
}

func TestS3NoticesChangedObjects(t *testing.T) {
	f := newFakeS3(t)
	s := f.open(t).(*S3)
	key := Key([]byte("original"))
	s.cache.most = 0 // remembers nothing
	if _, err := s.Put(t.Context(), []byte("original")); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, f.URL+"/badges/some/prefix/"+place(key), strings.NewReader("replaced"))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("replace the object: %v, %v", answer, err)
	}
	answer.Body.Close()
	if got, err := s.Get(t.Context(), key); err == nil || fault.KindOf(err) != fault.Internal {
		t.Errorf("an altered blob: %q, %v", got, err)
	}
}

func TestS3AsksOnce(t *testing.T) {
	f := newFakeS3(t)
	key, err := f.open(t).Put(t.Context(), []byte("picture"))
	if err != nil {
		t.Fatal(err)
	}
	s := f.open(t)
	first, err := s.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	asked := f.requests.Load()
	first[0] = 'X' // a caller's own copy
	if got, err := s.Get(t.Context(), key); err != nil || string(got) != "picture" || f.requests.Load() != asked {
		t.Errorf("again: %q, %v, %d requests more", got, err, f.requests.Load()-asked)
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := newCache(80)
	for n := range byte(20) {
		c.add(string(rune('a'+n)), bytes.Repeat([]byte{n}, 10))
	}
	c.add("huge", make([]byte, 11))
	if c.bytes != 80 || len(c.byKey) != 8 || c.order.Len() != 8 {
		t.Errorf("%d bytes in %d", c.bytes, len(c.byKey))
	}
	if _, ok := c.get("a"); ok {
		t.Error("the first is still there")
	}
	if _, ok := c.get("huge"); ok {
		t.Error("one took more than an eighth")
	}
	c.get("m") // the oldest; used, it outlives the next
	c.add("new", make([]byte, 10))
	if _, ok := c.get("m"); !ok {
		t.Error("the last used was dropped")
	}
	if _, ok := c.get("n"); ok {
		t.Error("the least used was kept")
	}
}
