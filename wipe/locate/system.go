package locate

import (
	"strings"

	"ipguard/wipe"
)

// System gives the tokens of folders outside the home. prefix is put before each folder: empty on a real machine, a
// temporary folder in tests and in the demonstration.
//
// A token whose folder bears the number of the account is left out when the account has none.
func System(goos, prefix string, acct wipe.Account) Tokens {
	tokens := Tokens{}
	add := func(token wipe.Token, folders ...string) {
		for _, folder := range folders {
			tokens.Merge(token, prefix+folder)
		}
	}
	switch goos {
	case "linux":
		add(TMP, "/tmp")
		add(VarTMP, "/var/tmp")
		add(SHM, "/dev/shm")
		add(MQueue, "/dev/mqueue")
		add(RunLock, "/run/lock")
		add(Screen, "/run/screen")
		add(CupsSpool, "/var/spool/cups")
		add(CupsPDF, "/var/spool/cups-pdf")
		add(Coredump, "/var/lib/systemd/coredump")
		add(Crash, "/var/crash")
		add(Crontabs, "/var/spool/cron/crontabs", "/var/spool/cron/tabs")
		add(AtJobs, "/var/spool/cron/atjobs", "/var/spool/atjobs")
		add(AtSpool, "/var/spool/cron/atspool", "/var/spool/atspool")
		add(Linger, "/var/lib/systemd/linger")
		add(AccountsService, "/var/lib/AccountsService")
		add(NMConnections, "/etc/NetworkManager/system-connections")
		add(Netplan, "/etc/netplan")
		add(MailSpool, "/var/mail")
		if id, ok := accountID(goos, acct); ok && acct.UID != 0 {
			add(Runtime, "/run/user/"+id)
		}
	case "darwin":
		add(TMP, "/private/tmp")
		add(VarTMP, "/private/var/tmp")
	case "windows":
		if id, ok := accountID(goos, acct); ok {
			drive := ""
			if prefix == "" && len(acct.Home) > 2 && acct.Home[1] == ':' {
				drive = acct.Home[:2]
			}
			add(RecycleBin, drive+`\$Recycle.Bin\`+id)
		}
	}
	return tokens
}

// accountID returns the number of the account when it has the form that the operating system gives it.
func accountID(goos string, acct wipe.Account) (string, bool) {
	const digits = "0123456789"
	if goos == "windows" {
		rest, ok := strings.CutPrefix(acct.ID, "S-1-")
		return acct.ID, ok && rest != "" && strings.Trim(rest, digits+"-") == ""
	}
	return acct.ID, acct.ID != "" && strings.Trim(acct.ID, digits) == ""
}
