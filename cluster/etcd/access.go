package etcd

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"google.golang.org/grpc/status"

	"github.com/whitewater-kv/whitewater/cluster"
)

// Access is what it takes to be let into a cluster that somebody else runs. Nothing of it is written down anywhere.
type Access struct {
	// Endpoints are host:port, http://host:port or https://host:port, one for each member that is to be used.
	Endpoints []string
	// TLS is how members are told from others, and what is shown to them; nil = the system's authorities and nothing,
	// over https://. Without a ServerName a certificate must name the endpoint's host.
	TLS *tls.Config
	// User logs in with the password; "" = nobody does, and a client certificate may stand for a user.
	User, Password string
}

// addresses are the endpoints' hosts and ports, and whether they are reached over TLS. An endpoint without a scheme is if
// there is anything to do it with.
func (a Access) addresses() (addrs []string, secure bool, err error) {
	if len(a.Endpoints) == 0 {
		return nil, false, errors.New("no endpoints")
	}
	for i, endpoint := range a.Endpoints {
		scheme, addr, found := strings.Cut(endpoint, "://")
		if !found {
			scheme, addr = map[bool]string{false: "http", true: "https"}[a.TLS != nil], endpoint
		}
		if at := strings.LastIndexByte(addr, '@'); at >= 0 { // what is before it may be a secret
			return nil, false, fmt.Errorf("endpoint %q: no user belongs in it", addr[at+1:])
		}
		host, port, wrong := net.SplitHostPort(strings.TrimSuffix(addr, "/"))
		if _, outside := strconv.ParseUint(port, 10, 16); wrong != nil || outside != nil || host == "" || scheme != "http" && scheme != "https" {
			return nil, false, fmt.Errorf("endpoint %q: write host:port, http://host:port or https://host:port", endpoint)
		}
		switch {
		case scheme == "http" && a.TLS != nil:
			return nil, false, fmt.Errorf("endpoint %q is in the clear, and there are certificates for TLS", endpoint)
		case i > 0 && secure != (scheme == "https"):
			return nil, false, fmt.Errorf("endpoints %q and %q: all over TLS or none", a.Endpoints[0], endpoint)
		}
		secure = scheme == "https"
		addrs = append(addrs, net.JoinHostPort(host, port))
	}
	return addrs, secure, nil
}

// Check says what is wrong with it, before anybody is called.
func (a Access) Check() error {
	_, _, err := a.addresses()
	if err == nil && a.User == "" && a.Password != "" {
		err = errors.New("a password without a user")
	}
	return err
}

// Files are those of a client over TLS.
type Files struct {
	CA         string // the authorities that members' certificates are signed by; "" = the system's
	Cert, Key  string // the client's own; "" = none
	SkipVerify bool   // whoever answers is believed to be the member
}

// Load reads them; nil if there is nothing.
func (f Files) Load() (*tls.Config, error) {
	if f == (Files{}) {
		return nil, nil
	}
	config := &tls.Config{InsecureSkipVerify: f.SkipVerify, MinVersion: tls.VersionTLS12}
	if f.CA != "" {
		pem, err := os.ReadFile(f.CA)
		if err != nil {
			return nil, fmt.Errorf("the authority: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("the authority: %s holds no certificate in PEM", f.CA)
		}
	}
	if (f.Cert == "") != (f.Key == "") {
		return nil, errors.New("a client's certificate and its key come together")
	}
	if f.Cert != "" {
		pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
		if err != nil {
			return nil, fmt.Errorf("the client's certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// remedies say what to do about the ways in which a member does not let one in; the first that matches.
var remedies = []struct{ text, hint string }{
	{"certificate signed by unknown authority", "--cacert names the authority that signed the member's certificate"},
	{"certificate is valid for", "write the endpoint as the member's certificate names it"},
	{"certificate is not valid for any names", "the member's certificate must name the endpoint's host"},
	{"cannot validate certificate for", "write the endpoint as the member's certificate names it"},
	{"has expired or is not yet valid", "the member's certificate must be renewed, or a clock set right"},
	{"remote error: tls: ", "--cert and --key: a client certificate that the cluster's authority signed"},
	{"TLS handshake: ", "if it does not speak TLS: http://"},
	{"greet: ", "if it speaks TLS: https://"},
	{"authentication is not enabled", "leave out --user"},
	{"authentication failed, invalid user ID or password", "--user, and its password"},
	{"user name is empty", "the cluster asks who is there: --user"},
	{"permission denied", "the user may not do this"},
}

// unreached is the error of a member that cannot be reached, or does not let one in.
func unreached(endpoint string, err error) error {
	if s, ok := status.FromError(err); ok {
		err = errors.New(s.Message())
	}
	hint := "it must be an etcd member that answers clients"
	for _, r := range remedies {
		if strings.Contains(err.Error(), r.text) {
			hint = r.hint
			break
		}
	}
	return &cluster.EnvironmentError{Doing: "connect to " + endpoint, Err: err, Hint: hint}
}
