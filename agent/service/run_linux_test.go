package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestMain lets the test program be a service: started anew with this set, it runs one.
func TestMain(m *testing.M) {
	if how := os.Getenv("IPGUARD_TEST_SERVICE"); how != "" {
		os.Exit(serve(how))
	}
	os.Exit(m.Run())
}

// serve is what a service does in these tests. It tells on standard output what happens.
func serve(how string) int {
	err := Run(context.Background(), Options{}, program(func(ctx context.Context, ready func()) error {
		fmt.Println("begun", os.Getenv("NOTIFY_SOCKET") == "", os.Getenv("WATCHDOG_USEC") == "")
		if how == "ends" {
			return nil
		}
		ready()
		<-ctx.Done()
		fmt.Println("ending")
		time.Sleep(50 * time.Millisecond)
		fmt.Println("ended")
		return ctx.Err()
	}))
	fmt.Println("returned", err)
	if errors.Is(err, ErrEnded) {
		return 3
	}
	if err != nil {
		return 1
	}
	return 0
}

// play plays systemd: it listens, starts the service, and asks it to end when it is ready.
func play(t *testing.T, socket, how string, signal os.Signal) (words []string, output string, code int) {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), "IPGUARD_TEST_SERVICE="+how, "NOTIFY_SOCKET="+socket, "WATCHDOG_USEC=20000")
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		notifier{socket}.say("over") // after all that the service said
		done <- err
	}()
	buf := make([]byte, 4096)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		word := string(buf[:n])
		if word == "over" {
			break
		}
		if word == alive && len(words) > 0 && words[len(words)-1] == alive {
			continue // it goes on
		}
		words = append(words, word)
		if word == alive && len(words) == 2 {
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
		}
	}
	<-done // the exit code tells
	return words, out.String(), cmd.ProcessState.ExitCode()
}

func TestRunUnderAManager(t *testing.T) {
	dir, err := os.MkdirTemp("", "svc") // a socket's name is short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for _, socket := range []string{filepath.Join(dir, "notify"), fmt.Sprintf("@ipguard-test-%d", os.Getpid())} {
		for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
			words, out, code := play(t, socket, "runs", signal)
			want := "begun true true\nending\nended\nreturned <nil>\n"
			if diff := cmp.Diff(want, out); diff != "" || code != 0 {
				t.Errorf("%v: exit code %d, output (-want +got):\n%s", signal, code, diff)
			}
			if len(words) < 3 || words[0] != ready || words[1] != alive || words[2] != stopping {
				t.Errorf("%v: the service said %q", signal, words)
			}
			_ = os.Remove(socket)
		}
	}
}

// Without a manager the service runs in the foreground just the same.
func TestRunInTheForeground(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), "IPGUARD_TEST_SERVICE=ends", "NOTIFY_SOCKET=/nobody/listens")
	out, err := cmd.CombinedOutput()
	want := "begun true true\nreturned " + ErrEnded.Error() + "\n"
	if diff := cmp.Diff(want, string(out)); diff != "" || cmd.ProcessState.ExitCode() != 3 {
		t.Errorf("error %v, output (-want +got):\n%s", err, diff)
	}
}
