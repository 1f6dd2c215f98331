package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/whitewater-kv/whitewater/cluster/etcd"
)

// guards makes a cluster of cluster up ask who is there: guards up/current. The user root has the password sesame, and
// reader's is letters. $ENDPOINT and $TLS are where it is, and its certificates.
func guards(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: guards FOLDER")
	}
	var up sandboxCluster
	data, err := os.ReadFile(filepath.Join(ts.MkAbs(args[0]), clusterFile))
	ts.Check(err)
	ts.Check(json.Unmarshal(data, &up))
	dir := filepath.Join(ts.MkAbs(up.Dir), "nodes", "tls")
	ts.Setenv("ENDPOINT", up.Endpoints[0])
	ts.Setenv("TLS", dir)
	config, err := etcd.Files{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "client.pem"), Key: filepath.Join(dir, "client-key.pem")}.Load()
	ts.Check(err)
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{"https://" + up.Endpoints[0]}, TLS: config})
	ts.Check(err)
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	must := func(_ any, err error) { ts.Check(err) }
	must(client.UserAdd(ctx, "root", "sesame"))
	must(client.UserGrantRole(ctx, "root", "root"))
	must(client.UserAdd(ctx, "reader", "letters"))
	must(client.RoleAdd(ctx, "reading"))
	must(client.RoleGrantPermission(ctx, "reading", "b/", "b0", clientv3.PermissionType(clientv3.PermRead)))
	must(client.UserGrantRole(ctx, "reader", "reading"))
	must(client.AuthEnable(ctx))
}

// nowhere looks for words in every file of a folder: nowhere runs sesame letters.
func nowhere(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: nowhere FOLDER WORD...")
	}
	files := 0
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		for _, word := range args[1:] {
			if bytes.Contains(data, []byte(word)) {
				ts.Fatalf("%s holds %q", path, word)
			}
		}
		return err
	}))
	if files == 0 {
		ts.Fatalf("%s holds no files", args[0])
	}
}

// A word is written so that a shell reads it as it was.
func TestQuoted(t *testing.T) {
	for word, want := range map[string]string{
		"": "''", "a-b_c./:,@=+9": "a-b_c./:,@=+9", "two words": "'two words'", "it's": `'it'\''s'`, "$HOME": "'$HOME'", "ä": "'ä'", "[::1]:2379": "'[::1]:2379'",
	} {
		if got := quoted(word); got != want {
			t.Errorf("%q: %s, want %s", word, got, want)
		}
	}
}
