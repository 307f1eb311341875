package disktest
import ("os/exec";"testing";"os";"time";"path/filepath";"fmt")
func TestTmpSpeed(t *testing.T) {
	for _, rec := range []bool{false,true} {
	d := newDisk(t, 4<<30, Options{})
	dir := format(t, d, "ext4", "")
	if rec { must(t, d.Record("")) }
	p := content("s", 8<<20)
	s := time.Now()
	f, _ := os.Create(filepath.Join(dir,"big"))
	for range 250 { f.Write(p) }
	w := time.Since(s)
	must(t, f.Sync()); f.Close()
	fmt.Printf("rec %v: 2000 MiB buffered %v, with fsync %v\n", rec, w, time.Since(s))
	dropCache(t, filepath.Join(dir,"big"))
	s = time.Now(); b,_ := os.ReadFile(filepath.Join(dir,"big")); fmt.Println("read", len(b), time.Since(s))
	s = time.Now()
	for i := range 2000 { put(dir, fmt.Sprint("s", i), p[:30000], false) }
	must(t, syncfs(t, dir))
	fmt.Println("2000 small", time.Since(s))
	s = time.Now()
	for i := range 200 { put(dir, fmt.Sprint("s", i), p[:30000], true) }
	fmt.Println("200 fsyncs", time.Since(s))
	c,_ := d.Count(); fmt.Printf("%+v\n", c)
	dev := d.Device(); go func() { time.Sleep(3*time.Second); o,_ := exec.Command("sh","-c","ls /sys/block/"+filepath.Base(dev)+"/loop; cat /sys/block/"+filepath.Base(dev)+"/loop/backing_file; grep -l "+dev+" /proc/[0-9]*/mountinfo | head; for p in /proc/[0-9]*; do ls -l $p/fd 2>/dev/null | grep -q "+dev+"$ && echo open $p $(tr '\\0' ' ' <$p/cmdline); done; for p in /proc/[0-9]*/task/*; do s=$(cat $p/stat 2>/dev/null | cut -d' ' -f2,3); case \"$s\" in *D) echo $p $s; cat $p/stack;; esac; done; uptime; grep -i -E 'dirty|writeback' /proc/meminfo").CombinedOutput(); fmt.Println(string(o)) }()
	s = time.Now(); must(t, d.Detach()); fmt.Println("detach", time.Since(s))
	s = time.Now(); must(t, d.Snapshot(filepath.Join(t.TempDir(),"x"))); fmt.Println("snapshot", time.Since(s))
	}
}
