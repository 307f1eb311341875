// Package ipc is how the command and the service talk: HTTP with JSON over a unix socket or a named pipe, on which the
// kernel says who is at the other end.
//
// It carries requests to the service and answers back, decides who may ask for what, and bounds what a caller can cost:
// connections, memory, waiting. It does not decide what happens to an account; it carries no path, no document and no name
// of one (documents are told by numbers; only the folder into which some are given back has a name), and writes nothing
// down about what it was asked.
package ipc
