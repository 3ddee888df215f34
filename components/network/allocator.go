package network

import (
	"cmp"
	"fmt"
	"maps"
	"math/bits"
	"net/netip"
	"slices"
	"strconv"

	"github.com/tenantform/tenantform/tenants"
)

// Allocator hands out ranges of one size from a supernet, for the networks of
// many tenants that may once be connected. It keeps nothing: what it answers
// follows from its fields and from the ranges that are taken, so that the
// caller's records are the only state, and two callers with the same records
// get the same answer. (They still have to take turns: an answer holds until
// something else is recorded.) The zero value is not valid.
type Allocator struct {
	// Supernet is the IPv4 range from which ranges come, in one of the private
	// ranges of RFC 1918, written by its first address.
	Supernet string
	// Bits is the length of the prefix of each range: 16 to 24, as New takes it, and
	// not shorter than the supernet's. A /20 has room for 4,096 addresses.
	Bits int
}

// Next gives the lowest range of the supernet that overlaps with none that is
// taken. What is taken may have any size, lie outside of the supernet, and
// overlap; its order means nothing. A range that is given back is handed out
// again.
//
// The error is CodeInvalid for a field or a taken range that is none, and
// CodeFailedPrecondition when there is no room: it names the supernet and what
// is left of it.
func (a Allocator) Next(taken []string) (string, error) {
	pool, err := a.parse()
	if err != nil {
		return "", err
	}
	spans, err := pool.spans(taken)
	if err != nil {
		return "", err
	}
	p, err := pool.next(spans)
	if err != nil {
		return "", err
	}
	return p.String(), nil
}

// Assign gives every owner a range: those of held keep theirs, the others get
// the lowest that are free, in the order of their names. The answer holds what
// held does and more; held is not changed. apart are ranges that nobody is to
// have, those of networks of other makes for example.
//
// The errors are those of Next. Two ranges of held that overlap are
// CodeConflict, and the error names both owners: their networks can never be
// connected, and somebody has to decide which one moves.
func (a Allocator) Assign(held map[string]string, apart []string, owners ...string) (map[string]string, error) {
	pool, err := a.parse()
	if err != nil {
		return nil, err
	}
	if err := disjoint(held); err != nil {
		return nil, err
	}
	spans, err := pool.spans(slices.AppendSeq(slices.Clone(apart), maps.Values(held)))
	if err != nil {
		return nil, err
	}
	all := make(map[string]string, len(held)+len(owners))
	maps.Copy(all, held)
	for _, owner := range slices.Sorted(slices.Values(owners)) {
		if _, has := all[owner]; has {
			continue
		}
		p, err := pool.next(spans)
		if err != nil {
			return nil, err
		}
		all[owner] = p.String()
		spans = insert(spans, spanOf(p))
	}
	return all, nil
}

// Room says how much of the supernet is free.
type Room struct {
	Total     int    // ranges of the allocator's size in the supernet
	Free      int    // those that overlap with nothing that is taken
	Addresses uint64 // free addresses, also where they make no whole range
	// Largest is the largest range that is free, the lowest of them; empty when
	// nothing is.
	Largest string
}

// Room gives what is left of the supernet, for a forecast or an alarm. The
// error is CodeInvalid as with Next.
func (a Allocator) Room(taken []string) (Room, error) {
	pool, err := a.parse()
	if err != nil {
		return Room{}, err
	}
	spans, err := pool.spans(taken)
	if err != nil {
		return Room{}, err
	}
	return pool.room(spans), nil
}

// span is a run of addresses, as numbers, both ends included; wider than 32
// bits so that the end of the last can be counted past.
type span struct{ first, last uint64 }

// supernet is a parsed Allocator.
type supernet struct {
	prefix netip.Prefix
	span
	bits int
	size uint64 // addresses of a range
}

func (a Allocator) parse() (supernet, error) {
	p, err := netip.ParsePrefix(a.Supernet)
	if err != nil || p != p.Masked() || !private(p) {
		return supernet{}, tenants.Invalid(tenants.FieldError{Field: "Supernet", Value: a.Supernet,
			Allowed: "an IPv4 range in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, written by its first address"})
	}
	if low := max(widest, p.Bits()); a.Bits < low || a.Bits > narrowest {
		allowed := fmt.Sprintf("%d to %d", low, narrowest)
		if low > narrowest {
			allowed = fmt.Sprintf("%d to %d, from a supernet of /%d or wider", widest, narrowest, narrowest)
		}
		return supernet{}, tenants.Invalid(tenants.FieldError{Field: "Bits", Value: strconv.Itoa(a.Bits), Allowed: allowed + "; Supernet is " + a.Supernet})
	}
	return supernet{prefix: p, span: spanOf(p), bits: a.Bits, size: 1 << (32 - a.Bits)}, nil
}

// private tells whether a range lies within one of RFC 1918's.
func private(p netip.Prefix) bool {
	return slices.ContainsFunc(privateRanges, func(r netip.Prefix) bool { return r.Contains(p.Addr()) && p.Bits() >= r.Bits() })
}

// spans gives what is taken of the supernet: sorted, apart from one another.
func (s supernet) spans(taken []string) ([]span, error) {
	var all []span
	for i, text := range taken {
		p, err := netip.ParsePrefix(text)
		if err != nil || !p.Addr().Is4() {
			return nil, tenants.Invalid(tenants.FieldError{Field: fmt.Sprintf("taken[%d]", i), Value: text, Allowed: "an IPv4 range such as 10.64.0.0/20"})
		}
		x := spanOf(p)
		if x.last >= s.first && x.first <= s.last {
			all = append(all, span{max(x.first, s.first), min(x.last, s.last)})
		}
	}
	slices.SortFunc(all, func(a, b span) int { return cmp.Compare(a.first, b.first) })
	var merged []span
	for _, x := range all {
		if n := len(merged); n > 0 && x.first <= merged[n-1].last+1 {
			merged[n-1].last = max(merged[n-1].last, x.last)
			continue
		}
		merged = append(merged, x)
	}
	return merged, nil
}

// insert adds a span that overlaps with none of those that are there.
func insert(spans []span, x span) []span {
	at, _ := slices.BinarySearchFunc(spans, x, func(a, b span) int { return cmp.Compare(a.first, b.first) })
	return slices.Insert(spans, at, x)
}

// gaps calls f with each run of free addresses, from the lowest on, until f
// answers false.
func (s supernet) gaps(spans []span, f func(span) bool) {
	from := s.first
	for _, x := range spans {
		if x.first > from && !f(span{from, x.first - 1}) {
			return
		}
		from = x.last + 1
	}
	if from <= s.last {
		f(span{from, s.last})
	}
}

// next gives the lowest free range.
func (s supernet) next(spans []span) (netip.Prefix, error) {
	var found netip.Prefix
	s.gaps(spans, func(g span) bool {
		first := (g.first + s.size - 1) / s.size * s.size
		if first+s.size-1 > g.last {
			return true
		}
		found = prefixAt(first, s.bits)
		return false
	})
	if found.IsValid() {
		return found, nil
	}
	room := s.room(spans)
	left := "nothing is left of it"
	if room.Addresses > 0 {
		left = fmt.Sprintf("%d addresses are left of it, in pieces of which %s is the largest", room.Addresses, room.Largest)
	}
	return netip.Prefix{}, tenants.Errorf(tenants.CodeFailedPrecondition,
		"supernet %s has no free range of /%d: it holds %d and %s; take another supernet, or give back ranges of tenants that are gone",
		s.prefix, s.bits, room.Total, left)
}

func (s supernet) room(spans []span) Room {
	room := Room{Total: 1 << (s.bits - s.prefix.Bits())}
	var largest netip.Prefix
	s.gaps(spans, func(g span) bool {
		room.Addresses += g.last - g.first + 1
		if first := (g.first + s.size - 1) / s.size; (g.last+1)/s.size > first {
			room.Free += int((g.last+1)/s.size - first)
		}
		if p := largestIn(g); !largest.IsValid() || p.Bits() < largest.Bits() {
			largest = p
		}
		return true
	})
	if largest.IsValid() {
		room.Largest = largest.String()
	}
	return room
}

// largestIn gives the largest range that fits into a run of addresses, the
// lowest of them.
func largestIn(g span) netip.Prefix {
	for length := 33 - bits.Len64(g.last-g.first+1); ; length++ {
		size := uint64(1) << (32 - length)
		if first := (g.first + size - 1) / size * size; first+size-1 <= g.last {
			return prefixAt(first, length)
		}
	}
}

// disjoint refuses owners whose ranges overlap.
func disjoint(held map[string]string) error {
	type owned struct {
		owner string
		span
	}
	var all []owned
	for _, owner := range slices.Sorted(maps.Keys(held)) {
		p, err := netip.ParsePrefix(held[owner])
		if err != nil || !p.Addr().Is4() {
			return tenants.Invalid(tenants.FieldError{Field: "held." + owner, Value: held[owner], Allowed: "an IPv4 range such as 10.64.0.0/20"})
		}
		all = append(all, owned{owner, spanOf(p)})
	}
	slices.SortStableFunc(all, func(a, b owned) int { return cmp.Compare(a.first, b.first) })
	for i := 1; i < len(all); i++ {
		if a, b := all[i-1], all[i]; b.first <= a.last {
			return tenants.Errorf(tenants.CodeConflict, "the ranges of %s (%s) and %s (%s) overlap; give one of them another range",
				a.owner, held[a.owner], b.owner, held[b.owner])
		}
	}
	return nil
}

func spanOf(p netip.Prefix) span {
	b := p.Masked().Addr().As4()
	first := uint64(b[0])<<24 | uint64(b[1])<<16 | uint64(b[2])<<8 | uint64(b[3])
	return span{first, first + 1<<(32-p.Bits()) - 1}
}

func prefixAt(first uint64, length int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(first >> 24), byte(first >> 16), byte(first >> 8), byte(first)}), length)
}
