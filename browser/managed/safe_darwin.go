package managed

import "errors"

// administrators are wheel and admin, who may write to /Applications.
func administrators(gid uint32) bool { return gid == 0 || gid == 80 }

// listed is not known here.
func listed(string) bool { return false }

func held(string) bool { return false }

func release(string) error { return errors.ErrUnsupported }
