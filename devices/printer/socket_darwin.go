package printer

// defaultSocket is where the service listens: CUPS_DEFAULT_DOMAINSOCKET of Apple's build.
const defaultSocket = "/private/var/run/cupsd"
