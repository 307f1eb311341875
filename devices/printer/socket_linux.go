package printer

// defaultSocket is where the service listens: CUPS_DEFAULT_DOMAINSOCKET of Debian, Fedora and openSUSE.
const defaultSocket = "/run/cups/cups.sock"
