package etcd

import (
	"io"
	"sync"

	"google.golang.org/grpc/grpclog"
)

// clientLog takes what gRPC says. gRPC has one log for the whole process, to be set before it is used for the first
// time, and writes to the terminal otherwise; so it is set once, and the newest cluster's writer gets it all.
type clientLog struct {
	mu sync.Mutex
	w  io.Writer
}

var theClientLog = clientLog{w: io.Discard}

func (l *clientLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// Errors go to the writer for warnings too.
var installClientLog = sync.OnceFunc(func() {
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, &theClientLog, io.Discard))
})

func logClients(w io.Writer) {
	if w == nil {
		w = io.Discard
	}
	theClientLog.mu.Lock()
	theClientLog.w = w
	theClientLog.mu.Unlock()
	installClientLog()
}
