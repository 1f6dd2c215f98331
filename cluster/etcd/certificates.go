package etcd

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// certificates are those of one cluster: an authority that signs three times and is forgotten, a certificate that all
// members share, and one for clients. The clients' names no host: it may call from anywhere.
type certificates struct {
	dir    string
	client *tls.Config
}

// validity is longer than any run.
const validity = 30 * 24 * time.Hour

func issue(dir string, nodes []history.NodeID) (*certificates, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	authorityKey, err := newKey()
	if err != nil {
		return nil, err
	}
	authority := template("whitewater authority")
	authority.IsCA, authority.BasicConstraintsValid, authority.KeyUsage = true, true, x509.KeyUsageCertSign
	root, err := x509.CreateCertificate(rand.Reader, authority, authority, authorityKey.Public(), authorityKey)
	if err != nil {
		return nil, err
	}
	if err := writePEM(filepath.Join(dir, "ca.pem"), "CERTIFICATE", root); err != nil {
		return nil, err
	}
	members := template("whitewater member")
	members.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	members.DNSNames, members.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	for _, id := range nodes {
		members.DNSNames = append(members.DNSNames, host(id))
		members.IPAddresses = append(members.IPAddresses, nowhere(id))
	}
	clients := template("whitewater client")
	clients.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	for name, cert := range map[string]*x509.Certificate{"member": members, "client": clients} {
		if err := sign(filepath.Join(dir, name), cert, authority, authorityKey); err != nil {
			return nil, err
		}
	}
	return load(dir)
}

func load(dir string) (*certificates, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "client.pem"), filepath.Join(dir, "client-key.pem"))
	if err != nil {
		return nil, err
	}
	root, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(root) {
		return nil, fmt.Errorf("%s: no certificate", filepath.Join(dir, "ca.pem"))
	}
	return &certificates{dir: dir, client: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair},
		ServerName: "localhost", MinVersion: tls.VersionTLS12}}, nil
}

func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

func template(name string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		panic("the system's random source never fails: " + err.Error())
	}
	now := time.Now()
	return &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, KeyUsage: x509.KeyUsageDigitalSignature,
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(validity)} // an hour for clocks that disagree
}

// sign makes a key and a certificate: path.pem and path-key.pem.
func sign(path string, cert, authority *x509.Certificate, by *ecdsa.PrivateKey) error {
	key, err := newKey()
	if err != nil {
		return err
	}
	signed, err := x509.CreateCertificate(rand.Reader, cert, authority, key.Public(), by)
	if err != nil {
		return err
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	if err := writePEM(path+".pem", "CERTIFICATE", signed); err != nil {
		return err
	}
	return writePEM(path+"-key.pem", "EC PRIVATE KEY", private)
}

func writePEM(path, kind string, bytes []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600)
}
