package code_test

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/internal/code"
	"github.com/tenantform/tenantform/tenants"
)

func archive(t *testing.T, files ...string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "code.zip")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for _, file := range files {
		if _, err := z.Create(file); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestCode(t *testing.T) {
	plain := archive(t, "index.py")
	signed := archive(t, "index.py", "META_INF/aws_signer_signature_v1.0.SF")
	for name, c := range map[string]struct {
		code  code.Code
		wrong string // the argument at fault
	}{
		"archive":           {code.Code{Archive: plain}, ""},
		"directory":         {code.Code{Archive: t.TempDir()}, ""},
		"object":            {code.Code{Object: true}, ""},
		"signed archive":    {code.Code{Archive: signed, Signed: true}, ""},
		"signed object":     {code.Code{Object: true, Signed: true}, ""},
		"nothing":           {code.Code{}, "Archive"},
		"gone":              {code.Code{Archive: "gone.zip"}, "Archive"},
		"both":              {code.Code{Archive: plain, Object: true}, "Archive"},
		"unsigned archive":  {code.Code{Archive: plain, Signed: true}, "Archive"},
		"a directory":       {code.Code{Archive: t.TempDir(), Signed: true}, "Archive"},
		"signed, but gone":  {code.Code{Archive: "gone.zip", Signed: true}, "Archive"},
		"a retired runtime": {code.Code{Archive: plain, Runtime: "go1.x"}, "Runtime"},
		"a broken handler":  {code.Code{Archive: plain, Handler: "a b"}, "Handler"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.code.Runtime == "" {
				c.code.Runtime = "python3.13"
			}
			if c.code.Handler == "" {
				c.code.Handler = "index.handler"
			}
			a := check.New("function", "test")
			code.Check(a, c.code)
			err := a.Err()
			if c.wrong == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if tenants.CodeOf(err) != tenants.CodeInvalid || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%v, want a fault of %s", err, c.wrong)
			}
		})
	}
}
