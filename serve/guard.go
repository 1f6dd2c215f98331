package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// DefaultAddr is where the store is served, unless another address is asked for.
const DefaultAddr = "127.0.0.1:8080"

// Allowed refuses an address that other machines can reach unless remote allows it: whoever can reach it reads every
// run, with the environment and the logs that are kept with it.
func Allowed(addr string, remote bool) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("listen at %q: an address is HOST:PORT, such as %s", addr, DefaultAddr)
	}
	if !remote && !loopback(host) {
		return fmt.Errorf("listen at %s: other machines could read every run there; use %s, or allow it with --remote", addr, DefaultAddr)
	}
	return nil
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// The longest that a request may take to arrive, and answers to end once the server shall stop.
const (
	headerTimeout = 10 * time.Second
	stopTimeout   = 3 * time.Second
)

// Serve answers until ctx ends, which is no error. It closes the listener.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: headerTimeout}
	var stopping sync.WaitGroup
	served := make(chan struct{})
	stopping.Go(func() {
		select {
		case <-served:
			return
		case <-ctx.Done():
		}
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if server.Shutdown(end) != nil {
			server.Close() // a download that does not end
		}
	})
	err := server.Serve(listener)
	close(served)
	stopping.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve: %w", err)
}

// guard refuses requests for a name that is not ours. A page of another site can point a name of its own at
// 127.0.0.1 and would then read the answers as its own (DNS rebinding); it cannot make a browser ask for an address,
// or for localhost, and read what comes back.
func guard(next http.Handler, hosts []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !ours(r.Host, hosts) {
			http.Error(w, fmt.Sprintf("whitewater serve: refused, because %q is no name of this server; use its address, or name it with --host", r.Host),
				http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func ours(hostport string, hosts []string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if _, err := netip.ParseAddr(host); err == nil || host == "localhost" {
		return true
	}
	return slices.ContainsFunc(hosts, func(name string) bool { return strings.EqualFold(name, host) })
}

// pagePolicy lets a page load what this server has for it and nothing else.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'"

// filePolicy is for the files of a run. They may hold anything, so they are shut into an origin of their own: a script
// in one can draw its own page, and reach neither this server nor any other. The report's own policy is stricter yet.
const filePolicy = "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox allow-downloads; default-src 'none'; script-src 'unsafe-inline'; " +
	"style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

// shutIn replaces the headers of a page by those of a run's file.
func shutIn(h http.Header) {
	h.Set("Content-Security-Policy", filePolicy)
	h.Del("Cross-Origin-Opener-Policy")
}

// headers are those of every answer. Files of runs replace the policy.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store") // runs are judged again, and pruned
		next.ServeHTTP(w, r)
	})
}
