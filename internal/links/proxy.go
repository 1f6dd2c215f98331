package links

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// headBytes bounds the head of a proxied request.
const headBytes = 64 << 10

// ForwardProxy opens an HTTP forward proxy for one member, to be given to it as HTTP_PROXY and HTTPS_PROXY: the listener
// is what tells who dials. It serves absolute-form requests, one for each connection (the member is told so by
// "Connection: close", which also holds for the answer), and CONNECT.
func (f *Fabric) ForwardProxy(src history.NodeID) (string, error) {
	addr, err := f.serve(src, f.forward)
	if err != nil {
		return "", err
	}
	return "http://" + addr, nil
}

// forward serves one connection of a forward proxy.
func (f *Fabric) forward(c *conn) {
	h, err := readHead(c.in)
	if err != nil {
		if !errors.Is(err, io.EOF) {
			refuse(c, http.StatusBadRequest, err)
		}
		return
	}
	f.mu.Lock()
	to, ok := f.hosts[h.host]
	f.mu.Unlock()
	if !ok {
		f.log.Debug("no such host behind the links", "from", c.src, "host", h.host)
		refuse(c, http.StatusBadGateway, fmt.Errorf("no member is known as %q", h.host))
		return
	}
	if err := f.connect(c, to, h.read); err != nil {
		f.log.Debug("link refused", "from", c.src, "to", to.node, "error", err)
		refuse(c, http.StatusBadGateway, err)
		return
	}
	if h.method == http.MethodConnect {
		if _, err := io.WriteString(c.a, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
			return
		}
	}
	f.splice(c, h.forward)
}

// refuse answers in the member's place. What it still sends is read and dropped for a moment, because closing a connection
// with unread bytes would take the answer back.
func refuse(c *conn, code int, why error) {
	text := why.Error() + "\n"
	_, _ = fmt.Fprintf(c.a, "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		code, http.StatusText(code), len(text), text)
	if half, ok := c.a.(*net.TCPConn); ok {
		_ = half.CloseWrite()
	}
	_ = c.a.SetDeadline(time.Now().Add(lastWords))
	_, _ = io.Copy(io.Discard, c.in)
}

// head is the beginning of a proxied request.
type head struct {
	method, host string
	read         int    // bytes that the member sent
	forward      []byte // what goes to the other side in their place; nothing for CONNECT
}

// readHead reads up to the empty line. Every field goes on as it was, except those that speak of this connection only:
// what follows is the body, untouched, whatever its encoding.
func readHead(r *bufio.Reader) (head, error) {
	line, err := readLine(r, headBytes)
	if err != nil {
		return head{}, err
	}
	h := head{read: len(line)}
	method, rest, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
	uri, version, ok := strings.Cut(rest, " ")
	if !ok || !strings.HasPrefix(version, "HTTP/1.") {
		return head{}, fmt.Errorf("%q is not the first line of an HTTP/1 request", line)
	}
	h.method, h.host = method, uri
	var out bytes.Buffer
	if method != http.MethodConnect {
		u, err := url.Parse(uri)
		if err != nil || u.Scheme != "http" || u.Host == "" {
			return head{}, fmt.Errorf("%q is not an absolute http URL", uri)
		}
		h.host = u.Host
		fmt.Fprintf(&out, "%s %s %s\r\n", method, u.RequestURI(), version)
	}
	for {
		line, err := readLine(r, headBytes-h.read)
		if err != nil {
			return head{}, fmt.Errorf("read the head of %s %s: %w", method, uri, err)
		}
		h.read += len(line)
		if strings.TrimRight(line, "\r\n") == "" {
			break
		}
		if !ofConnection(line) {
			out.WriteString(line)
		}
	}
	if method != http.MethodConnect {
		out.WriteString("Connection: close\r\n\r\n")
		h.forward = out.Bytes()
	}
	return h, nil
}

// readLine reads one line with its end, at most limit bytes.
func readLine(r *bufio.Reader, limit int) (string, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if line = append(line, part...); len(line) > limit {
			return "", fmt.Errorf("the request's head is over %d bytes", headBytes)
		}
		switch {
		case err == nil:
			return string(line), nil
		case errors.Is(err, io.EOF) && len(line) > 0:
			return "", io.ErrUnexpectedEOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return "", err
		}
	}
}

// ofConnection reports whether a header line is meant for the proxy alone.
func ofConnection(line string) bool {
	name, _, _ := strings.Cut(line, ":")
	switch strings.ToLower(name) {
	case "connection", "proxy-connection", "keep-alive", "proxy-authorization", "upgrade":
		return true
	}
	return false
}
