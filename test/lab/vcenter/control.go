package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"sort"
	"strings"
	"syscall"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// The control socket: what `scripts/lab` does to vCenter and its guests goes through here.

type vmState struct {
	Name         string `json:"name"`
	Moid         string `json:"moid"`
	InstanceUUID string `json:"instance_uuid"`
	Folder       string `json:"folder"`
	Power        string `json:"power"`
	Host         string `json:"host"`
	Connection   string `json:"connection"`
	Tools        string `json:"tools"`
	Heartbeat    string `json:"heartbeat"`
	Address      string `json:"address"`
	MAC          string `json:"mac"`
	Annotation   string `json:"annotation"`
	Lease        bool   `json:"lease"`
	Pid          int    `json:"pid"`
	Guest        string `json:"guest"`
}

type labState struct {
	Listen  string            `json:"listen"`
	Faults  map[string]string `json:"faults"`
	VMs     []vmState         `json:"vms"`
	Folders []string          `json:"folders"`
}

func (l *lab) serveControl() error {
	path := l.dir + "/control.sock"
	_ = os.Remove(path)
	ln, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/state", func(w http.ResponseWriter, _ *http.Request) {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		_ = e.Encode(l.state())
	})
	mux.HandleFunc("/fault", func(w http.ResponseWriter, r *http.Request) {
		answer(w, l.setFault(r.FormValue("name"), r.FormValue("arg")))
	})
	for verb, act := range map[string]func(*machine, string) error{
		"kill": l.killNode, "hang": l.freeze(syscall.SIGSTOP), "heal": l.healNode, "partition": l.partition, "pid": nil,
	} {
		act := act
		mux.HandleFunc("/"+verb, func(w http.ResponseWriter, r *http.Request) { l.onNode(w, r, act) })
	}
	go http.Serve(ln, mux)
	return nil
}

func answer(w http.ResponseWriter, err error) {
	if err != nil {
		w.WriteHeader(http.StatusConflict)
		fmt.Fprintln(w, err)
	}
}

// onNode acts on the guest of the VM with that name, and answers with its first process.
func (l *lab) onNode(w http.ResponseWriter, r *http.Request, act func(*machine, string) error) {
	l.world.Lock()
	defer l.world.Unlock()
	m, err := l.runningGuest(r.FormValue("vm"))
	if err != nil {
		answer(w, err)
		return
	}
	pid := m.guest.pid
	if act == nil && !m.guest.up() {
		// To enter it now would be to enter this machine.
		w.WriteHeader(http.StatusTooEarly)
		fmt.Fprintf(w, "%s: the guest is still booting\n", r.FormValue("vm"))
		return
	}
	if act != nil {
		if err := act(m, r.FormValue("arg")); err != nil {
			answer(w, err)
			return
		}
	}
	fmt.Fprintln(w, pid)
}

// runningGuest finds a VM by name or moid whose guest runs: a name can be there in several folders.
func (l *lab) runningGuest(name string) (*machine, error) {
	err := fmt.Errorf("no VM named %s", name)
	for _, e := range simulator.Map.All("VirtualMachine") {
		vm := e.(*simulator.VirtualMachine)
		m := l.machines[vm.Self.Value]
		if vm.Name != name && vm.Self.Value != name || m == nil {
			continue
		}
		if m.running() && m.guest.fake == "" {
			return m, nil
		}
		err = fmt.Errorf("%s: no guest runs there (power: %s)", name, vm.Runtime.PowerState)
	}
	return nil, err
}

// killNode is a kernel panic: the guest is gone, and the VM is still powered on.
func (l *lab) killNode(m *machine, _ string) error {
	l.kill(m.guest)
	return nil
}

func (l *lab) healNode(m *machine, _ string) error {
	l.port("partition", m.guest.port, "off", l.bridge, fmt.Sprint(m.guest.pid))
	return l.freeze(syscall.SIGCONT)(m, "")
}

func (l *lab) partition(m *machine, keep string) error {
	if keep == "" {
		keep = "none"
	}
	l.port("partition", m.guest.port, keep, l.bridge, fmt.Sprint(m.guest.pid))
	return nil
}

// freeze signals every process of the guest, again until a pass finds no new one.
func (l *lab) freeze(sig syscall.Signal) func(*machine, string) error {
	return func(m *machine, _ string) error {
		done := map[string]bool{}
		for found := true; found; {
			found = false
			for _, pid := range guestProcesses(m.guest.pid) {
				if !done[pid] {
					done[pid], found = true, true
					var n int
					fmt.Sscan(pid, &n)
					_ = syscall.Kill(n, sig)
				}
			}
		}
		return nil
	}
}

func guestProcesses(first int) []string {
	space, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", first))
	if err != nil {
		return nil
	}
	entries, _ := os.ReadDir("/proc")
	var pids []string
	for _, e := range entries {
		if own, err := os.Readlink("/proc/" + e.Name() + "/ns/pid"); err == nil && own == space {
			pids = append(pids, e.Name())
		}
	}
	return pids
}

func (l *lab) state() labState {
	l.world.RLock()
	defer l.world.RUnlock()
	s := labState{Listen: l.listen, Faults: l.faults.list(), VMs: []vmState{}, Folders: []string{}}
	for _, e := range simulator.Map.All("VirtualMachine") {
		s.VMs = append(s.VMs, l.stateOf(e.(*simulator.VirtualMachine)))
	}
	dc := simulator.Map.Any("Datacenter").(*simulator.Datacenter)
	for _, e := range simulator.Map.All("Folder") {
		if p := pathOf(e.Reference()); strings.HasPrefix(p, "/"+dc.Name+"/vm/") {
			s.Folders = append(s.Folders, p)
		}
	}
	sort.Slice(s.VMs, func(i, j int) bool { return s.VMs[i].Name < s.VMs[j].Name })
	sort.Strings(s.Folders)
	return s
}

func (l *lab) stateOf(vm *simulator.VirtualMachine) vmState {
	v := vmState{Name: vm.Name, Moid: vm.Self.Value, InstanceUUID: vm.Config.InstanceUuid, Folder: pathOf(*vm.Parent),
		Power: string(vm.Runtime.PowerState), Connection: string(vm.Runtime.ConnectionState), Tools: vm.Guest.ToolsRunningStatus,
		Heartbeat: string(vm.GuestHeartbeatStatus), Address: vm.Guest.IpAddress, MAC: firstMAC(vm), Annotation: vm.Config.Annotation,
		Lease: l.leaseOf(vm.Self) != nil, Guest: "none"}
	if vm.Runtime.Host != nil {
		v.Host = simulator.Map.Get(*vm.Runtime.Host).(*simulator.HostSystem).Name
	}
	if m := l.machines[vm.Self.Value]; m != nil && m.guest != nil {
		v.Guest = "dead"
		if m.running() {
			v.Guest, v.Pid = "running", m.guest.pid
		}
	} else if vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOff {
		v.Guest = "off"
	}
	return v
}

// controlClient asks a running simulator: vcenter ctl SOCKET VERB [KEY=VALUE]...
func controlClient(args []string) int {
	if len(args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: vcenter ctl SOCKET state|fault|kill|hang|heal|partition|pid [KEY=VALUE]...")
		return 2
	}
	form := url.Values{}
	for _, a := range args[2:] {
		if kv := strings.SplitN(a, "=", 2); len(kv) == 2 {
			form.Set(kv[0], kv[1])
		}
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", args[0])
	}
	client := &http.Client{Transport: &http.Transport{DialContext: dial}}
	res, err := client.PostForm("http://lab/"+args[1], form)
	if err != nil {
		fmt.Fprintln(os.Stderr, "the lab's vCenter does not answer:", err)
		return 8
	}
	defer res.Body.Close()
	out := os.Stdout
	code := 0
	if res.StatusCode != http.StatusOK {
		out, code = os.Stderr, 1
	}
	if res.StatusCode == http.StatusTooEarly {
		code = 75
	}
	_, _ = io.Copy(out, res.Body)
	return code
}
