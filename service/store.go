package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/tenantform/tenantform/internal/atomicfile"
)

// Key names what was asked of a service.
type Key struct {
	Service     string
	OperationID string
	Attempt     int
}

// Answer is what a service has answered. An empty Error means that it succeeded.
type Answer struct {
	Error   string  `json:"error,omitempty"`
	Outputs Outputs `json:"outputs,omitempty"`
}

// Store keeps answers, so that an event that comes again is not worked on again.
// It is used from several goroutines.
type Store interface {
	// Load gives the answer of a key, and false where there is none.
	Load(ctx context.Context, k Key) (Answer, bool, error)
	// Save keeps an answer, durably.
	Save(ctx context.Context, k Key, a Answer) error
}

// memoryStore keeps answers as long as the process lives.
type memoryStore struct {
	mu    sync.Mutex
	kept  map[Key]Answer
	order []Key
}

// maxMemory is how many answers are kept in memory; older ones are forgotten.
const maxMemory = 10_000

// NewMemoryStore gives a store that forgets everything with the process, and all
// but the latest 10,000 answers before.
func NewMemoryStore() Store { return &memoryStore{kept: map[Key]Answer{}} }

func (s *memoryStore) Load(_ context.Context, k Key) (Answer, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.kept[k]
	return a, ok, nil
}

func (s *memoryStore) Save(_ context.Context, k Key, a Answer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.kept[k]; !ok {
		s.order = append(s.order, k)
	}
	s.kept[k] = a
	if len(s.order) > maxMemory {
		delete(s.kept, s.order[0])
		s.order = s.order[1:]
	}
	return nil
}

// fileStore keeps each answer in a file.
type fileStore struct{ dir string }

// OpenFileStore gives a store in a directory, which is made if it is missing: one
// file an answer, which outlives the process. Answers that are older than keep are
// removed now; 0 keeps all. Several processes may share the directory.
func OpenFileStore(dir string, keep time.Duration) (Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the store of answers cannot be made: %w", err)
	}
	if err := atomicfile.Sweep(dir, nil); err != nil {
		return nil, fmt.Errorf("the store of answers cannot be swept: %w", err)
	}
	if keep <= 0 {
		return &fileStore{dir}, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("the store of answers cannot be read: %w", err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && info.Mode().IsRegular() && filepath.Ext(e.Name()) == ".json" && time.Since(info.ModTime()) > keep {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
	return &fileStore{dir}, nil
}

var keyPart = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

func (s *fileStore) path(k Key) (string, error) {
	if !keyPart.MatchString(k.Service) || !keyPart.MatchString(k.OperationID) {
		return "", fmt.Errorf("there is no answer of %+v: a name has other characters than letters, digits, hyphens and underscores", k)
	}
	return filepath.Join(s.dir, fmt.Sprintf("%s.%s.%d.json", k.Service, k.OperationID, k.Attempt)), nil
}

func (s *fileStore) Load(_ context.Context, k Key) (Answer, bool, error) {
	path, err := s.path(k)
	if err != nil {
		return Answer{}, false, err
	}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Answer{}, false, nil
	}
	if err != nil {
		return Answer{}, false, fmt.Errorf("an answer cannot be read: %w", err)
	}
	var a Answer
	if err := json.Unmarshal(content, &a); err != nil {
		return Answer{}, false, fmt.Errorf("the answer in %s is damaged: %w; remove the file to have it worked out again", path, err)
	}
	return a, true, nil
}

func (s *fileStore) Save(_ context.Context, k Key, a Answer) error {
	path, err := s.path(k)
	if err != nil {
		return err
	}
	content, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("an answer cannot be written: %w", err)
	}
	if err := atomicfile.Replace(path, content, 0o600); err != nil {
		return fmt.Errorf("an answer cannot be written: %w", err)
	}
	return nil
}
