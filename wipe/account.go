package wipe

// Account is the shared account of the laptop.
type Account struct {
	Name string
	ID   string   // the uid in decimal, or the Windows SID
	UID  uint32   // 0 on Windows
	GIDs []uint32 // every group, the main one included; empty on Windows
	Home string   // absolute, without symbolic links
	// Admin says that the account can become administrator, so that wiping protects against forgetting only.
	Admin bool
}
