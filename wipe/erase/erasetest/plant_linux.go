package erasetest

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

const sector = 512

// kind is a part of a browser's profile: a percentage of the small files, in folders of so many each.
type kind struct {
	percent, folder          int
	base, prefix, suffix, in string // of the folders: the one above, before and after the marker, the one below
	before, after            string // of the files' names
}

func kinds() []kind {
	return []kind{
		{50, 400, "Cache", "Cache_", "", "", "f_", ""},
		{20, 50, "Code Cache", "js_", "", "index-dir", "", "_0"},
		{15, 30, "IndexedDB", "https_bank-", ".example_0.indexeddb.leveldb", "", "", ".ldb"},
		{10, 20, "Service Worker/CacheStorage", "", "", "blob", "", "_0"},
		{5, 1000, "Sessions", "", "", "", "Tabs_", ""},
	}
}

// planter plants one session.
type planter struct {
	dir      string
	plan     Plan
	random   *rand.Rand
	filler   []byte // pieces of it fill the files
	buf      []byte
	replaced []replacement
	next     map[Class]int
	session  Session
}

// Plant makes a session's tree at dir, which it makes too, with markers of that seed in everything: each sector of 512
// bytes of a file begins with one. The session replaces and deletes files as it goes, and all of it is on the disk when
// Plant returns. Sizes and names depend on the seed only; the text between the markers of databases does not.
func Plant(dir string, seed uint32, plan Plan) (Session, error) {
	p := &planter{
		dir: dir, plan: plan, random: rand.New(rand.NewPCG(uint64(seed), 7)), filler: make([]byte, 4<<20), buf: make([]byte, 1<<20),
		next: map[Class]int{}, session: Session{Seed: seed, Planted: map[Class]int{}},
	}
	if plan.Databases*plan.Rows > maxID || plan.Files > maxID {
		return Session{}, errors.New("the session is too large for its markers")
	}
	for i := 0; i < len(p.filler); i += 8 {
		v := p.random.Uint64()
		for j := range 8 {
			p.filler[i+j] = "abcdefghijklmnop"[v>>(8*j)&15]
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Session{}, fmt.Errorf("making a session's folder: %w", err)
	}
	for _, step := range []func() error{p.smallFiles, p.largeFiles, p.databases, p.links, p.churn, p.sync, p.measure} {
		if err := step(); err != nil {
			return Session{}, fmt.Errorf("planting a session: %w", err)
		}
	}
	p.session.Planted = p.next
	return p.session, nil
}

// mark makes the next marker of a class.
func (p *planter) mark(class Class) Marker {
	m := Marker{class, p.session.Seed, p.next[class]}
	p.next[class]++
	return m
}

// folder returns a folder of the session, and makes it.
func (p *planter) folder(parts ...string) (string, error) {
	dir := filepath.Join(append([]string{p.dir}, parts...)...)
	return dir, os.MkdirAll(dir, 0o700)
}

// size is a small file's: every twentieth is tiny, the others spread evenly over the powers of two.
func (p *planter) size(i int) int64 {
	if i%20 == 7 {
		return int64(2*markerLen + p.random.IntN(440))
	}
	n := int64(1024 * math.Pow(64, p.random.Float64()))
	if rest := n % sector; rest > 0 && rest < int64(markerLen) {
		n -= rest // the last sector too shall begin with a whole marker
	}
	return n
}

// write writes a file in which every sector begins with the marker.
func (p *planter) write(path string, m Marker, size int64) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	text := m.String()
	for size > 0 {
		part := p.buf[:min(size, int64(len(p.buf)))]
		copy(part, p.filler[p.random.IntN(len(p.filler)-len(part)):])
		for at := 0; at < len(part); at += sector {
			copy(part[at:], text)
		}
		if _, err := f.Write(part); err != nil {
			return err
		}
		size -= int64(len(part))
	}
	return nil
}

// live writes a file that is there at the end, first under the name given by at.
func (p *planter) live(path, at string, size int64) error {
	m := p.mark(Content)
	rel, err := filepath.Rel(p.dir, path)
	if err != nil {
		return err
	}
	p.session.Contents = append(p.session.Contents, File{rel, size})
	return p.write(at, m, size)
}

// smallFiles writes the files of the profile; those that will be replaced come with what they held before only.
func (p *planter) smallFiles() error {
	n, percent := 0, 0
	for _, k := range kinds() {
		var dir string
		var err error
		percent += k.percent
		for i := range p.plan.Files*percent/100 - n {
			if i%k.folder == 0 {
				if dir, err = p.folder("Default", k.base, k.prefix+p.mark(Name).String()+k.suffix, k.in); err != nil {
					return err
				}
			}
			path := filepath.Join(dir, k.before+p.mark(Name).String()+k.after)
			if err := p.smallFile(path, n); err != nil {
				return err
			}
			n++
		}
		if err := p.sync(); err != nil {
			return err
		}
	}
	return nil
}

// every is the distance of n small files that are spread among all of them.
func (p *planter) every(n int) int { return max(1, p.plan.Files/max(1, n)) }

func (p *planter) smallFile(path string, n int) error {
	if every := p.every(p.plan.Replaced); n%every == every/2 && n/every < p.plan.Replaced {
		if err := p.write(path, p.mark(Old), p.size(n)); err != nil {
			return err
		}
		p.replaced = append(p.replaced, replacement{path, filepath.Join(filepath.Dir(path), p.mark(OldName).String()+".tmp")})
		return nil
	}
	if err := p.live(path, path, p.size(n)); err != nil {
		return err
	}
	if set := p.next[XAttr]; set < p.plan.LongAttrs && set <= n/p.every(p.plan.LongAttrs) {
		value := "https://pay.example/" + p.mark(XAttr).String() + "?" + string(p.filler[:300])
		return unix.Setxattr(path, "user.xdg.origin.url", []byte(value[:300]), 0)
	}
	return nil
}

// largeFiles writes the documents.
func (p *planter) largeFiles() error {
	for i := range p.plan.Large {
		dir, err := p.folder([]string{"Downloads", "Documents/Scans"}[i%2])
		if err != nil {
			return err
		}
		low := min(p.plan.MaxLarge, 1<<20)
		less := int64(p.plan.Large-1-i) * (p.plan.MaxLarge - low) / int64(max(1, p.plan.Large-1))
		size := (p.plan.MaxLarge - less) / sector * sector
		path := filepath.Join(dir, "payslip-"+p.mark(Name).String()+[]string{".pdf", ".jpg"}[i/2%2])
		if err := p.live(path, path, size); err != nil {
			return err
		}
		value := "https://p.example/" + p.mark(XAttr).String()
		if err := unix.Setxattr(path, "user.xdg.origin.url", []byte(value), 0); err != nil {
			return err
		}
	}
	return nil
}

// links makes the symbolic links; every second target is too long for an inode.
func (p *planter) links() error {
	dir, err := p.folder("Default", "Singleton")
	if err != nil {
		return err
	}
	for i := range p.plan.Links {
		target := "192.0.2.7:" + p.mark(Link).String()
		if i%2 == 1 {
			target += "/" + strings.Repeat("long", 30)
		}
		if err := os.Symlink(target, filepath.Join(dir, p.mark(Name).String()+".lock")); err != nil {
			return err
		}
	}
	return nil
}

// sync waits until all of the session is on the disk.
func (p *planter) sync() error {
	f, err := os.Open(p.dir)
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(int(f.Fd())), f.Close())
}

// measure counts the files that are there.
func (p *planter) measure() error {
	return filepath.WalkDir(p.dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			p.session.Files++
			p.session.Bytes += info.Size()
		}
		return err
	})
}
