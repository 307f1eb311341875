package host

import "golang.org/x/sys/windows"

// KnownFolders returns the folders of the account that the program runs as, by the names of the catalogue's tokens. An
// account can have moved them. Source: KNOWNFOLDERID in the Windows documentation.
func (h *Host) KnownFolders() map[string]string {
	folders := map[string]string{}
	for name, id := range map[string]*windows.KNOWNFOLDERID{
		"APPDATA": windows.FOLDERID_RoamingAppData, "LOCALAPPDATA": windows.FOLDERID_LocalAppData, "LOCALLOW": windows.FOLDERID_LocalAppDataLow,
		"DESKTOP": windows.FOLDERID_Desktop, "DOCUMENTS": windows.FOLDERID_Documents, "DOWNLOADS": windows.FOLDERID_Downloads,
		"MUSIC": windows.FOLDERID_Music, "PICTURES": windows.FOLDERID_Pictures, "VIDEOS": windows.FOLDERID_Videos,
	} {
		// A folder that the account does not have keeps its default place.
		if path, err := windows.KnownFolderPath(id, windows.KF_FLAG_DONT_VERIFY); err == nil {
			folders[name] = path
		}
	}
	return folders
}
