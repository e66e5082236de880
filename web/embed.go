// Package web carries the built portal, so that the one binary serves it.
//
// The portal is built by `npm run build` in this directory, which writes dist; the
// directory is not committed, so a Go build of this package needs that step first
// (`make build` does both). Everything in dist is served as it is: file names under
// assets/ contain a hash of their content and never change meaning, index.html is
// the page for every path of the portal.
package web

import (
	"embed"
	"io/fs"
)

// The prefix all: keeps files whose names begin with a dot or an underscore, such
// as the build's own manifest.
//
//go:embed all:dist
var dist embed.FS

// Files is the portal as built: index.html, assets/… and a few files beside them,
// with paths relative to the portal's root. It is read-only and safe for concurrent use.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		// fs.Sub fails only for a path that is not valid; this one is a constant.
		panic(err)
	}
	return files
}
