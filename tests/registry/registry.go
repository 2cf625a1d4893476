// Package registry is a package registry on loopback: what npm asks one for when it installs a package, and nothing more.
package registry

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
)

// Server holds packages by name and version.
type Server struct {
	URL string

	server *httptest.Server
	mu     sync.Mutex
	// tarballs are the packed files by their path; documents the descriptions by the package's name.
	tarballs  map[string][]byte
	documents map[string]*document
	asked     []string
}

// document is what a registry tells of a package.
type document struct {
	Name     string                    `json:"name"`
	Tags     map[string]string         `json:"dist-tags"`
	Versions map[string]map[string]any `json:"versions"`
}

// Start begins to serve. The registry is empty.
func Start() *Server {
	s := &Server{tarballs: map[string][]byte{}, documents: map[string]*document{}}
	s.server = httptest.NewServer(http.HandlerFunc(s.answer))
	s.URL = s.server.URL
	return s
}

// Close ends it.
func (s *Server) Close() { s.server.Close() }

// Asked are the paths that were asked for, in order.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.asked...)
}

// Publish takes a packed tarball in; the version becomes the latest one.
func (s *Server) Publish(tarball []byte) error {
	manifest, err := Manifest(tarball)
	if err != nil {
		return err
	}
	name, _ := manifest["name"].(string)
	version, _ := manifest["version"].(string)
	if name == "" || version == "" {
		return errors.New("the package has no name or no version")
	}
	at := "/" + name + "/-/" + path.Base(name) + "-" + version + ".tgz"
	whole, short := sha512.Sum512(tarball), sha1.Sum(tarball)
	manifest["dist"] = map[string]string{
		"tarball":   s.URL + at,
		"integrity": "sha512-" + base64.StdEncoding.EncodeToString(whole[:]),
		"shasum":    hex.EncodeToString(short[:]),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tarballs[at] = tarball
	d := s.documents[name]
	if d == nil {
		d = &document{name, map[string]string{}, map[string]map[string]any{}}
		s.documents[name] = d
	}
	d.Versions[version], d.Tags["latest"] = manifest, version
	return nil
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.URL.Path)
	if tarball, ok := s.tarballs[r.URL.Path]; ok {
		w.Header().Set("content-type", "application/octet-stream")
		_, _ = w.Write(tarball)
		return
	}
	if d, ok := s.documents[strings.TrimPrefix(r.URL.Path, "/")]; ok {
		w.Header().Set("content-type", "application/json")
		_ = json.NewEncoder(w).Encode(d)
		return
	}
	http.Error(w, `{"error":"not found"}`, http.StatusNotFound)
}

const manifestName = "package/package.json"

// Manifest reads the package.json of a tarball.
func Manifest(tarball []byte) (map[string]any, error) {
	var manifest map[string]any
	err := each(tarball, func(h *tar.Header, body []byte) error {
		if h.Name != manifestName {
			return nil
		}
		return json.Unmarshal(body, &manifest)
	})
	if err == nil && manifest == nil {
		err = errors.New("the tarball has no package.json")
	}
	return manifest, err
}

// WithVersion is the same package under another version.
func WithVersion(tarball []byte, version string) ([]byte, error) {
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	files := tar.NewWriter(zip)
	err := each(tarball, func(h *tar.Header, body []byte) error {
		if h.Name == manifestName {
			var manifest map[string]any
			if err := json.Unmarshal(body, &manifest); err != nil {
				return err
			}
			manifest["version"] = version
			var err error
			if body, err = json.MarshalIndent(manifest, "", "  "); err != nil {
				return err
			}
		}
		err := files.WriteHeader(&tar.Header{Name: h.Name, Mode: h.Mode, Size: int64(len(body)), Typeflag: h.Typeflag, ModTime: h.ModTime})
		if err == nil {
			_, err = files.Write(body)
		}
		return err
	})
	if err = errors.Join(err, files.Close(), zip.Close()); err != nil {
		return nil, fmt.Errorf("packing anew: %w", err)
	}
	return out.Bytes(), nil
}

func each(tarball []byte, visit func(h *tar.Header, body []byte) error) error {
	zip, err := gzip.NewReader(bytes.NewReader(tarball))
	if err != nil {
		return err
	}
	files := tar.NewReader(zip)
	for {
		h, err := files.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		body, err := io.ReadAll(files)
		if err != nil {
			return err
		}
		if err := visit(h, body); err != nil {
			return err
		}
	}
}
