package printer

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// service is a print service of the test's own: its own configuration, socket, spool and history.
type service struct {
	t                         testing.TB
	dir, socket, spool, cache string
	stop                      func()
}

// policies are those of CUPS as it is shipped, as far as they matter here.
const policies = `LogLevel debug
Listen %s
Browsing Off
DefaultAuthType Basic
DirtyCleanInterval 0
ErrorPolicy retry-job
WebInterface No
PageLogFormat
<Location />
  Order allow,deny
</Location>
<Policy default>
  JobPrivateAccess default
  JobPrivateValues default
  <Limit Create-Job Print-Job Print-URI Validate-Job>
    Order deny,allow
  </Limit>
  <Limit Send-Document Send-URI Hold-Job Release-Job Purge-Jobs Set-Job-Attributes Cancel-My-Jobs Close-Job>
    Require user @OWNER @SYSTEM
    Order deny,allow
  </Limit>
  <Limit CUPS-Add-Modify-Printer CUPS-Delete-Printer CUPS-Set-Default Pause-Printer Resume-Printer Cancel-Jobs CUPS-Accept-Jobs CUPS-Reject-Jobs>
    AuthType Default
    Require user @SYSTEM
    Order deny,allow
  </Limit>
  <Limit Cancel-Job CUPS-Authenticate-Job>
    Require user @OWNER @SYSTEM
    Order deny,allow
  </Limit>
  <Limit All>
    Order deny,allow
  </Limit>
</Policy>
`

// newService starts cupsd and ends it with the test. Names of more directives go into its configuration first.
func newService(t testing.TB, more ...string) *service {
	t.Helper()
	daemon, err := exec.LookPath("cupsd")
	if err != nil {
		if daemon = "/usr/sbin/cupsd"; os.Geteuid() != 0 {
			t.Fatal("a print service of the test's own needs root")
		}
	}
	// Below the temporary directory itself: the path of a socket is short.
	dir, err := os.MkdirTemp("", "ipgt-cups-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := &service{
		t: t, dir: dir, socket: filepath.Join(dir, "sock"), spool: filepath.Join(dir, "spool"),
		cache: filepath.Join(dir, "cache"),
	}
	s.write("cupsd.conf", strings.Join(more, "\n")+"\n"+fmt.Sprintf(policies, s.socket))
	if err := os.MkdirAll(filepath.Join(s.spool, "tmp"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cache", "state"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var files strings.Builder
	for key, name := range map[string]string{
		"ServerRoot": "", "RequestRoot": "spool", "StateDir": "state", "CacheDir": "cache", "TempDir": "spool/tmp",
		"ErrorLog": "error_log", "AccessLog": "access_log", "PageLog": "page_log", "Printcap": "printcap",
	} {
		fmt.Fprintf(&files, "%s %s\n", key, filepath.Join(dir, name))
	}
	files.WriteString("FileDevice Yes\nSystemGroup root\nUser lp\nGroup lp\n")
	s.write("cups-files.conf", files.String())
	var said bytes.Buffer
	cmd := exec.Command(daemon, "-f", "-c", filepath.Join(dir, "cupsd.conf"), "-s", filepath.Join(dir, "cups-files.conf"))
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting the print service (install cups): %v", err)
	}
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	s.stop = func() {
		cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			cmd.Process.Kill()
			<-ended
		}
	}
	t.Cleanup(func() {
		s.stop()
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "error_log"))
			t.Logf("%s\n%s", said.Bytes(), log[max(0, len(log)-6000):])
		}
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, err := s.as("root").Printers(t.Context()); err == nil {
			return s
		} else if time.Now().After(deadline) {
			t.Fatalf("the print service does not answer: %v", err)
		}
	}
}

func (s *service) write(name, text string) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// as returns a Spooler of this process, root, for an account.
func (s *service) as(user string) *Spooler {
	p := New(Options{Socket: s.socket, User: user})
	p.pause, p.longest = 50*time.Millisecond, 200*time.Millisecond
	return p
}

// run runs a tool of CUPS on the service.
func (s *service) run(tool string, args ...string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Env = append(os.Environ(), "CUPS_SERVER="+s.socket, "PATH="+os.Getenv("PATH")+":/usr/sbin")
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("%s (install cups-client): %v: %s", tool, err, out)
	}
}

// queue makes a queue that prints to an address, without filters unless it gets a description.
func (s *service) queue(name, uri string, args ...string) {
	s.t.Helper()
	s.run("/usr/sbin/lpadmin", append([]string{"-p", name, "-v", uri, "-E"}, args...)...)
}

// files returns the names of the job files in the spool.
func (s *service) files() []string {
	s.t.Helper()
	entries, err := os.ReadDir(s.spool)
	if err != nil {
		s.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

// holds returns the names of all files below the service's folders that hold a text.
func (s *service) holds(text string, but ...string) []string {
	s.t.Helper()
	var found []string
	err := filepath.WalkDir(s.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // files of the service come and go
		}
		for _, b := range but {
			if d.Name() == b {
				return nil
			}
		}
		if raw, err := os.ReadFile(path); err == nil && bytes.Contains(raw, []byte(text)) {
			found = append(found, d.Name())
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

// description is of a printer that takes PDF, so that the service has filters to choose and types to refuse.
const description = `*PPD-Adobe: "4.3"
*FormatVersion: "4.3"
*FileVersion: "1.0"
*LanguageVersion: English
*LanguageEncoding: ISOLatin1
*PCFileName: "TEST.PPD"
*Manufacturer: "Test"
*Product: "(Test)"
*ModelName: "Test"
*ShortNickName: "Test"
*NickName: "Test"
*PSVersion: "(3010.000) 0"
*LanguageLevel: "3"
*ColorDevice: False
*DefaultColorSpace: Gray
*FileSystem: False
*cupsFilter2: "application/pdf application/pdf 0 -"
*OpenUI *PageSize/Size: PickOne
*OrderDependency: 10 AnySetup *PageSize
*DefaultPageSize: A4
*PageSize A4/A4: ""
*CloseUI: *PageSize
*OpenUI *PageRegion/Size: PickOne
*OrderDependency: 10 AnySetup *PageRegion
*DefaultPageRegion: A4
*PageRegion A4/A4: ""
*CloseUI: *PageRegion
*DefaultImageableArea: A4
*ImageableArea A4: "0 0 595 842"
*DefaultPaperDimension: A4
*PaperDimension A4: "595 842"
`
