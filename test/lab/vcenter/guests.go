package main

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// machine is the lab's side of a VM: its disk, and the guest that runs on it.
type machine struct {
	moid  string
	disk  string // hash of the uploaded disk, "" without one
	guest *guest // nil when nothing was booted since power-on
	shown tools  // what vCenter shows of it
}

// guest is one boot of a VM: processes in namespaces of their own, the first of them pid.
type guest struct {
	pid    int
	port   string
	booted time.Time
	ended  chan struct{} // closed when no process of it is left
	fake   string        // address of a make-believe guest
	heard  time.Time     // last heartbeat
}

func (m *machine) running() bool {
	if m.guest == nil {
		return false
	}
	select {
	case <-m.guest.ended:
		return false
	default:
		return true
	}
}

// up says whether the guest is in a root of its own by now.
func (g *guest) up() bool {
	_, err := os.Stat(g.tools() + "heartbeat")
	return err == nil
}

// tools is where the guest's first process leaves what VMware Tools would say.
func (g *guest) tools() string { return fmt.Sprintf("/proc/%d/root/run/tools/", g.pid) }

func (l *lab) guestDir(moid string) string { return l.dir + "/guests/" + moid }
func (l *lab) layerDir(disk string) string { return l.dir + "/guests/layers/" + disk }

// prepareGuests mounts the memory that the guests' disks live in. The mount is in this process's own mount namespace, so it
// goes with it, whatever happens.
func (l *lab) prepareGuests() error {
	for _, d := range []string{"vcenter", "guests", "console"} {
		if err := os.MkdirAll(l.dir+"/"+d, 0700); err != nil {
			return err
		}
	}
	os.Setenv("TMPDIR", l.dir+"/vcenter")
	if l.hook == "" {
		return nil
	}
	if err := syscall.Mount("rg-guests", l.dir+"/guests", "tmpfs", 0, "size=50%,mode=0700"); err != nil {
		return err
	}
	return os.Mkdir(l.dir+"/guests/layers", 0700)
}

// boot starts the VM's guest. Its processes die with this one.
func (l *lab) boot(vm *simulator.VirtualMachine) {
	m := l.machines[vm.Self.Value]
	g := &guest{port: "rg" + vm.Self.Value, booted: time.Now(), ended: make(chan struct{})}
	m.guest = g
	m.shown.running, m.shown.heartbeat = false, types.ManagedEntityStatusGray
	show(vm, m.shown)
	if l.hook == "" {
		n := 10 + len(l.machines)
		g.fake = fmt.Sprintf("10.9.%d.%d", n/250%250, n%250)
		return
	}
	d := detail{"mac": firstMAC(vm), "disk": m.disk}
	if m.disk == "" {
		close(g.ended)
		l.record.vm(vpxd(), vm, "guest_boot", "no_bootable_disk", d)
		return
	}
	started := make(chan error)
	go l.live(m, g, l.bootPlan(vm, m), started)
	if err := <-started; err != nil {
		log.Printf("boot %s: %v", vm.Name, err)
		l.record.vm(vpxd(), vm, "guest_boot", "failed", detail{"error": err.Error()})
		return
	}
	l.record.vm(vpxd(), vm, "guest_boot", "success", d)
}

// bootPlan is all that the guest's first process needs to know.
type bootPlan struct {
	env     []string
	mac     string
	linked  bool
	deaf    bool
	console string
}

func (l *lab) bootPlan(vm *simulator.VirtualMachine, m *machine) bootPlan {
	dir := l.guestDir(m.moid)
	for _, d := range []string{"upper", "work", "root", "seed"} {
		_ = os.MkdirAll(dir+"/"+d, 0755)
	}
	_ = os.WriteFile(dir+"/seed/ovf-env.xml", ovfEnvironment(vm), 0600)
	p := bootPlan{mac: firstMAC(vm), linked: linked(vm), deaf: l.faults.on("no-address"), console: l.dir + "/console/" + m.moid + ".log"}
	p.env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "RG_DIR=" + dir, "RG_LAYER=" + l.layerDir(m.disk), "REGROW_LAB=" + l.dir}
	if l.faults.on("no-sshd") {
		p.env = append(p.env, "RG_NO_SSHD=1")
	}
	return p
}

// live starts the guest and stays with it to its end. The thread is kept: a guest gets SIGKILL when the thread that
// started it ends.
func (l *lab) live(m *machine, g *guest, p bootPlan, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(g.ended)
	wait, plugged, err := os.Pipe()
	if err != nil {
		started <- err
		return
	}
	console, _ := os.OpenFile(p.console, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0600)
	cmd := exec.Command(l.hook, "init")
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = p.env, console, console, []*os.File{wait}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC | syscall.CLONE_NEWNET,
		Pdeathsig:  syscall.SIGKILL, Setsid: true,
	}
	err = cmd.Start()
	wait.Close()
	console.Close()
	if err != nil {
		plugged.Close()
		started <- err
		return
	}
	g.pid = cmd.Process.Pid
	_ = os.WriteFile(l.dir+"/vcenter/"+m.moid+".pid", []byte(fmt.Sprint(g.pid)), 0600)
	started <- nil
	if out, err := exec.Command(l.hook, "plug", g.port, fmt.Sprint(g.pid), p.mac, l.bridge).CombinedOutput(); err != nil {
		log.Printf("plug %s: %v: %s", g.port, err, out)
	}
	if !p.linked {
		l.port("link", g.port, "down")
	}
	if p.deaf {
		l.port("deaf", g.port, "on", l.bridge)
	}
	plugged.Close() // the guest waits for this end of file
	_ = cmd.Wait()
	go l.afterEnd(m, g, cmd.ProcessState.Sys().(syscall.WaitStatus))
}

// afterEnd does what the hypervisor does when a guest ends by itself: reboot, or show it powered off. A crash shows nothing.
func (l *lab) afterEnd(m *machine, g *guest, status syscall.WaitStatus) {
	<-g.ended
	l.world.Lock()
	defer l.world.Unlock()
	vm := machineOf(types.ManagedObjectReference{Type: "VirtualMachine", Value: m.moid})
	if vm == nil || m.guest != g || !status.Signaled() {
		return
	}
	switch status.Signal() { // reboot(2) in a PID namespace ends its first process with these
	case syscall.SIGHUP:
		l.record.vm(vpxd(), vm, "guest_reboot", "success", nil)
		l.boot(vm)
	case syscall.SIGINT:
		m.guest = nil
		ctx := vpxd()
		_ = vm.PowerOffVMTask(ctx, &types.PowerOffVM_Task{This: vm.Self})
		l.record.vm(ctx, vm, "guest_shutdown", "success", nil)
		l.showOff(vm)
	}
}

// halt ends the guest of the VM, whole, and waits until nothing of it is left.
func (l *lab) halt(vm *simulator.VirtualMachine) {
	m := l.machines[vm.Self.Value]
	if m == nil || m.guest == nil {
		return
	}
	g := m.guest
	m.guest = nil
	if g.fake == "" && g.pid > 0 {
		l.kill(g)
	}
}

func (l *lab) kill(g *guest) {
	select {
	case <-g.ended:
		return
	default:
	}
	_ = syscall.Kill(g.pid, syscall.SIGKILL)
	<-g.ended
	l.port("unplug", g.port)
}

func (l *lab) stopAllGuests() {
	l.world.Lock()
	defer l.world.Unlock()
	for _, m := range l.machines {
		if m.running() && m.guest.fake == "" {
			l.kill(m.guest)
		}
	}
}

// removeMachine drops the guest's disk.
func (l *lab) removeMachine(ref types.ManagedObjectReference) {
	m := l.machines[ref.Value]
	delete(l.machines, ref.Value)
	if m == nil {
		return
	}
	if m.running() && m.guest.fake == "" {
		l.kill(m.guest)
	}
	_ = os.RemoveAll(l.guestDir(ref.Value))
	_ = os.Remove(l.dir + "/vcenter/" + ref.Value + ".pid")
}

func (l *lab) setLink(m *machine, up bool) {
	if m.guest.fake != "" {
		return
	}
	state := "down"
	if up {
		state = "up"
	}
	l.port("link", m.guest.port, state)
}

// applyAddresses makes running guests that have no address yet hear the DHCP server again.
func (l *lab) applyAddresses(deaf bool) {
	for _, m := range l.machines {
		if !deaf && m.running() && m.guest.fake == "" {
			l.port("deaf", m.guest.port, "off", l.bridge)
		}
	}
}

// port acts on the switch port of a guest.
func (l *lab) port(args ...string) {
	if out, err := exec.Command(l.hook, args...).CombinedOutput(); err != nil {
		log.Printf("%s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// unpack lays a disk out as a folder, once for each content. What is no disk image is a disk that does not boot.
func (l *lab) unpack(file, hash string) error {
	if l.hook == "" {
		return nil
	}
	out, err := exec.Command(l.hook, "unpack", file, l.layerDir(hash)).CombinedOutput()
	if err != nil {
		log.Printf("unpack %s: %v: %s", hash, err, out)
	}
	return nil
}

func firstMAC(vm *simulator.VirtualMachine) string {
	if c := firstCard(vm); c != nil {
		return c.MacAddress
	}
	return ""
}
