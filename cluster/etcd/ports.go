package etcd

import (
	"fmt"
	"net"
	"strings"

	"github.com/whitewater-kv/whitewater/history"
)

// address decides where each member listens and where it is reached. A Unix socket cannot be taken by anybody else, so
// ports are used only where there must be: without links, and for peers over TLS, which since 3.5 etcd speaks in plain
// text on a Unix socket, whatever it was told.
func (s *system) address() error {
	for _, id := range s.order {
		if err := s.addressOf(s.nodes[id]); err != nil {
			return environment("launch "+string(id), err)
		}
	}
	return nil
}

func (s *system) addressOf(n *node) (err error) {
	if n.client, err = s.listenAt(n, clientSocket, s.spec.Direct); err != nil {
		return err
	}
	if n.peer, err = s.listenAt(n, peerSocket, s.spec.Direct || s.spec.TLS); err != nil {
		return err
	}
	if s.fabric == nil {
		n.endpoint = n.client.addr
		return nil
	}
	for _, name := range []string{host(n.id), nowhere(n.id).String()} {
		s.fabric.Host(net.JoinHostPort(name, peerPort), n.id, n.peer.network, n.peer.addr)
	}
	n.endpoint, err = s.fabric.Listen(history.Clients, n.id, n.client.network, n.client.addr)
	return err
}

func (s *system) listenAt(n *node, socket string, port bool) (address, error) {
	if !port {
		path, err := n.socket(socket)
		return address{"unix", path}, err
	}
	addr, held, err := hold()
	if err == nil {
		s.held = append(s.held, held)
	}
	return address{"tcp", addr}, err
}

// script shows how a member is started, for people.
func script(n *node) string {
	var text strings.Builder
	fmt.Fprintf(&text, "cd %s\n", n.dir)
	for _, variable := range n.env {
		fmt.Fprintf(&text, "%s \\\n", quote(variable))
	}
	fmt.Fprintf(&text, "%s", quote(n.path))
	for _, arg := range n.args {
		fmt.Fprintf(&text, " \\\n  %s", quote(arg))
	}
	return text.String() + "\n"
}

// quote makes text one word for a shell, and leaves a variable's name outside, where the shell wants it.
func quote(text string) string {
	if text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./:,") == "" {
		return text
	}
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		name, value = "", text
	} else {
		name += "="
	}
	return name + "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}
