package data

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// stall is how long a download may stand still.
const stall = 60 * time.Second

// Get fetches the files of a built-in set into downloads (empty: [DownloadFolder]) and checks their published checksums. A
// download that was cut off goes on where it stopped; files that are there are not fetched again. progress, which may be
// nil, hears the bytes of all files that are there, and their total. Nothing but Get uses the network.
func Get(ctx context.Context, name, downloads string, progress func(done, total int64)) error {
	e, err := Find(name)
	if err != nil {
		return err
	}
	return e.get(ctx, downloads, http.DefaultClient, progress)
}

func (e Entry) get(ctx context.Context, downloads string, client *http.Client, progress func(done, total int64)) error {
	if len(e.Files) == 0 {
		return nil
	}
	dir, err := e.folder(downloads)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("%s: cannot make this folder (%w); choose another by XDG_CACHE_HOME", dir, errors.Unwrap(err))
	}
	var before int64
	for _, f := range e.Files {
		report := func(done, _ int64) {
			if progress != nil {
				progress(before+done, e.Bytes())
			}
		}
		if _, err := f.Get(ctx, client, dir, report); err != nil {
			return fmt.Errorf("%s: %s: %w", e.Name, f.Name, err)
		}
		before += f.Bytes
	}
	return nil
}

// Get fetches the file into a folder, unless it is there and its checksum is right. progress, which may be nil, hears the bytes that are
// there, and their total, 0 until it is known.
func (f Remote) Get(ctx context.Context, client *http.Client, dir string, progress func(done, total int64)) (fetched bool, err error) {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	path := filepath.Join(dir, f.Name)
	sum, n, err := sumOf(path)
	if fetched = err != nil || !f.is(sum, n); fetched {
		if err := f.fetch(ctx, client, path, progress); err != nil {
			return false, err
		}
		info, err := os.Stat(path)
		if err != nil {
			return false, err
		}
		n = info.Size()
	}
	progress(n, n)
	return fetched, nil
}

// is reports whether a checksum and a length are the file's.
func (f Remote) is(sum string, n int64) bool {
	return strings.HasPrefix(sum, f.SHA256) && (f.Bytes == 0 || n == f.Bytes)
}

// claim takes over what an earlier download of path has, under a name that no other process writes to: to rename is to win, as only
// one can. What a killed process held is free once nothing has come to it for longer than a living one would wait.
func claim(path string) (own string, err error) {
	own = fmt.Sprintf("%s.part.%d", path, os.Getpid())
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		name := filepath.Join(filepath.Dir(path), e.Name())
		if name != path+".part" && !strings.HasPrefix(name, path+".part.") {
			continue
		}
		if info, err := e.Info(); err == nil && (name == path+".part" || time.Since(info.ModTime()) > 2*stall) && os.Rename(name, own) == nil {
			break
		}
	}
	return own, nil
}

// fetch brings an unfinished file to its full length, checks it and renames it. What it has when it stops is path.part.
func (f Remote) fetch(ctx context.Context, client *http.Client, path string, report func(done, total int64)) (err error) {
	part, err := claim(path)
	if err != nil {
		return err
	}
	out, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		out.Close()
		if err != nil {
			os.Rename(part, path+".part")
		}
	}()
	have, err := out.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if f.Bytes > 0 && have > f.Bytes { // of another file
		if have, err = 0, out.Truncate(0); err != nil {
			return err
		}
	}
	if f.Bytes == 0 || have < f.Bytes {
		if err := f.download(ctx, client, out, have, report); err != nil {
			return err
		}
	}
	if err := out.Sync(); err != nil {
		return err
	}
	sum, n, err := sumOf(part)
	if err != nil {
		return err
	}
	if !f.is(sum, n) {
		os.Remove(part)
		if f.Bytes == 0 {
			return fmt.Errorf("%d bytes with checksum %.12s where one with %.12s is published; run again, or fetch %s by other means", n, sum, f.SHA256, f.URL)
		}
		return fmt.Errorf("%d bytes with checksum %.12s where %d with %.12s are published; run again, or fetch %s by other means", n, sum, f.Bytes, f.SHA256, f.URL)
	}
	if err := out.Close(); err != nil {
		return err
	}
	return os.Rename(part, path)
}

// download appends the bytes from have on. A server that knows no ranges sends all of them, and then so is the file.
func (f Remote) download(ctx context.Context, client *http.Client, out *os.File, have int64, report func(done, total int64)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := time.AfterFunc(stall, func() { cancel(fmt.Errorf("nothing came for %v", stall)) })
	defer watch.Stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.URL, nil)
	if err != nil {
		return err
	}
	if have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
	}
	stopped := func(err error) error {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		of := ""
		if f.Bytes > 0 {
			of = fmt.Sprintf(" of %d", f.Bytes>>20)
		}
		return fmt.Errorf("stopped at %d%s MiB (%w); run again to go on from there", have>>20, of, err)
	}
	res, err := client.Do(req)
	if err != nil {
		return stopped(err)
	}
	defer res.Body.Close()
	switch from := fmt.Sprintf("bytes %d-", have); {
	case res.StatusCode == http.StatusPartialContent && strings.HasPrefix(res.Header.Get("Content-Range"), from):
	case res.StatusCode == http.StatusOK:
		have = 0
	case res.StatusCode == http.StatusRequestedRangeNotSatisfiable && have > 0: // all of it is here, or more
		return nil
	default:
		return fmt.Errorf("the server of %s answers %s; try later, or give your own copy as {folder: DIR}", f.URL, res.Status)
	}
	if err := out.Truncate(have); err != nil {
		return err
	}
	if _, err := out.Seek(have, io.SeekStart); err != nil {
		return err
	}
	total := f.Bytes
	if total == 0 && res.ContentLength > 0 {
		total = have + res.ContentLength
	}
	buf := make([]byte, 1<<17)
	for {
		n, err := res.Body.Read(buf)
		watch.Reset(stall)
		if have += int64(n); f.Bytes > 0 && have > f.Bytes {
			return fmt.Errorf("more than the %d bytes that are published; fetch %s by other means", f.Bytes, f.URL)
		}
		if _, err := out.Write(buf[:n]); err != nil {
			return err
		}
		report(have, total)
		switch {
		case err == io.EOF && have < f.Bytes:
			return stopped(io.ErrUnexpectedEOF)
		case err == io.EOF:
			return nil
		case err != nil:
			return stopped(err)
		}
	}
}

func sumOf(path string) (sum string, n int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	n, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), n, err
}
