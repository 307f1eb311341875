// Package handover finds the documents of a session and sets aside those that nobody decided about.
//
// A document is what a person would miss: a complete file in a folder for documents, downloads, scans or captures, or a
// file of a document type anywhere in sight. Names are handled in memory and in the holding folder only; the package
// logs nothing and prints nothing.
package handover
