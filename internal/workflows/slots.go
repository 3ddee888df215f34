package workflows

import (
	"context"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/tenantform/tenantform/tenants"
)

// Memory that a run takes, in bytes: measured for the CLI with a provider that
// is served by this process, and for the CLI with the AWS provider, which takes
// 300 to 700 MB a process (pulumi-aws#5860).
const (
	MemoryOfLocalRun = 150 << 20
	MemoryOfAWSRun   = 850 << 20
)

// Slots are places for infrastructure steps in one process.
type Slots struct{ places chan struct{} }

// NewSlots makes n places; 1 when n is less.
func NewSlots(n int) *Slots { return &Slots{places: make(chan struct{}, max(n, 1))} }

// SlotsByMemory makes as many places as runs of that many bytes go into three
// quarters of the memory that is free for this process, at least one and at
// most four a CPU. Where the free memory cannot be told it makes two a CPU.
func SlotsByMemory(run int64) *Slots {
	free, ok := freeMemory()
	if !ok || run <= 0 {
		return NewSlots(2 * runtime.NumCPU())
	}
	return NewSlots(int(min(free/4*3/run, int64(4*runtime.NumCPU()))))
}

// Len gives the number of places; 0 for nil, which has no limit.
func (s *Slots) Len() int {
	if s == nil {
		return 0
	}
	return cap(s.places)
}

// take waits for a place.
func (s *Slots) take(ctx context.Context) (release func(), err error) {
	if s == nil {
		return func() {}, nil
	}
	select {
	case s.places <- struct{}{}:
		return func() { <-s.places }, nil
	case <-ctx.Done():
		return nil, tenants.Errorf(tenants.CodeUnavailable, "gave up waiting for one of %d places for infrastructure steps: %w", s.Len(), context.Cause(ctx))
	}
}

// freeMemory gives the bytes that may still be used: those of the machine, or of
// the control group where that has a lower limit.
func freeMemory() (int64, bool) {
	data, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	free := int64(-1)
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "MemAvailable:"); ok {
			if kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64); err == nil {
				free = kb << 10
			}
		}
	}
	limit, used := readBytes("/sys/fs/cgroup/memory.max"), readBytes("/sys/fs/cgroup/memory.current")
	if limit > 0 && used >= 0 && (free < 0 || limit-used < free) {
		free = max(limit-used, 0)
	}
	return free, free >= 0
}

// readBytes reads a number from a file, -1 where there is none.
func readBytes(path string) int64 {
	data, err := os.ReadFile(path)
	if err != nil {
		return -1
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	if err != nil {
		return -1
	}
	return n
}
