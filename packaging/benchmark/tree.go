package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
)

const (
	mb         = 1000 * 1000
	sessionMB  = 320
	smallFiles = 2000
	largeFiles = 20
	perFolder  = 200
)

// writer makes files that belong to the account. The first error sticks.
type writer struct {
	b      *bench
	random *rand.ChaCha8
	files  int
	bytes  int64
	err    error
}

func (b *bench) writer() *writer { return &writer{b: b, random: rand.NewChaCha8([32]byte{1})} }

// dir makes a folder with its parents below top, all the account's.
func (w *writer) dir(top, rel string) string {
	path := top
	for _, name := range append([]string{""}, split(rel)...) {
		path = filepath.Join(path, name)
		if err := os.Mkdir(path, 0o755); err == nil {
			err = os.Lchown(path, w.b.uid, w.b.gid)
			w.keep(err)
		} else if !os.IsExist(err) {
			w.keep(err)
		}
	}
	return path
}

func split(rel string) []string {
	var parts []string
	for rel != "" && rel != "." {
		parts = append([]string{filepath.Base(rel)}, parts...)
		rel = filepath.Dir(rel)
	}
	return parts
}

func (w *writer) keep(err error) {
	if w.err == nil {
		w.err = err
	}
}

// file writes a file of random content, so that no disk can make it smaller.
func (w *writer) file(path string, size int64) {
	if w.err != nil {
		return
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		w.keep(err)
		return
	}
	_, err = io.CopyN(f, w.random, size)
	w.keep(err)
	w.keep(f.Chown(w.b.uid, w.b.gid))
	w.keep(f.Close())
	w.files++
	w.bytes += size
}

// many writes n files of the same size below top, some hundred a folder.
func (w *writer) many(ctx context.Context, top, rel string, n int, size int64) {
	var dir string
	for i := range n {
		if i%perFolder == 0 {
			w.keep(ctx.Err())
			dir = w.dir(top, fmt.Sprintf("%s/%04d", rel, i/perFolder))
		}
		if w.err != nil {
			return
		}
		w.file(filepath.Join(dir, fmt.Sprintf("entry-%06d.dat", i)), size)
	}
}

// session writes the reference session: what a browser and an hour of work leave, some 320 MB in some 2,000 files.
func (w *writer) session(ctx context.Context, top string) {
	sizes := rand.New(rand.NewPCG(1, 2))
	profile := ".config/chromium/Default"
	places := []string{
		".cache/chromium/Default/Cache/Cache_Data", ".cache/chromium/Default/Code Cache/js", profile + "/Local Storage/leveldb",
		profile + "/IndexedDB/site.indexeddb.leveldb", profile + "/Service Worker/CacheStorage/a/b", profile + "/Sessions",
		".local/share/Trash/files", ".cache/thumbnails/normal", "Downloads", "Documents",
	}
	for i := range smallFiles {
		w.keep(ctx.Err())
		dir := w.dir(top, places[i%len(places)])
		w.file(filepath.Join(dir, fmt.Sprintf("f_%06d", i)), 1024+sizes.Int64N(63*1024))
	}
	for _, name := range []string{"History", "Cookies", "Web Data"} {
		w.file(filepath.Join(w.dir(top, profile), name), 4*mb)
	}
	rest, weights, sum := sessionMB*mb-w.bytes, [largeFiles]int64{}, int64(0)
	for i := range weights {
		weights[i] = 1 + sizes.Int64N(19)
		sum += weights[i]
	}
	for i, weight := range weights {
		dir := w.dir(top, []string{"Downloads", "Documents", ".cache/chromium/Default/Cache/Cache_Data"}[i%3])
		w.file(filepath.Join(dir, fmt.Sprintf("large-%02d.bin", i)), min(rest*weight/sum, 20*mb))
	}
}
