package etcd

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/protobuf/proto"

	"github.com/whitewater-kv/whitewater/history"
)

// obedient answers a put as the put's value says, a word for each frame:
//
//	headers=NAME:VALUE,…   headers
//	status=CODE,MESSAGE    what gRPC ends a call with; only=… the same without any headers before
//	data=N                 the first N bytes of a good answer, or goodAnswer's names for others
//	rst=CODE goaway=LAST close
//
// The stream ends with the last word, if that is headers, data or a status.
type obedient struct {
	framer *http2.Framer
	block  bytes.Buffer
	hpack  *hpack.Encoder
}

// obey serves connections until the test ends.
func obey(t *testing.T) (addr string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	work.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			work.Go(func() { defer conn.Close(); serveObediently(conn) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		mu.Lock()
		defer mu.Unlock()
		for _, conn := range conns {
			conn.Close()
		}
		work.Wait()
	})
	return listener.Addr().String()
}

func serveObediently(conn net.Conn) {
	if _, err := io.ReadFull(conn, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	o := &obedient{framer: http2.NewFramer(conn, conn)}
	o.hpack = hpack.NewEncoder(&o.block)
	o.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	o.framer.WriteSettings()
	for {
		frame, err := o.framer.ReadFrame()
		if err != nil {
			return
		}
		switch f := frame.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() {
				o.framer.WriteSettingsAck()
			}
		case *http2.PingFrame:
			if !f.IsAck() {
				o.framer.WritePing(true, f.Data)
			}
		case *http2.DataFrame:
			put := new(pb.PutRequest)
			if len(f.Data()) < 5 || proto.Unmarshal(f.Data()[5:], put) != nil || !o.answer(f.StreamID, string(put.GetValue())) {
				return
			}
		}
	}
}

// answer says the words; false closes the connection.
func (o *obedient) answer(stream uint32, script string) bool {
	words := strings.Split(script, " ")
	for i, word := range words {
		verb, rest, _ := strings.Cut(word, "=")
		end := i == len(words)-1
		code, message, _ := strings.Cut(rest, ",")
		status := []string{"grpc-status:" + code, "grpc-message:" + strings.ReplaceAll(message, "_", " ")}
		switch verb {
		case "headers":
			o.headers(stream, end, strings.Split(rest, ",")...)
		case "status":
			o.headers(stream, true, status...)
		case "only":
			o.headers(stream, true, append([]string{":status:200", "content-type:application/grpc"}, status...)...)
		case "data":
			o.framer.WriteData(stream, end, goodAnswer(rest))
		case "rst":
			o.framer.WriteRSTStream(stream, http2.ErrCode(number(rest)))
		case "goaway":
			o.framer.WriteGoAway(uint32(number(rest)), http2.ErrCodeNo, nil)
		case "close":
			return false
		}
	}
	return true
}

func number(text string) (n int) {
	fmt.Sscan(text, &n)
	return n
}

func (o *obedient) headers(stream uint32, end bool, fields ...string) {
	o.block.Reset()
	for _, f := range fields {
		at := strings.LastIndex(f, ":")
		if strings.HasPrefix(f, "grpc-message:") {
			at = len("grpc-message")
		}
		o.hpack.WriteField(hpack.HeaderField{Name: f[:at], Value: f[at+1:]})
	}
	o.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: o.block.Bytes(), EndHeaders: true, EndStream: end})
}

// goodAnswer is a part of the answer to a put.
func goodAnswer(part string) []byte {
	message, _ := proto.Marshal(&pb.PutResponse{Header: &pb.ResponseHeader{ClusterId: 7, MemberId: 8, Revision: 9}})
	whole := append([]byte{0, 0, 0, 0, byte(len(message))}, message...)
	switch part {
	case "all":
		return whole
	case "zip":
		whole[0] = 1
		return whole
	case "twice":
		return append(whole, whole...)
	case "stranger":
		return []byte{0, 0, 0, 0, 0}
	}
	return whole[:number(part)]
}

// both has the peer answer a put as the script says, by the fast path and by gRPC's own.
func both(t *testing.T, addr, script string) (fast, slow history.Result) {
	t.Helper()
	c, err := newDialler(nil).open(address{"tcp", addr}, identity{cluster: 7, member: 8})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	put := history.Request{Kind: history.Put, Key: "x", Value: script}
	fast, ok := c.doFast(bounded(t), put)
	if !ok {
		t.Fatalf("%s: not a request for the fast path", script)
	}
	a := &attempt{Context: bounded(t)}
	slow, header, err := c.send(a, put)
	slow.Header = headerOf(header)
	return fast, c.judge(put, slow, err, a.sent.Load() > 0)
}

// What a put's client makes of every way in which an answer can go wrong. gRPC's own path must come to the same outcome,
// if in other words.
const endings = `
headers=:status:200,content-type:application/grpc data=all status=0 -> ok
headers=:status:200,content-type:application/grpc data=all status=14,etcdserver:_leader_changed -> unknown leader changed
headers=:status:200,content-type:application/grpc data=all -> unknown internal
headers=:status:200,content-type:application/grpc data=all rst=0 -> unknown internal
headers=:status:200,content-type:application/grpc data=all close -> unknown connection lost
headers=:status:200,content-type:application/grpc data=3 status=0 -> unknown internal
headers=:status:200,content-type:application/grpc data=12 status=0 -> unknown internal
headers=:status:200,content-type:application/grpc data=12 close -> unknown connection lost
headers=:status:200,content-type:application/grpc data=zip status=0 -> unknown internal
headers=:status:200,content-type:application/grpc data=twice status=0 -> unknown internal
headers=:status:200,content-type:application/grpc data=stranger status=0 -> unknown wrong member
headers=:status:200,content-type:application/grpc status=0 -> unknown internal
headers=:status:200,content-type:application/grpc close -> unknown connection lost
headers=:status:200,content-type:application/grpc -> unknown internal
only=0 -> unknown internal
only=00 -> unknown unknown
only=OK -> unknown unknown
only=99 -> unknown code(99)
only=7,etcdserver:_permission -> unknown permissiondenied
only=3,etcdserver:_key_is_not_provided -> fail no key
only=14,etcdserver:_key_is_not_provided -> unknown connection lost
only=2,etcdserver:_key_is_not_provided -> unknown unknown
only=8,etcdserver:_too_many_requests -> fail too many requests
only=8,etcdserver:_mvcc:_database_space_exceeded -> unknown no space
only=12,unknown_service_etcdserverpb.KV -> fail unimplemented
only=12,unknown_method_Put_for_service_etcdserverpb.KV -> fail unimplemented
only=12,who_knows -> unknown unimplemented
headers=:status:404,content-type:text/html -> unknown unknown
headers=:status:503,content-type:text/html -> unknown connection lost
headers=:status:400,content-type:text/html data=12 -> unknown unknown
rst=7 -> unknown connection lost
rst=8 -> unknown cancelled
rst=11 -> unknown resourceexhausted
goaway=0 -> unknown connection lost
goaway=0 close -> unknown connection lost
goaway=2147483647 headers=:status:200,content-type:application/grpc data=all status=0 -> ok
close -> unknown connection lost
`

func TestEndings(t *testing.T) {
	addr, got := obey(t), "\n"
	for line := range strings.Lines(strings.TrimPrefix(endings, "\n")) {
		script, _, _ := strings.Cut(strings.TrimSpace(line), " -> ")
		fast, slow := both(t, addr, script)
		got += script + " -> " + strings.TrimSpace(fmt.Sprintf("%v %s", fast.Outcome, fast.Error)) + "\n"
		if fast.Outcome != slow.Outcome {
			t.Errorf("%s: %v by the fast path, %v by gRPC's", script, fast.Outcome, slow.Outcome)
		}
	}
	if got != endings {
		t.Errorf("got:%s\nwant:%s", got, endings)
	}
}

// A Fail is a word of etcd's, said with the code that etcd says it with. No code alone, no status of HTTP, no reset and no
// word with another code proves that a put was not carried out.
func TestNoFailWithoutAWord(t *testing.T) {
	var scripts []string
	for code := range 20 {
		for _, way := range []string{"only=%d,%s", "headers=:status:200,content-type:application/grpc status=%d,%s"} {
			scripts = append(scripts, fmt.Sprintf(way, code, ""), fmt.Sprintf(way, code, "etcdserver:_something_new"))
			for _, r := range table {
				if r.outcome == history.Fail && int(r.code) != code && r.text != "" {
					scripts = append(scripts, fmt.Sprintf(way, code, strings.ReplaceAll(r.text, " ", "_")))
				}
			}
		}
		scripts = append(scripts, fmt.Sprintf("rst=%d", code))
	}
	for _, http := range []int{201, 204, 301, 400, 401, 403, 404, 405, 408, 409, 411, 413, 429, 431, 500, 501, 502, 503, 504, 511} {
		scripts = append(scripts, fmt.Sprintf("headers=:status:%d,content-type:text/html", http))
	}
	addr := obey(t)
	known := map[string]bool{}
	for _, r := range table {
		if r.outcome == history.Fail {
			known[fmt.Sprintf("%d,%s", r.code, strings.ReplaceAll(r.text, " ", "_"))] = true
		}
	}
	for _, script := range scripts {
		if _, status, _ := strings.Cut(script, "="); known[status] || known[strings.TrimPrefix(status, ":status:200,content-type:application/grpc status=")] {
			continue // a row of the table, by way of another of the same text
		}
		fast, slow := both(t, addr, script)
		if fast.Outcome != history.Unknown || slow.Outcome != history.Unknown {
			t.Errorf("%s: %v %q by the fast path, %v %q by gRPC's; nothing was proved", script, fast.Outcome, fast.Error, slow.Outcome, slow.Error)
		}
	}
}
