package printer

import (
	"slices"
	"strings"
)

// condition maps the keywords of printer-state-reasons (RFC 8011, section 5.4.12; PWG 5100.9) to the closed set. What is
// not listed is Other where it is an error. The first row that fits decides: what a person can mend stands first.
type condition struct {
	reason   Reason
	keywords []string
}

func conditions() []condition {
	return []condition{
		{PaperJam, []string{"media-jam"}},
		{PaperEmpty, []string{"media-empty", "media-needed", "input-tray-missing"}},
		{DoorOpen, []string{"door-open", "cover-open", "interlock-open"}},
		{Toner, []string{"toner-empty", "marker-supply-empty", "marker-supply-missing", "marker-waste-full"}},
		{Offline, []string{"offline", "shutdown", "timed-out"}},
		{Paused, []string{"paused", "moving-to-paused", "stopped-partly", "hold-new-jobs"}},
	}
}

// why returns the reason in a printer's keywords, empty where none of them keeps it from printing.
func why(keywords []string) Reason {
	var errors []string
	for _, k := range keywords {
		bare, severity := k, ""
		for _, s := range []string{"-report", "-warning", "-error"} {
			if b, ok := strings.CutSuffix(k, s); ok {
				bare, severity = b, s
			}
		}
		// A report or a warning does not stop a printer (RFC 8011, section 5.4.12), but backends of CUPS say
		// "offline-report" and "media-empty-warning" and wait.
		known := slices.ContainsFunc(conditions(), func(c condition) bool { return slices.Contains(c.keywords, bare) })
		switch {
		case bare == "none" || bare == "connecting-to-device" || strings.HasPrefix(bare, "cups-"):
		case known || severity != "-report" && severity != "-warning" && !strings.HasSuffix(bare, "-low"):
			errors = append(errors, bare)
		}
	}
	for _, c := range conditions() {
		if slices.ContainsFunc(errors, func(e string) bool { return slices.Contains(c.keywords, e) }) {
			return c.reason
		}
	}
	if len(errors) > 0 {
		return Other
	}
	return ""
}

// jobReason returns why a job in a state waits or failed, from the keywords of job-state-reasons (RFC 8011, section
// 5.3.8; CUPS adds some) and those of its printer.
func jobReason(state State, job, printer []string) Reason {
	has := func(keywords ...string) bool {
		return slices.ContainsFunc(keywords, func(k string) bool { return slices.Contains(job, k) })
	}
	p := why(printer)
	switch {
	case state == Completed || state == Canceled || state == Gone:
		return ""
	case state == Aborted && has("document-format-error", "unsupported-document-format", "document-unprintable-error"):
		return BadFormat
	case state == Aborted:
		return Other
	case state == Held:
		return OnHold
	case p != "":
		return p
	case has("printer-stopped", "printer-stopped-partly"):
		return Paused
	case state == Pending, slices.Contains(printer, "connecting-to-device"):
		return Waiting
	case state == Stopped:
		return Other
	}
	return ""
}
