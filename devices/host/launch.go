package host

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// ErrNoProgram says that a program that is needed is not there.
var ErrNoProgram = errors.New("the program is not installed")

// FindProgram returns the path of a program in the folders that PATH names.
func FindProgram(name string) (string, bool) {
	path, err := exec.LookPath(name)
	return path, err == nil
}

// StartProgram starts a program with the caller's rights, which goes on by itself. Errors: ErrNoProgram, or the system's.
func StartProgram(ctx context.Context, argv []string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(argv) == 0 {
		return ErrNoProgram
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	if err := cmd.Start(); errors.Is(err, exec.ErrNotFound) {
		return ErrNoProgram
	} else if err != nil {
		return fmt.Errorf("starting a program: %w", plain(err))
	}
	go func() { _ = cmd.Wait() }() // so that it is no zombie when it ends first
	return nil
}

// OpenPage has the caller's desktop show a page, with the browser that it is set to. The address has to begin with
// https://: anything else could be a file or an option. xdg-open(1), open(1), url.dll.
func OpenPage(ctx context.Context, goos, url string) error {
	if !strings.HasPrefix(url, "https://") {
		return ErrRefused
	}
	switch goos {
	case "windows":
		return StartProgram(ctx, []string{"rundll32", "url.dll,FileProtocolHandler", url})
	case "darwin":
		return StartProgram(ctx, []string{"open", url})
	}
	return StartProgram(ctx, []string{"xdg-open", url})
}
