package network_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tenantform/tenantform/components/network"
	"github.com/tenantform/tenantform/tenants"
)

// prefixes draws a range at or below 10.64.0.0/14: within the supernets that
// the tests draw, around them, or outside.
func prefixes(least, most int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		length := rapid.IntRange(least, most).Draw(t, "length")
		low := rapid.Uint32Range(0, 1<<18-1).Draw(t, "low")
		addr := netip.AddrFrom4([4]byte{10, byte(64 + low>>16), byte(low >> 8), byte(low)})
		return netip.PrefixFrom(addr, length).Masked().String()
	})
}

func allocators() *rapid.Generator[network.Allocator] {
	return rapid.Custom(func(t *rapid.T) network.Allocator {
		supernet := prefixes(14, 22).Draw(t, "supernet")
		length := netip.MustParsePrefix(supernet).Bits()
		return network.Allocator{Supernet: supernet, Bits: rapid.IntRange(max(16, length), 24).Draw(t, "bits")}
	})
}

// free gives the free ranges of a supernet the slow way: it looks at each.
func free(a network.Allocator, taken []string) (all []string) {
	supernet := netip.MustParsePrefix(a.Supernet)
	b := supernet.Addr().As4()
	first := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	for i := range uint32(1) << (a.Bits - supernet.Bits()) {
		n := first + i<<(32-a.Bits)
		p := netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}), a.Bits)
		if !slices.ContainsFunc(taken, func(x string) bool { return netip.MustParsePrefix(x).Overlaps(p) }) {
			all = append(all, p.String())
		}
	}
	return all
}

func TestNextIsTheLowestFreeRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := allocators().Draw(t, "allocator")
		taken := rapid.SliceOfN(prefixes(15, 28), 0, 40).Draw(t, "taken")
		want := free(a, taken)
		got, err := a.Next(taken)
		room, roomErr := a.Room(taken)
		if roomErr != nil || room.Free != len(want) {
			t.Fatalf("room %+v, %v; %d are free", room, roomErr, len(want))
		}
		if len(want) == 0 {
			if tenants.CodeOf(err) != tenants.CodeFailedPrecondition || !strings.Contains(err.Error(), a.Supernet) {
				t.Fatalf("no room, but %q, %v", got, err)
			}
			return
		}
		if err != nil || got != want[0] {
			t.Fatalf("%s, %v; want %s", got, err, want[0])
		}
	})
}

func TestOrderAndRepetitionMeanNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := allocators().Draw(t, "allocator")
		taken := rapid.SliceOfN(prefixes(18, 28), 0, 30).Draw(t, "taken")
		again := slices.Concat(taken, taken[:len(taken)/2])
		rand.New(rand.NewPCG(1, uint64(len(taken)))).Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
		one, err1 := a.Next(taken)
		two, err2 := a.Next(again)
		if one != two || fmt.Sprint(err1) != fmt.Sprint(err2) {
			t.Fatalf("%s, %v and %s, %v", one, err1, two, err2)
		}
	})
}

func TestLargestIsFreeAndNoLargerOneIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := allocators().Draw(t, "allocator")
		taken := rapid.SliceOfN(prefixes(15, 26), 0, 30).Draw(t, "taken")
		room, err := a.Room(taken)
		if err != nil {
			t.Fatal(err)
		}
		supernet := netip.MustParsePrefix(a.Supernet)
		want := ""
		for length := supernet.Bits(); length <= 26 && want == ""; length++ {
			if all := free(network.Allocator{Supernet: a.Supernet, Bits: length}, taken); len(all) > 0 {
				want = all[0]
			}
		}
		if room.Largest != want || (room.Addresses == 0) != (want == "") {
			t.Fatalf("%+v, want %q", room, want)
		}
	})
}

func TestAssignedRangesNeverOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := allocators().Draw(t, "allocator")
		apart := rapid.SliceOfN(prefixes(17, 28), 0, 10).Draw(t, "apart")
		owners := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,6}`), 0, 20, rapid.ID[string]).Draw(t, "owners")
		half := len(owners) / 2
		held, err := a.Assign(nil, apart, owners[:half]...)
		if err != nil {
			if len(free(a, apart)) >= half {
				t.Fatalf("%d are free: %v", len(free(a, apart)), err)
			}
			return
		}
		before := maps.Clone(held)
		all, err := a.Assign(held, apart, owners...)
		if err != nil {
			if len(free(a, apart)) >= len(owners) {
				t.Fatalf("%d are free: %v", len(free(a, apart)), err)
			}
			return
		}
		if !maps.Equal(held, before) {
			t.Fatal("what was held is changed")
		}
		supernet := netip.MustParsePrefix(a.Supernet)
		seen := slices.Clone(apart)
		for owner, text := range all {
			p := netip.MustParsePrefix(text)
			if h, has := held[owner]; has && h != text {
				t.Fatalf("%s had %s and has %s", owner, h, text)
			}
			if p.Bits() != a.Bits || p != p.Masked() || !supernet.Contains(p.Addr()) {
				t.Fatalf("%s is no /%d of %s", p, a.Bits, supernet)
			}
			for _, s := range seen {
				if netip.MustParsePrefix(s).Overlaps(p) {
					t.Fatalf("%s overlaps with %s", p, s)
				}
			}
			seen = append(seen, text)
		}
		if len(all) != len(owners) {
			t.Fatalf("%d owners, %d ranges", len(owners), len(all))
		}
		slices.Reverse(owners)
		if other, err := a.Assign(held, apart, owners...); err != nil || !maps.Equal(other, all) {
			t.Fatalf("the owners' order matters: %v and %v, %v", all, other, err)
		}
	})
}

func TestEverythingIsHandedOutOnce(t *testing.T) {
	a := network.Allocator{Supernet: "10.64.0.0/14", Bits: 20}
	var taken []string
	for range 64 {
		p, err := a.Next(taken)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(taken, p) {
			t.Fatalf("%s twice", p)
		}
		taken = append(taken, p)
	}
	if taken[0] != "10.64.0.0/20" || taken[63] != "10.67.240.0/20" {
		t.Errorf("from %s to %s", taken[0], taken[63])
	}
	_, err := a.Next(taken)
	want := "supernet 10.64.0.0/14 has no free range of /20: it holds 64 and nothing is left of it; take another supernet, or give back ranges of tenants that are gone"
	if tenants.CodeOf(err) != tenants.CodeFailedPrecondition || err.Error() != want {
		t.Errorf("%v", err)
	}
	if p, err := a.Next(slices.Delete(taken, 7, 8)); err != nil || p != "10.64.112.0/20" {
		t.Errorf("what was given back is not handed out: %s, %v", p, err)
	}
}

func TestAllocatorSaysWhatIsWrong(t *testing.T) {
	tenth := network.Allocator{Supernet: "10.0.0.0/16", Bits: 16}
	for name, c := range map[string]struct {
		a     network.Allocator
		taken []string
		code  tenants.Code
		words []string
	}{
		"zero value":       {network.Allocator{}, nil, tenants.CodeInvalid, []string{"Supernet is missing"}},
		"public":           {network.Allocator{Supernet: "8.0.0.0/8", Bits: 20}, nil, tenants.CodeInvalid, []string{"Supernet", "8.0.0.0/8"}},
		"wider than RFC":   {network.Allocator{Supernet: "172.0.0.0/8", Bits: 20}, nil, tenants.CodeInvalid, []string{"Supernet", "172.0.0.0/8"}},
		"not the first":    {network.Allocator{Supernet: "10.0.0.1/8", Bits: 20}, nil, tenants.CodeInvalid, []string{"10.0.0.1/8", "first address"}},
		"IPv6":             {network.Allocator{Supernet: "fd00::/16", Bits: 20}, nil, tenants.CodeInvalid, []string{"fd00::/16", "IPv4"}},
		"wider than it is": {network.Allocator{Supernet: "10.0.0.0/20", Bits: 19}, nil, tenants.CodeInvalid, []string{"Bits", `"19"`, "20 to 24", "10.0.0.0/20"}},
		"wider than a VPC": {network.Allocator{Supernet: "10.0.0.0/8", Bits: 15}, nil, tenants.CodeInvalid, []string{"Bits", "16 to 24"}},
		"too narrow":       {network.Allocator{Supernet: "10.0.0.0/8", Bits: 25}, nil, tenants.CodeInvalid, []string{"Bits", "16 to 24"}},
		"small supernet":   {network.Allocator{Supernet: "10.0.0.0/25", Bits: 25}, nil, tenants.CodeInvalid, []string{"Bits", "from a supernet of /24 or wider"}},
		"taken, no range":  {network.Allocator{Supernet: "10.0.0.0/8", Bits: 20}, []string{"10.0.0.0/20", "10.1"}, tenants.CodeInvalid, []string{"taken[1]", "10.1"}},
		"crumbs": {tenth, []string{"10.0.0.0/17", "10.0.128.0/18"}, tenants.CodeFailedPrecondition,
			[]string{"supernet 10.0.0.0/16", "/16", "16384 addresses are left of it", "10.0.192.0/18 is the largest"}},
		"one address": {network.Allocator{Supernet: "10.0.0.0/24", Bits: 24}, []string{"10.0.0.255/32"}, tenants.CodeFailedPrecondition,
			[]string{"255 addresses are left of it", "10.0.0.0/25 is the largest"}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := c.a.Next(c.taken)
			if tenants.CodeOf(err) != c.code {
				t.Fatalf("%q, %v; want %s", p, err, c.code)
			}
			for _, w := range c.words {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("the error does not say %q: %v", w, err)
				}
			}
		})
	}
	_, err := network.Allocator{Supernet: "10.0.0.0/8", Bits: 20}.Assign(map[string]string{"acme": "10.0.0.0/20", "birch": "10.0.8.0/24", "cedar": "10.9.0.0/20"}, nil, "dogwood")
	if tenants.CodeOf(err) != tenants.CodeConflict || !strings.Contains(err.Error(), "acme (10.0.0.0/20) and birch (10.0.8.0/24)") {
		t.Errorf("overlapping owners: %v", err)
	}
	_, err = network.Allocator{Supernet: "10.0.0.0/8", Bits: 20}.Assign(map[string]string{"acme": "10.0.0.0"}, nil)
	if tenants.CodeOf(err) != tenants.CodeInvalid || !strings.Contains(err.Error(), "held.acme") {
		t.Errorf("an owner's range that is none: %v", err)
	}
}

func ExampleAllocator() {
	a := network.Allocator{Supernet: "10.64.0.0/10", Bits: 20}
	held := map[string]string{"acme": "10.64.0.0/20"}
	all, err := a.Assign(held, []string{"10.64.16.0/20"}, "cedar", "birch")
	fmt.Println(all, err)
	room, err := a.Room(slices.Collect(maps.Values(all)))
	fmt.Println(room.Free, "of", room.Total, "are free:", err)
	// Output:
	// map[acme:10.64.0.0/20 birch:10.64.32.0/20 cedar:10.64.48.0/20] <nil>
	// 1021 of 1024 are free: <nil>
}

func BenchmarkNext(b *testing.B) {
	a := network.Allocator{Supernet: "10.0.0.0/8", Bits: 22}
	var taken []string
	for i := range 10000 {
		taken = append(taken, fmt.Sprintf("10.%d.%d.0/22", i/64, i%64*4))
	}
	for b.Loop() {
		if _, err := a.Next(taken); err != nil {
			b.Fatal(err)
		}
	}
}
