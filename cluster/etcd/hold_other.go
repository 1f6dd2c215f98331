//go:build !linux

package etcd

import (
	"io"
	"net"
)

// hold only finds a port that is free now; one that is taken until a member listens on it shows in the member's log.
func hold() (addr string, held io.Closer, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	return l.Addr().String(), l, l.Close()
}
