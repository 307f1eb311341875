// Package printertest runs a real CUPS for tests: a print service of their own, with its own configuration, socket, spool and
// history. It is for tests only.
package printertest

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

// Service is a print service that ends with its test.
type Service struct {
	testing.TB
	Dir    string // of all its files, the logs too
	Socket string
	Spool  string
	Cache  string
	Stop   func() // ends it earlier
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

// New starts cupsd. More directives go into its configuration first.
func New(t testing.TB, more ...string) *Service {
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
	s := &Service{
		TB: t, Dir: dir, Socket: filepath.Join(dir, "sock"), Spool: filepath.Join(dir, "spool"),
		Cache: filepath.Join(dir, "cache"),
	}
	s.Write("cupsd.conf", strings.Join(more, "\n")+"\n"+fmt.Sprintf(policies, s.Socket))
	if err := os.MkdirAll(filepath.Join(s.Spool, "tmp"), 0o755); err != nil {
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
	s.Write("cups-files.conf", files.String())
	var said bytes.Buffer
	cmd := exec.Command(daemon, "-f", "-c", filepath.Join(dir, "cupsd.conf"), "-s", filepath.Join(dir, "cups-files.conf"))
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting the print service (install cups): %v", err)
	}
	s.Stop = stopper(cmd)
	t.Cleanup(func() {
		s.Stop()
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "error_log"))
			t.Logf("%s\n%s", said.Bytes(), log[max(0, len(log)-6000):])
		}
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if out, err := s.tool(t.Context(), "lpstat", "-r"); err == nil && strings.Contains(out, "is running") {
			return s
		} else if time.Now().After(deadline) {
			t.Fatalf("the print service does not answer: %v: %s", err, out)
		}
	}
}

// stopper returns what asks a service to end, and makes it.
func stopper(cmd *exec.Cmd) func() {
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	return func() {
		cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			cmd.Process.Kill()
			<-ended
		}
	}
}

// Write writes a file beside the service's own and returns its path.
func (s *Service) Write(name, text string) string {
	s.Helper()
	path := filepath.Join(s.Dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.Fatal(err)
	}
	return path
}

// Run runs a tool of CUPS on the service and returns what it says.
func (s *Service) Run(tool string, args ...string) string {
	s.Helper()
	out, err := s.tool(s.Context(), tool, args...)
	if err != nil {
		s.Fatalf("%s (install cups-client): %v: %s", tool, err, out)
	}
	return out
}

func (s *Service) tool(ctx context.Context, tool string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "CUPS_SERVER="+s.Socket, "PATH="+os.Getenv("PATH")+":/usr/sbin")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Queue makes a queue that prints to an address, without filters unless it gets a description.
func (s *Service) Queue(name, uri string, args ...string) {
	s.Helper()
	s.Run("/usr/sbin/lpadmin", append([]string{"-p", name, "-v", uri, "-E"}, args...)...)
}

// Files returns the names of the job files in the spool.
func (s *Service) Files() []string {
	s.Helper()
	entries, err := os.ReadDir(s.Spool)
	if err != nil {
		s.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

// Holds returns the names of all files below the service's folders that hold a text.
func (s *Service) Holds(text string, but ...string) []string {
	s.Helper()
	var found []string
	err := filepath.WalkDir(s.Dir, func(path string, d os.DirEntry, err error) error {
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
		s.Fatal(err)
	}
	return found
}

// Description is of a printer that takes PDF, so that the service has filters to choose and types to refuse.
const Description = `*PPD-Adobe: "4.3"
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
