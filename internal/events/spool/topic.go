package spool

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"gocloud.dev/gcerrors"
	"gocloud.dev/pubsub"
	"gocloud.dev/pubsub/batcher"
	"gocloud.dev/pubsub/driver"

	"github.com/tenantform/tenantform/internal/atomicfile"
)

// Scheme is the scheme of the package's URLs.
const Scheme = "spool"

// MaxMessage is how many bytes the body of a message may have.
const MaxMessage = 1 << 20

const (
	readyDir, leasedDir, deadDir, holdersDir = "ready", "leased", "dead", "holders"
	temporary                                = ".tmp"
)

var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$`)

// Errors of the driver, which become gcerrors codes.
var (
	errNoTopic         = errors.New("the topic's directory does not exist")
	errNoSubscription  = errors.New("the subscription does not exist")
	errNobodyListens   = errors.New("the topic has no subscription, so nobody would get the message; subscribe first")
	errClosed          = errors.New("it is closed")
	errMessageTooLarge = fmt.Errorf("a message has more than %d bytes", MaxMessage)
)

// record is a message as it stands in its file.
type record struct {
	Metadata map[string]string `json:"metadata,omitempty"`
	Body     []byte            `json:"body"`
}

type topic struct{ dir string }

var _ driver.Topic = (*topic)(nil)

// OpenTopic opens the topic in a directory, which is made if it is missing, and
// makes the named subscriptions if they are.
func OpenTopic(dir string, subscriptions ...string) (*pubsub.Topic, error) {
	if err := makeSpool(dir); err != nil {
		return nil, err
	}
	for _, name := range subscriptions {
		if err := makeSubscription(dir, name); err != nil {
			return nil, err
		}
	}
	return pubsub.NewTopic(&topic{dir: dir}, &batcher.Options{MaxBatchSize: 100, MaxHandlers: 4}), nil
}

// makeSpool makes a topic's directory if it is missing, and takes out of it what
// senders and receivers were killed over.
func makeSpool(dir string) error {
	hidden := filepath.Join(dir, temporary)
	if err := os.MkdirAll(hidden, 0o700); err != nil {
		return fmt.Errorf("the spool in %s cannot be made: %w", dir, err)
	}
	if err := atomicfile.Sweep(hidden, func(string) bool { return true }); err != nil {
		return fmt.Errorf("the spool in %s cannot be swept: %w", dir, err)
	}
	return nil
}

func makeSubscription(dir, name string) error {
	if !namePattern.MatchString(name) {
		return fmt.Errorf("%q is no name of a subscription; allowed: 1 to 80 letters, digits, hyphens and underscores", name)
	}
	for _, part := range []string{leasedDir, deadDir, holdersDir, readyDir} {
		if err := os.MkdirAll(filepath.Join(dir, name, part), 0o700); err != nil {
			return fmt.Errorf("the subscription %s of the spool in %s cannot be made: %w", name, dir, err)
		}
	}
	return errors.Join(syncDir(filepath.Join(dir, name)), syncDir(dir))
}

// SendBatch puts each message into every subscription.
func (t *topic) SendBatch(ctx context.Context, ms []*driver.Message) error {
	entries, err := os.ReadDir(t.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", t.dir, errNoTopic)
	}
	if err != nil {
		return err
	}
	var targets []string
	for _, e := range entries {
		ready := filepath.Join(t.dir, e.Name(), readyDir)
		if _, err := os.Stat(ready); err == nil && namePattern.MatchString(e.Name()) {
			targets = append(targets, ready)
		}
	}
	if len(targets) == 0 {
		return fmt.Errorf("%s: %w", t.dir, errNobodyListens)
	}
	for _, m := range ms {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := t.send(m, targets); err != nil {
			return err
		}
	}
	for _, dir := range targets {
		if err := syncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

func (t *topic) send(m *driver.Message, targets []string) error {
	none := func(any) bool { return false }
	if m.BeforeSend != nil {
		if err := m.BeforeSend(none); err != nil {
			return err
		}
	}
	if len(m.Body) > MaxMessage {
		return errMessageTooLarge
	}
	content, err := json.Marshal(record{Metadata: m.Metadata, Body: m.Body})
	if err != nil {
		return err
	}
	name := fileName{at: time.Now().UnixNano(), id: newID()}.String()
	path := filepath.Join(t.dir, temporary, name)
	defer os.Remove(path)
	if err := writeSynced(path, content); err != nil {
		return err
	}
	for _, dir := range targets {
		// A subscription that has just been removed is none.
		if err := os.Link(path, filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if m.AfterSend != nil {
		return m.AfterSend(none)
	}
	return nil
}

// IsRetryable is false: what fails on a local disk fails again.
func (*topic) IsRetryable(error) bool { return false }

// As supports **topic, which names the directory to the tests.
func (t *topic) As(i any) bool {
	p, ok := i.(**topic)
	if ok {
		*p = t
	}
	return ok
}

// ErrorAs supports nothing.
func (*topic) ErrorAs(error, any) bool { return false }

// ErrorCode classifies an error of the driver.
func (*topic) ErrorCode(err error) gcerrors.ErrorCode { return errorCode(err) }

// Close does nothing: a topic holds nothing.
func (*topic) Close() error { return nil }

func errorCode(err error) gcerrors.ErrorCode {
	switch {
	case errors.Is(err, errNoTopic), errors.Is(err, errNoSubscription):
		return gcerrors.NotFound
	case errors.Is(err, errNobodyListens), errors.Is(err, errClosed):
		return gcerrors.FailedPrecondition
	case errors.Is(err, errMessageTooLarge):
		return gcerrors.InvalidArgument
	case errors.Is(err, context.Canceled):
		return gcerrors.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return gcerrors.DeadlineExceeded
	case errors.Is(err, fs.ErrPermission):
		return gcerrors.PermissionDenied
	}
	return gcerrors.Unknown
}

// fileName is what a message's file is called: when it was sent, its id, how often
// it has been delivered, and, while it is leased, by whom and until when.
type fileName struct {
	at        int64 // nanoseconds since 1970
	id        string
	delivered int
	holder    string
	until     int64 // nanoseconds since 1970
}

var filePattern = regexp.MustCompile(`^(\d{19})\.([0-9a-f]{32})\.(\d+)(?:\.([0-9a-f]{32})\.(\d{19}))?\.json$`)

// String gives a name that sorts by when the message was sent.
func (n fileName) String() string {
	s := fmt.Sprintf("%019d.%s.%d", n.at, n.id, n.delivered)
	if n.holder != "" {
		s += fmt.Sprintf(".%s.%019d", n.holder, n.until)
	}
	return s + ".json"
}

func parseName(name string) (fileName, bool) {
	m := filePattern.FindStringSubmatch(name)
	if m == nil {
		return fileName{}, false
	}
	n := fileName{id: m[2], holder: m[4]}
	var errs [3]error
	n.at, errs[0] = strconv.ParseInt(m[1], 10, 64)
	n.delivered, errs[1] = strconv.Atoi(m[3])
	if m[5] != "" {
		n.until, errs[2] = strconv.ParseInt(m[5], 10, 64)
	}
	return n, errors.Join(errs[:]...) == nil
}

func newID() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

func writeSynced(path string, content []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncDir makes names in a directory durable, unless it has been removed.
func syncDir(dir string) error {
	if err := atomicfile.SyncDir(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
