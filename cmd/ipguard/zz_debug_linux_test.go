package main
import ("testing";"ipguard/wipe/erase/erasetest";"os/exec";"os")
func TestZZ(t *testing.T){
	o:=hdd(); o.Discard=true
	g:=newGround(t,o,baselineDatabase)
	baselineTraces(g)
	g.settle()
	g.back()
	g.must(g.image.Unmount())
	f,_:=erasetest.Scan(g.image.Path())
	t.Log(f)
	exec.Command("cp","--sparse=always",g.image.Path(),"/tmp/zzimg").Run()
	os.Stdout.WriteString("")
}
