package componenttest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/tenants"
)

// Spoil holds a component, or a program, to its word that nothing is registered
// when an argument is wrong. It spoils one value after the other of what args
// gives, each text, number, list and map of it, and runs the component: it has
// to accept the value, or to refuse it with CodeInvalid before it registers
// anything. At least one has to be refused.
func Spoil[A any](t *testing.T, args func() *A, program func(*pulumi.Context, *A) error) {
	t.Helper()
	if _, err := Run("spoilt", func(ctx *pulumi.Context) error { return program(ctx, args()) }, nil); err != nil {
		t.Fatalf("the arguments are refused as they are: %v", err)
	}
	refused := 0
	for i := 0; ; i++ {
		a := args()
		s := spoiler{left: i}
		s.walk("", reflect.ValueOf(a).Elem())
		if s.done == "" {
			break
		}
		r, err := Run("spoilt", func(ctx *pulumi.Context) error { return program(ctx, a) }, nil)
		if err == nil {
			continue
		}
		refused++
		registered := len(slices.DeleteFunc(r.Resources, func(res Resource) bool { return res.Type == "pulumi:pulumi:Stack" }))
		if code := tenants.CodeOf(err); code != tenants.CodeInvalid || registered > 0 {
			t.Errorf("%s is refused with code %s after %d resources were registered: %v", s.done, code, registered, err)
		}
	}
	if refused == 0 {
		t.Error("no value was refused")
	}
}

// spoiler sets the value whose turn it is: it lets the first "left" ones pass.
type spoiler struct {
	left int
	done string // what was set; "" when there were not as many
}

// texts and numbers are what a value is spoilt with.
func texts() []string {
	return []string{"", "-", "a b", "*", "x-", "é", strings.Repeat("x", 300), strings.Repeat("a-", 30) + "a", "shared", "sg-acme"}
}
func numbers() []int64 { return []int64{-1, 0, 1, 3, 1 << 20, 1 << 40} }

// turn tells whether it is this value's turn.
func (s *spoiler) turn(path string, value any) bool {
	if s.done != "" {
		return false
	}
	s.left--
	if s.left >= 0 {
		return false
	}
	s.done = fmt.Sprintf("%s = %.60v", strings.TrimPrefix(path, "."), value)
	return true
}

// walk goes through a value's exported parts. Values of interfaces, which
// Pulumi's inputs are, stay as they are: they may be known in the run only.
func (s *spoiler) walk(path string, v reflect.Value) {
	if s.done != "" {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			s.walk(path, v.Elem())
		}
	case reflect.Struct:
		if strings.HasSuffix(v.Type().Name(), "Output") {
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				s.walk(path+"."+v.Type().Field(i).Name, v.Field(i))
			}
		}
	case reflect.String:
		for _, text := range texts() {
			if s.turn(path, text) {
				v.SetString(text)
			}
		}
	case reflect.Int:
		for _, n := range numbers() {
			if s.turn(path, n) {
				v.SetInt(n)
			}
		}
	case reflect.Float64:
		for _, n := range []float64{-1, 1e-9, 1e12} {
			if s.turn(path, n) {
				v.SetFloat(n)
			}
		}
	case reflect.Slice:
		s.list(path, v)
	case reflect.Map:
		s.names(path, v)
	}
}

// list empties a list, doubles its first element, lengthens it, and goes into it.
func (s *spoiler) list(path string, v reflect.Value) {
	if v.Type().Elem().Kind() == reflect.Interface {
		return
	}
	if v.Len() == 0 {
		if v.Type().Elem().Kind() == reflect.String {
			for _, text := range texts() {
				if s.turn(path, []string{text}) {
					v.Set(reflect.Append(v, reflect.ValueOf(text).Convert(v.Type().Elem())))
				}
			}
		}
		return
	}
	first := v.Index(0)
	for _, n := range []int{1, 120} {
		if s.turn(path, fmt.Sprintf("its first element %d times more", n)) {
			for range n {
				v.Set(reflect.Append(v, first))
			}
		}
	}
	if s.turn(path, "an empty list") {
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		return
	}
	// Elements are changed in a copy: the list may be shared.
	fresh := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
	reflect.Copy(fresh, v)
	v.Set(fresh)
	for i := range v.Len() {
		s.walk(fmt.Sprintf("%s[%d]", path, i), v.Index(i))
	}
}

// names adds names and long values to a map of texts.
func (s *spoiler) names(path string, v reflect.Value) {
	if v.Type().Key().Kind() != reflect.String || v.Type().Elem().Kind() != reflect.String {
		return
	}
	for _, key := range append(texts(), "BUCKET_NAME", "AWS_REGION", "BUCKET_PREFIX", "LONG") {
		if s.turn(path, key) {
			fresh := reflect.MakeMap(v.Type())
			fresh.SetMapIndex(reflect.ValueOf(key), reflect.ValueOf(strings.Repeat("v", 4050)))
			v.Set(fresh)
		}
	}
}
