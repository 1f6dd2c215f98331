package etcd

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/whitewater-kv/whitewater/history"
)

// address decides where each member listens and where it is reached. The ports that it returns are held until release,
// just before the members start.
func (s *system) address() ([]net.Listener, error) {
	if s.spec.Direct {
		return s.loopback()
	}
	for _, id := range s.order {
		n := s.nodes[id]
		peer, err1 := n.socket(peerSocket)
		client, err2 := n.socket(clientSocket)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		n.peer, n.client = address{"unix", peer}, address{"unix", client}
		s.fabric.Host(host(id)+":2380", id, "unix", peer)
		local, err := s.fabric.Listen(history.Clients, id, "unix", client)
		if err != nil {
			return nil, environment("launch "+string(id), err)
		}
		n.endpoint = local
	}
	return nil, nil
}

// loopback takes two free ports for each member.
func (s *system) loopback() ([]net.Listener, error) {
	var held []net.Listener
	for _, id := range s.order {
		n := s.nodes[id]
		for _, at := range []*address{&n.peer, &n.client} {
			port, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return nil, errors.Join(environment("launch "+string(id), err), release(held))
			}
			held = append(held, port)
			*at = address{"tcp", port.Addr().String()}
		}
		n.endpoint = n.client.addr
	}
	return held, nil
}

func release(held []net.Listener) error {
	var errs []error
	for _, port := range held {
		errs = append(errs, port.Close())
	}
	return errors.Join(errs...)
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
