package main
import ("context";"fmt";"os";"time";"log/slog"
"github.com/whitewater-kv/whitewater/cluster"
"github.com/whitewater-kv/whitewater/cluster/etcd"
"github.com/whitewater-kv/whitewater/cluster/etcd/member"
"github.com/whitewater-kv/whitewater/harness"
"github.com/whitewater-kv/whitewater/history"
"github.com/whitewater-kv/whitewater/scenarios"
"github.com/whitewater-kv/whitewater/checker"
)
func main(){
 if member.MaybeMain() {return}
 name:="register-chaos"; if len(os.Args)>1 {name=os.Args[1]}
 s,err:=scenarios.Find(name, scenarios.Names{}); if err!=nil {panic(err)}
 s.Seed=1
 plan,err:=harness.Resolve(s,"x"); if err!=nil {panic(err)}
 fmt.Print(plan.Schedule)
 dir,_:=os.MkdirTemp("","ww"); defer os.RemoveAll(dir)
 log:=slog.New(slog.NewTextHandler(os.Stderr,&slog.HandlerOptions{Level:slog.LevelWarn}))
 rec:=history.NewRecorder(plan.Meta)
 spec:=harness.SpecOf(s); spec.Dir=dir; spec.Since=rec.Now; spec.Log=log
 if len(os.Args)>2 {spec.Binary=os.Args[2]}
 t:=time.Now()
 var c *cluster.Cluster
 c,err=etcd.Launch(context.Background(), spec); if err!=nil {fmt.Println(err);os.Exit(5)}
 fmt.Println("launched",time.Since(t),c.Version)
 rec.UpdateMeta(func(m *history.Meta){m.Nodes=c.Nodes; m.ElectionTimeout=c.ElectionTimeout; m.Version=c.Version})
 err=harness.Drive(context.Background(),c,plan,rec,log)
 fmt.Println("drive",err,time.Since(t))
 fmt.Println(c.Close(), time.Since(t))
 h:=rec.History()
 rs:=checker.Judge(context.Background(),h,nil,checker.Limits{})
 for _,r:=range rs {fmt.Println(r.Checker,r.Verdict,r.Why,r.Ops,r.Took, r.Details)}
 for _,f:=range h.Faults {fmt.Println(f.Step,f.Nodes,f.TookEffect,f.Evidence,f.Error)}
 fmt.Println(time.Since(t), len(h.Ops))
}
