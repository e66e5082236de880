package edge

import (
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed explorer
var explorer embed.FS

// policy lets a page load what comes from here, talk to here, and nothing
// else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// pages serves the portal and the explorer.
func (e *Edge) pages() {
	tools, err := fs.Sub(explorer, "explorer")
	if err != nil {
		panic(err) // fs.Sub fails only for a path that is not valid; this one is a constant
	}
	e.mux.Handle("GET /graphiql", page(tools, "index.html"))
	e.mux.Handle("GET /graphiql/{file}", http.StripPrefix("/graphiql/", files(tools, "")))
	if e.Portal != nil {
		// Not "GET /": the mux would see a conflict with the API's path, which
		// takes every method.
		e.mux.Handle("/", reading(files(e.Portal, "index.html")))
	}
}

// reading lets through what only reads.
func reading(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// page serves one file.
func page(from fs.FS, name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { send(w, r, from, name) })
}

// files serves the files of a tree. Other paths that look like a page get the
// fallback, which finds its own way by the address; "": there is none. A page
// that names an account may have a dot in its name as well as a file.
func files(from fs.FS, fallback string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		if info, err := fs.Stat(from, name); err == nil && !info.IsDir() {
			send(w, r, from, name)
			return
		}
		folder, _, deeper := strings.Cut(name, "/")
		if fallback == "" || folder == assets || !deeper && path.Ext(name) != "" {
			http.NotFound(w, r)
			return
		}
		send(w, r, from, fallback)
	})
}

// assets is the folder of the files whose names hold a hash of their content.
const assets = "assets"

func send(w http.ResponseWriter, r *http.Request, from fs.FS, name string) {
	body, err := fs.ReadFile(from, name)
	if err != nil {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", typeOf(name))
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
	if strings.HasPrefix(name, assets+"/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	// The portal's build leaves what it compressed beside the file.
	if packed, err := fs.ReadFile(from, name+".gz"); err == nil {
		h.Set("Vary", "Accept-Encoding")
		if takesGzip(r) {
			h.Set("Content-Encoding", "gzip")
			body = packed
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

// takesGzip tells whether who asks can read gzip.
func takesGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, quality, _ := strings.Cut(strings.TrimSpace(coding), ";")
		if strings.TrimSpace(name) == "gzip" {
			return strings.Trim(quality, " q=0.") != "" || quality == ""
		}
	}
	return false
}

// typeOf does not ask the machine's own tables for what we serve.
func typeOf(name string) string {
	switch ext := path.Ext(name); ext {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".webmanifest":
		return "application/manifest+json"
	case ".map":
		return typeJSON
	case ".woff2":
		return "font/woff2"
	default:
		if known := mime.TypeByExtension(ext); known != "" {
			return known
		}
		return "application/octet-stream"
	}
}
