package managed

// SystemRegistry is the registry of the system that the test runs on.
func SystemRegistry() (Registry, error) { return systemRegistry() }
