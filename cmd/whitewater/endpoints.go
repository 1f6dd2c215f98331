package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/cluster/etcd"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/internal/units"
	"github.com/whitewater-kv/whitewater/scenarios"
	"github.com/whitewater-kv/whitewater/workloads"
)

// endpoints are the flags that measure a cluster that somebody else runs, by etcdctl's names.
type endpoints struct {
	list                         *[]string
	write                        *bool
	files                        etcd.Files
	user, password, passwordFile string
}

func addEndpoints(cmd *cobra.Command) *endpoints {
	e := &endpoints{}
	f := cmd.Flags()
	e.list = f.StringSlice("endpoints", nil, "measure the cluster at these endpoints, which is not ours: host:port, or https://host:port")
	e.write = f.Bool("allow-writes", false,
		"write to that cluster: keys that begin with "+benchPrefix+", which must not be there before and are removed afterwards")
	f.StringVar(&e.files.CA, "cacert", "", "the file of the authorities that signed that cluster's certificates, instead of the system's")
	f.StringVar(&e.files.Cert, "cert", "", "the file of the certificate to show to that cluster; with --key")
	f.StringVar(&e.files.Key, "key", "", "the file of that certificate's key")
	f.BoolVar(&e.files.SkipVerify, "insecure-skip-tls-verify", false, "believe whoever answers to be that cluster")
	f.StringVar(&e.user, "user", "", "log in to that cluster: NAME or NAME:PASSWORD")
	f.StringVar(&e.password, "password", "", "that user's password; better from --password-file or the variable, which nobody else sees")
	f.StringVar(&e.passwordFile, "password-file", "", "the file that holds that user's password")
	return e
}

// benchPrefix begins every key of the benchmarks' workloads.
const benchPrefix = "b/"

// use makes the runs those of the flags' cluster, if there is one. Nothing of it is broken, and nothing but keys with the
// benchmarks' prefix is written.
func (e *endpoints) use(cmd *cobra.Command, r *running, s *scenarios.Scenario) error {
	if len(*e.list) == 0 {
		return given(cmd, "is for a cluster at --endpoints", "cacert", "cert", "key", "insecure-skip-tls-verify", "user", "password", "password-file")
	}
	for _, f := range targetFlags {
		if err := given(cmd, "says how a cluster is launched, and the one at --endpoints is not ours", f.flag); err != nil {
			return err
		}
	}
	access, err := e.access()
	if err != nil {
		return usagef("--endpoints: %w", err)
	}
	if !*e.write {
		return usagef("--endpoints: every benchmark writes the keys that it reads; --allow-writes allows it to write and remove keys that begin with %s", benchPrefix)
	}
	for _, name := range s.Load.Workloads {
		w, err := workloads.Find(name)
		if err != nil {
			return usage(err)
		}
		if w.Prefix != benchPrefix {
			return usagef("--endpoints: scenario %s, workload %s, writes keys beyond %s; workloads that do not: %s", s.Name, name, benchPrefix, strings.Join(confined(), ", "))
		}
	}
	target := scenarios.Default().Target
	target.Name, target.Version, target.Direct = "etcd", s.Target.Version, true
	if n := len(access.Endpoints); n%2 == 1 && n <= 9 { // what a scenario may say
		target.Nodes = n
	}
	s.Target = target
	s.Load.Clients = units.Count{N: s.Load.Clients.For(len(access.Endpoints))}
	r.elsewhere = e.again(access)
	r.driver = &cluster.Driver{Name: "etcd", Launch: func(ctx context.Context, spec cluster.Spec) (*cluster.Cluster, error) {
		return borrow(ctx, access, spec)
	}}
	return nil
}

// confined are the workloads that write nothing but keys with the benchmarks' prefix.
func confined() (names []string) {
	for _, w := range workloads.All {
		if w.Prefix == benchPrefix {
			names = append(names, w.Name)
		}
	}
	return names
}

// given is the error of a flag that is set and must not be.
func given(cmd *cobra.Command, why string, flags ...string) error {
	for _, name := range flags {
		if cmd.Flags().Changed(name) {
			return usagef("--%s %s", name, why)
		}
	}
	return nil
}

// access reads what the flags name. A password is never part of an error.
func (e *endpoints) access() (etcd.Access, error) {
	a := etcd.Access{Endpoints: *e.list, Password: e.password}
	name, password, found := strings.Cut(e.user, ":")
	a.User = name
	switch {
	case found:
		a.Password = password
	case e.password == "" && e.passwordFile != "":
		text, err := os.ReadFile(e.passwordFile)
		if err != nil {
			return a, fmt.Errorf("--password-file: %w", err)
		}
		a.Password = strings.TrimRight(string(text), "\r\n")
	}
	var err error
	if a.TLS, err = e.files.Load(); err != nil {
		return a, err
	}
	if err := a.Check(); err != nil {
		return a, err
	}
	if a.User == "" && e.user != "" || a.User == "" && e.passwordFile != "" {
		return a, errors.New("a password without a user: --user NAME")
	}
	if a.User != "" && a.Password == "" {
		return a, fmt.Errorf("user %s: no password; --password-file, or the variable %s", a.User, variable("password"))
	}
	return a, nil
}

// again is the part of a command line that reaches the cluster another time, without what is secret.
func (e *endpoints) again(a etcd.Access) string {
	words := []string{"--endpoints", strings.Join(a.Endpoints, ","), "--allow-writes"}
	for _, pair := range [][2]string{
		{"--cacert", e.files.CA}, {"--cert", e.files.Cert}, {"--key", e.files.Key}, {"--user", a.User}, {"--password-file", e.passwordFile},
	} {
		if pair[1] != "" {
			words = append(words, pair[0], pair[1])
		}
	}
	if e.files.SkipVerify {
		words = append(words, "--insecure-skip-tls-verify")
	}
	for i, word := range words {
		words[i] = quoted(word)
	}
	return strings.Join(words, " ")
}

// quoted is a word as a shell reads it.
func quoted(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:,@=+", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// borrow connects to a cluster that somebody else runs, for as long as a benchmark takes.
func borrow(ctx context.Context, access etcd.Access, spec cluster.Spec) (*cluster.Cluster, error) {
	c, err := etcd.Connect(ctx, access, spec)
	if err != nil {
		return nil, err
	}
	if err := vacant(ctx, c); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	c.Prefix = benchPrefix
	end := c.Close
	c.Close = func() error { return errors.Join(clear(c), end()) }
	return c, nil
}

// benchKeys is the range of every key that benchmarks write.
var benchKeys = history.Request{Key: benchPrefix, End: "b0"}

// vacant makes sure that there is nothing where the benchmark will write.
func vacant(ctx context.Context, c *cluster.Cluster) error {
	req := benchKeys
	req.Kind, req.CountOnly = history.Range, true
	res, err := ask(ctx, c, req)
	if err != nil {
		return err
	}
	if res.Count > 0 {
		return &cluster.EnvironmentError{
			Doing: "look for keys that begin with " + benchPrefix, Err: fmt.Errorf("there are %d", res.Count),
			Hint: "they are not ours to overwrite",
		}
	}
	return nil
}

// clear removes the benchmark's keys.
func clear(c *cluster.Cluster) error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	req := benchKeys
	req.Kind = history.Delete
	_, err := ask(ctx, c, req)
	return err
}

// ask sends one request through a member: again if the member no longer knew the token, because then it did nothing.
func ask(ctx context.Context, c *cluster.Cluster, req history.Request) (history.Result, error) {
	node := c.Nodes[0]
	client, err := c.Dial(ctx, node)
	if err != nil {
		return history.Result{}, err
	}
	res := client.Do(ctx, req)
	if res.Outcome == history.Fail && strings.HasSuffix(res.Error, " token") {
		res = client.Do(ctx, req)
	}
	err = client.Close()
	if res.Outcome != history.OK {
		refusal := &cluster.EnvironmentError{Doing: fmt.Sprintf("%s at %s", strings.TrimSpace(req.String()), c.Endpoints[node]), Err: errors.New(res.Error)}
		if res.Error == "permission denied" {
			refusal.Hint = "the user must be allowed to read and write keys that begin with " + benchPrefix
		}
		err = errors.Join(refusal, err)
	}
	return res, err
}
