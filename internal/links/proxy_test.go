package links_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/internal/links"
)

const host = "n2.whitewater.invalid:2380"

// through is an HTTP client that does as an etcd member does: everything goes to its forward proxy.
func through(t *testing.T, f *links.Fabric, tlsConfig *tls.Config) *http.Client {
	t.Helper()
	proxy, err := f.ForwardProxy("n1")
	must(t, err)
	u, err := url.Parse(proxy)
	must(t, err)
	tr := &http.Transport{Proxy: http.ProxyURL(u), TLSClientConfig: tlsConfig}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: patience}
}

// echo answers with what it was asked and, for /stream, one line for each that it reads.
func echo(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/stream" {
		rc := http.NewResponseController(w)
		_ = rc.EnableFullDuplex()
		_ = rc.Flush()
		for lines := bufio.NewScanner(r.Body); lines.Scan(); _ = rc.Flush() {
			fmt.Fprintf(w, "got %s\n", lines.Text())
		}
		return
	}
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s %s %v %s", r.Method, r.Host, r.URL, r.TransferEncoding, body)
}

func fetch(t *testing.T, c *http.Client, method, url string, body io.Reader) string {
	t.Helper()
	req, err := http.NewRequest(method, url, body)
	must(t, err)
	resp, err := c.Do(req)
	must(t, err)
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	must(t, err)
	return string(got)
}

// Absolute-form requests, with bodies of either encoding, to a member behind a unix socket.
func TestForwardProxyPlain(t *testing.T) {
	f := fabric(t)
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	must(t, err)
	srv := &http.Server{Handler: http.HandlerFunc(echo)}
	go func() { _ = srv.Serve(l) }()
	defer srv.Close()
	f.Host(host, "n2", "unix", socket)
	c := through(t, f, nil)

	for _, tt := range []struct {
		method, path string
		body         io.Reader
		want         string
	}{
		{"GET", "/version?x=1", nil, "GET " + host + " /version?x=1 [] "},
		{"POST", "/raft", strings.NewReader("sized"), "POST " + host + " /raft [] sized"},
		{"POST", "/raft/snapshot", io.MultiReader(strings.NewReader("chun"), strings.NewReader("ked")), "POST " + host + " /raft/snapshot [chunked] chunked"},
	} {
		if got := fetch(t, c, tt.method, "http://"+host+tt.path, tt.body); got != tt.want {
			t.Errorf("%s %s:\n got %s\nwant %s", tt.method, tt.path, got, tt.want)
		}
	}
	if got := f.Traffic("n1", "n2").Passed; got == 0 {
		t.Error("the requests were not counted on the link")
	}
	if got := fetch(t, c, "GET", "http://n9.whitewater.invalid:2380/", nil); !strings.Contains(got, `no member is known as "n9.whitewater.invalid:2380"`) {
		t.Errorf("an unknown host: %s", got)
	}
	if got := fetch(t, c, "GET", "http://"+host+"/again", nil); got != "GET "+host+" /again [] " {
		t.Errorf("after a refusal: %s", got)
	}
}

// A streaming answer arrives as it is written, and each direction of the stream is cut apart: the answers of a GET that
// n1 made to n2 are traffic from n2 to n1.
func TestForwardProxyStream(t *testing.T) {
	f := fabric(t)
	srv := httptest.NewServer(http.HandlerFunc(echo))
	defer srv.Close()
	f.Host(host, "n2", "tcp", srv.Listener.Addr().String())
	c := through(t, f, nil)
	r, w := io.Pipe()
	req, err := http.NewRequest("POST", "http://"+host+"/stream", r)
	must(t, err)
	resp, err := c.Do(req)
	must(t, err)
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	say := func(text string) {
		t.Helper()
		_, err := fmt.Fprintln(w, text)
		must(t, err)
	}
	hear := func(want string) {
		t.Helper()
		got, err := lines.ReadString('\n')
		if err != nil || got != want+"\n" {
			t.Fatalf("heard %q, %v; want %q", got, err, want)
		}
	}
	say("one")
	hear("got one")
	must(t, f.Cut("n2", "n1"))
	say("two")
	waitFor(t, "the answer is held", func() bool { return f.Traffic("n2", "n1").Held > 0 })
	must(t, f.Mend("n2", "n1"))
	hear("got two")
	must(t, w.Close())
	if rest, err := io.ReadAll(lines); err != nil || len(rest) != 0 {
		t.Errorf("the rest: %q, %v", rest, err)
	}
}

// CONNECT carries TLS, unread; it too waits at a cut.
func TestForwardProxyConnect(t *testing.T) {
	f := fabric(t)
	srv := httptest.NewTLSServer(http.HandlerFunc(echo))
	defer srv.Close()
	f.Host(host, "n2", "tcp", srv.Listener.Addr().String())
	c := through(t, f, &tls.Config{InsecureSkipVerify: true})
	for _, path := range []string{"/a", "/b"} { // the second uses the tunnel again
		if got := fetch(t, c, "GET", "https://"+host+path, nil); got != "GET "+host+" "+path+" [] " {
			t.Errorf("%s: %s", path, got)
		}
	}
	c.CloseIdleConnections()
	must(t, f.Cut("n2", "n1"))
	mended := make(chan struct{})
	go func() {
		defer close(mended)
		for f.Traffic("n1", "n2").Held == 0 {
			time.Sleep(time.Millisecond)
		}
		_ = f.Mend("n2", "n1")
	}()
	if got := fetch(t, c, "GET", "https://"+host+"/c", nil); got != "GET "+host+" /c [] " {
		t.Errorf("after the cut: %s", got)
	}
	<-mended
}

// A member that is down, or that came back elsewhere.
func TestForwardProxyFollowsTheMember(t *testing.T) {
	f := fabric(t)
	f.Host(host, "n2", "unix", filepath.Join(t.TempDir(), "nobody"))
	c := through(t, f, nil)
	if got := fetch(t, c, "GET", "http://"+host+"/", nil); !strings.HasPrefix(got, "dial n2 at ") {
		t.Errorf("a dead member: %s", got)
	}
	srv := httptest.NewServer(http.HandlerFunc(echo))
	defer srv.Close()
	f.Host(host, "n2", "tcp", srv.Listener.Addr().String())
	if got := fetch(t, c, "GET", "http://"+host+"/", nil); got != "GET "+host+" / [] " {
		t.Errorf("the moved member: %s", got)
	}
}

func TestForwardProxyRefusesNonsense(t *testing.T) {
	f := fabric(t)
	proxy, err := f.ForwardProxy("n1")
	must(t, err)
	for _, text := range []string{
		"hello\r\n\r\n",
		"GET /origin-form HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET http://" + host + "/ SPDY/3\r\n\r\n",
		"GET http://" + host + "/ HTTP/1.1\r\nX: " + strings.Repeat("x", 70<<10) + "\r\n\r\n",
	} {
		c := dial(t, strings.TrimPrefix(proxy, "http://"))
		go func() { _, _ = io.WriteString(c, text) }()
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Errorf("%.40q: %v", text, err)
			continue
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%.40q: %s", text, resp.Status)
		}
	}
}
