package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestUpToDate holds the committed files to what the types say now.
func TestUpToDate(t *testing.T) {
	root := filepath.Join("..", "..", "..", "..")
	files, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "docs", "events")
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("docs/events/%s is not up to date (%v); run: go generate ./internal/events", name, err)
		}
	}
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if name, _ := filepath.Rel(dir, path); err == nil && filepath.Ext(name) == ".json" && files[name] == nil {
			t.Errorf("docs/events/%s is not made any more; remove it", name)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
