package serve

import (
	"archive/zip"
	"compress/flate"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"unicode/utf8"
)

// kinds are the types of the files that browsers show themselves. Everything else that is text is shown as text.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".svg": "image/svg+xml", ".json": "application/json", ".zst": "application/zstd", ".zip": "application/zip",
	".db": "application/octet-stream", ".wal": "application/octet-stream", ".snap": "application/octet-stream",
}

// readable reports whether a file is worth a page that shows its text.
func readable(name string) bool {
	kind, known := kinds[path.Ext(name)]
	return !known || kind == "application/json"
}

// raw sends a file as it is, shut off from everything else (filePolicy).
func (s *site) raw(w http.ResponseWriter, r *http.Request) error {
	f, err := s.find(r)
	if err != nil {
		return err
	}
	defer f.files.Close()
	file, info, err := f.open(r.PathValue("file"))
	if err != nil {
		return err
	}
	defer file.Close()
	kind := kinds[path.Ext(info.Name())]
	if kind == "" {
		kind = "text/plain; charset=utf-8"
		if !isText(file) {
			kind = "application/octet-stream"
		}
	}
	h := w.Header()
	shutIn(h)
	h.Set("Content-Type", kind)
	if r.URL.Query().Has("download") {
		h.Set("Content-Disposition", attachment(info.Name()))
	}
	http.ServeContent(w, r, info.Name(), info.ModTime(), file)
	return nil
}

func attachment(name string) string {
	return mime.FormatMediaType("attachment", map[string]string{"filename": name})
}

// open opens a regular file of the run. os.Root keeps names and links from leading out of the folder.
func (f *found) open(name string) (io.ReadSeekCloser, fs.FileInfo, error) {
	missing := notFound(fmt.Sprintf("run %s has no file %q", f.id, name))
	info, err := f.files.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return nil, nil, missing // also a pipe, which would wait for its other end
	}
	file, err := f.files.Open(name)
	if err != nil {
		return nil, nil, missing
	}
	return file, info, nil
}

// isText looks at a file's beginning, and goes back there.
func isText(file io.ReadSeeker) bool {
	start := make([]byte, 4096)
	n, _ := io.ReadFull(file, start)
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return false
	}
	return plain(start[:n])
}

// plain reports whether data is text. A character cut off at the end is none of its faults.
func plain(data []byte) bool {
	for len(data) > 0 {
		c, size := utf8.DecodeRune(data)
		if c == 0 || c == utf8.RuneError && size == 1 && len(data) >= utf8.UTFMax {
			return false
		}
		data = data[size:]
	}
	return true
}

// viewBytes is how much of a file its page shows.
const viewBytes = 512 << 10

func (s *site) view(w http.ResponseWriter, r *http.Request) error {
	f, err := s.find(r)
	if err != nil {
		return err
	}
	defer f.files.Close()
	name := r.PathValue("file")
	file, info, err := f.open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	p, err := s.runPage(f)
	if err != nil {
		return err
	}
	data, err := io.ReadAll(io.LimitReader(file, viewBytes))
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	body := map[string]any{"Name": name, "Raw": address(f.scenario, f.id, "raw", name), "Bytes": info.Size(), "Rest": info.Size() - int64(len(data))}
	if plain(data) {
		body["Text"] = strings.ToValidUTF8(string(data), "\uFFFD")
	} else {
		body["Binary"] = true
	}
	p.Body = body
	return s.show(w, http.StatusOK, "view", frame{Title: name, Tab: "runs", Page: p})
}

// zip sends the whole run as one file, written as it is sent. What goes wrong on the way breaks the connection off, so
// that nobody takes a part for the whole.
func (s *site) zip(w http.ResponseWriter, r *http.Request) error {
	f, err := s.find(r)
	if err != nil {
		return err
	}
	defer f.files.Close()
	files, err := f.list()
	if err != nil {
		return err
	}
	if len(files) == filesShown {
		return &problem{http.StatusRequestEntityTooLarge, fmt.Sprintf("the run has more than %d files", filesShown)}
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", attachment(f.scenario+"-"+f.id+".zip"))
	archive := zip.NewWriter(w)
	archive.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestSpeed) })
	for _, file := range files {
		if err := f.pack(archive, file); err != nil {
			panic(http.ErrAbortHandler) // the server's own way of breaking off
		}
	}
	if archive.Close() != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

func (f *found) pack(archive *zip.Writer, file File) error {
	in, _, err := f.open(file.Name)
	if err != nil {
		return err
	}
	defer in.Close()
	header := &zip.FileHeader{Name: f.id + "/" + file.Name, Modified: file.Time, Method: zip.Deflate}
	if path.Ext(file.Name) == ".zst" {
		header.Method = zip.Store
	}
	out, err := archive.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return err
}
