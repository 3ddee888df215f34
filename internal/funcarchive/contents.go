package funcarchive

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Limits of an archive. Source: "Lambda quotas", deployment package size (AWS
// Lambda Developer Guide); in bytes as Lambda's own error messages give them.
const (
	MaxZipped   = 50 << 20  // bytes of a zip that is uploaded directly
	MaxUnzipped = 250 << 20 // bytes of the function and its layers together
)

// maxEntries bounds the work on an archive; Lambda has no limit of its own.
const maxEntries = 100_000

// errRefused is wrapped by what makes an archive unacceptable, as opposed to
// what makes it unreadable; its text is what would have been accepted.
type errRefused string

func (e errRefused) Error() string { return string(e) }

// contents is what an archive or a directory holds.
type contents struct {
	names      []string // of files, with slashes, sorted
	executable map[string]bool
	unzipped   int64 // bytes
	open       func(name string) (io.ReadCloser, error)
	closer     io.Closer
}

// has says whether there is a file of that name.
func (c *contents) has(name string) bool {
	_, found := slices.BinarySearch(c.names, name)
	return found
}

// text gives a source file, or false when it is too large to look into.
func (c *contents) text(name string) (string, bool) {
	const most = 8 << 20
	file, err := c.open(name)
	if err != nil {
		return "", false
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, most+1))
	if err != nil || len(data) > most {
		return "", false
	}
	return string(data), true
}

// read opens an archive or a directory, and reads all of it once. The caller
// closes it.
func read(name string) (*contents, error) {
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errRefused("the path of a zip file or of a directory; there is nothing at this path")
	}
	if err != nil {
		return nil, errRefused("a zip file or a directory that can be read: " + reason(err))
	}
	var c *contents
	switch {
	case info.IsDir():
		c, err = readDir(name)
	case !info.Mode().IsRegular():
		return nil, errRefused("a zip file or a directory; this is neither")
	case info.Size() > MaxZipped:
		return nil, errRefused(fmt.Sprintf("a zip of at most %d bytes, Lambda's limit for a direct upload; this one has %d", MaxZipped, info.Size()))
	default:
		c, err = readZip(name)
	}
	if err != nil {
		return nil, err
	}
	if len(c.names) == 0 {
		c.closer.Close()
		return nil, errRefused("an archive that holds files; this one holds none")
	}
	slices.Sort(c.names)
	return c, nil
}

// reason gives an error without the path that the message names already.
func reason(err error) string {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err.Error()
	}
	return err.Error()
}

func readZip(name string) (*contents, error) {
	z, err := zip.OpenReader(name)
	if err != nil {
		return nil, errRefused("a zip file; this file is not one, or it is damaged (" + reason(err) + ")")
	}
	files := make(map[string]*zip.File, len(z.File))
	c := &contents{executable: map[string]bool{}, closer: z, open: func(name string) (io.ReadCloser, error) { return files[name].Open() }}
	err = c.readEntries(z.File, files)
	if err != nil {
		z.Close()
		return nil, err
	}
	return c, nil
}

func (c *contents) readEntries(entries []*zip.File, files map[string]*zip.File) error {
	if len(entries) > maxEntries {
		return errRefused(fmt.Sprintf("at most %d entries; the archive has %d", maxEntries, len(entries)))
	}
	for _, f := range entries {
		if err := checkEntry(f); err != nil {
			return err
		}
		if f.FileInfo().IsDir() {
			continue
		}
		name := path.Clean(f.Name)
		if files[name] != nil {
			return errRefused(fmt.Sprintf("each file once; %q is in the archive twice", name))
		}
		size, err := unpack(f, MaxUnzipped-c.unzipped)
		if err != nil {
			return err
		}
		files[name] = f
		c.names = append(c.names, name)
		c.executable[name] = f.Mode()&0o111 != 0
		c.unzipped += size
	}
	return nil
}

// drive is how a path of another system begins.
var drive = regexp.MustCompile(`^[A-Za-z]:`)

// checkEntry refuses what would be dangerous to unpack.
func checkEntry(f *zip.File) error {
	name := strings.TrimSuffix(f.Name, "/")
	switch {
	case name == "" || strings.ContainsAny(f.Name, "\\\x00") || drive.MatchString(name) || !fs.ValidPath(path.Clean(name)) || strings.HasPrefix(name, "/") || slices.Contains(strings.Split(name, "/"), ".."):
		return errRefused(fmt.Sprintf("entries inside the archive; %q points outside of it, or is no portable name", f.Name))
	case f.Mode()&fs.ModeType != 0 && !f.Mode().IsDir():
		return errRefused(fmt.Sprintf("files and directories; %q is a link or a device", f.Name))
	case f.Flags&1 != 0:
		return errRefused(fmt.Sprintf("entries without a password; %q is encrypted", f.Name))
	}
	return nil
}

// unpack reads an entry to its end, which checks its checksum, and gives its
// real size. It stops where the archive gets larger than it may be, whatever
// size the entry claims.
func unpack(f *zip.File, most int64) (int64, error) {
	tooLarge := errRefused(fmt.Sprintf("at most %d bytes unzipped, Lambda's limit; this archive has more", MaxUnzipped))
	if f.UncompressedSize64 > uint64(max(most, 0)) {
		return 0, tooLarge
	}
	r, err := f.Open()
	if err != nil {
		return 0, errRefused(fmt.Sprintf("a zip file that can be unpacked; %q cannot (%v)", f.Name, err))
	}
	defer r.Close()
	n, err := io.Copy(io.Discard, io.LimitReader(r, most+1))
	if err != nil {
		return 0, errRefused(fmt.Sprintf("a zip file that can be unpacked; %q cannot (%v)", f.Name, err))
	}
	if n > most {
		return 0, tooLarge
	}
	return n, nil
}

func readDir(name string) (*contents, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, errRefused("a directory that can be read: " + reason(err))
	}
	c := &contents{executable: map[string]bool{}, closer: root,
		open: func(name string) (io.ReadCloser, error) { return root.Open(filepath.FromSlash(name)) }}
	err = fs.WalkDir(root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return errRefused(fmt.Sprintf("a directory that can be read; %q cannot: %s", name, reason(err)))
		}
		if e.IsDir() {
			return nil
		}
		info, err := root.Stat(filepath.FromSlash(name)) // follows links, but not out of the directory
		switch {
		case err != nil:
			return errRefused(fmt.Sprintf("files inside the directory; %q is a link that leads nowhere or outside", name))
		case info.IsDir():
			return nil
		case !info.Mode().IsRegular():
			return errRefused(fmt.Sprintf("files and directories; %q is neither", name))
		}
		c.names = append(c.names, name)
		c.executable[name] = info.Mode()&0o111 != 0
		c.unzipped += info.Size()
		if c.unzipped > MaxUnzipped || len(c.names) > maxEntries {
			return errRefused(fmt.Sprintf("at most %d bytes, Lambda's limit, and %d files; this directory has more", MaxUnzipped, maxEntries))
		}
		return nil
	})
	if err != nil {
		root.Close()
		return nil, err
	}
	return c, nil
}
