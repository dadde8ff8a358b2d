package main

import (
	"fmt"
	"net/http/httptest"
	"regexp"
	"sort"
	"strconv"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// faultNames are the faults by command. Each takes an optional argument.
var faultNames = map[string]string{
	"down":              "refuses connections",
	"hang":              "accepts connections and never answers",
	"unavailable":       "answers each request with 503",
	"stopped-clock":     "no time in an answer is later than when the fault began",
	"slow":              "each request takes longer (argument: milliseconds, 500)",
	"slow-upload":       "uploads crawl (argument: bytes a second, 1 MiB)",
	"refuse-logins":     "no login is accepted",
	"fail-upload":       "an upload breaks half-way (argument: how many times; for ever without)",
	"full":              "no space on the datastores",
	"no-address":        "a guest that boots gets no DHCP answer, only a link-local address",
	"no-power-on":       "power-on fails for want of memory (argument: how many times)",
	"no-annotation":     "the annotation of an OVF is dropped",
	"no-sshd":           "a guest that boots has no sshd",
	"half-list":         "lists of VMs come shortened",
	"empty-list":        "lists of VMs come empty",
	"disconnected-host": "a host is disconnected from vCenter (argument: host or VM; the first host without)",
}

type faults struct {
	mu     sync.Mutex
	active map[string]string
	// When the clock was stopped.
	stopped time.Time
}

func newFaults() *faults { return &faults{active: map[string]string{}} }

func (f *faults) on(name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, ok := f.active[name]
	return ok
}

func (f *faults) arg(name string) (string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a, ok := f.active[name]
	return a, ok
}

// duration is 0 without the fault, else its argument in milliseconds.
func (f *faults) duration(name string, otherwise time.Duration) time.Duration {
	a, ok := f.arg(name)
	if !ok {
		return 0
	}
	if ms, err := strconv.Atoi(a); err == nil {
		return time.Duration(ms) * time.Millisecond
	}
	return otherwise
}

// strike says whether the fault happens now, and counts it when its argument is a number of times.
func (f *faults) strike(name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	a, ok := f.active[name]
	if !ok {
		return false
	}
	if n, err := strconv.Atoi(a); err == nil {
		if n--; n <= 0 {
			delete(f.active, name)
		} else {
			f.active[name] = strconv.Itoa(n)
		}
	}
	return true
}

func (f *faults) list() map[string]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := map[string]string{}
	for k, v := range f.active {
		out[k] = v
	}
	return out
}

// setFault switches a fault on; "ok" ends all of them.
func (l *lab) setFault(name, arg string) error {
	if _, known := faultNames[name]; !known && name != "ok" {
		names := []string{"ok"}
		for n := range faultNames {
			names = append(names, n)
		}
		sort.Strings(names)
		return fmt.Errorf("no such fault: %s; there are %v", name, names)
	}
	l.faults.mu.Lock()
	if name == "ok" {
		l.faults.active = map[string]string{}
	} else {
		l.faults.active[name] = arg
	}
	if name == "stopped-clock" {
		l.faults.stopped = time.Now().UTC()
	}
	l.faults.mu.Unlock()
	l.world.Lock()
	defer l.world.Unlock()
	l.applyDatastores()
	if err := l.applyHosts(); err != nil {
		return err
	}
	if name == "ok" || name == "no-address" {
		l.applyAddresses(name == "no-address")
	}
	if l.faults.on("down") {
		l.front.close()
		return nil
	}
	return l.front.open()
}

func (l *lab) applyDatastores() {
	free := capacity * 9 / 10
	if l.faults.on("full") {
		free = 1 << 20
	}
	for _, e := range simulator.Map.All("Datastore") {
		setFree(e.(*simulator.Datastore), free)
	}
}

// applyHosts sets each host's connection state, and that of the VMs on it: they run on, and vCenter cannot act on them.
func (l *lab) applyHosts() error {
	arg, on := l.faults.arg("disconnected-host")
	cut := ""
	if on {
		cut = hostName(0)
		if arg != "" {
			cut = arg
		}
	}
	for _, e := range simulator.Map.All("VirtualMachine") {
		if vm := e.(*simulator.VirtualMachine); vm.Name == cut && vm.Runtime.Host != nil {
			cut = simulator.Map.Get(*vm.Runtime.Host).(*simulator.HostSystem).Name
		}
	}
	found := false
	for _, e := range simulator.Map.All("HostSystem") {
		h := e.(*simulator.HostSystem)
		host, guest := types.HostSystemConnectionStateConnected, types.VirtualMachineConnectionStateConnected
		if h.Name == cut {
			found = true
			host, guest = types.HostSystemConnectionStateDisconnected, types.VirtualMachineConnectionStateDisconnected
		}
		h.Runtime.ConnectionState = host
		if h.Summary.Runtime != nil {
			h.Summary.Runtime.ConnectionState = host
		}
		for _, ref := range h.Vm {
			if vm := machineOf(ref); vm != nil {
				simulator.Map.Update(vm, []types.PropertyChange{
					{Name: "runtime.connectionState", Val: guest},
					{Name: "summary.runtime.connectionState", Val: guest},
				})
			}
		}
	}
	if on && !found {
		return fmt.Errorf("no host or VM named %s", cut)
	}
	return nil
}

var (
	vmObject  = regexp.MustCompile(`(?s)<(objects|returnval)><obj type="VirtualMachine">([^<]+)</obj>.*?</(objects|returnval)>`)
	vmInArray = regexp.MustCompile(`<ManagedObjectReference[^>]*type="VirtualMachine"[^>]*>([^<]+)</ManagedObjectReference>`)
	timestamp = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)`)
	selection = regexp.MustCompile(`<(?:\w+:)?selectSet`)
)

// stopClock puts the time at which the clock was stopped for each later one in an answer.
func (l *lab) stopClock(out *httptest.ResponseRecorder) {
	if !l.faults.on("stopped-clock") {
		return
	}
	l.faults.mu.Lock()
	stopped := l.faults.stopped
	l.faults.mu.Unlock()
	shown := []byte(stopped.Format(time.RFC3339Nano))
	body := timestamp.ReplaceAllFunc(out.Body.Bytes(), func(b []byte) []byte {
		if at, err := time.Parse(time.RFC3339Nano, string(b)); err == nil && at.After(stopped) {
			return shown
		}
		return b
	})
	out.Body.Reset()
	out.Body.Write(body)
}

// shortenLists leaves VMs out of answers that list them. A read of one VM by its reference stays whole.
func (l *lab) shortenLists(request []byte, out *httptest.ResponseRecorder) {
	half, empty := l.faults.on("half-list"), l.faults.on("empty-list")
	if !half && !empty {
		return
	}
	seen := map[string]bool{}
	dropped := func(moid string) bool {
		if empty {
			return true
		}
		if _, known := seen[moid]; !known {
			seen[moid] = len(seen)%2 == 1
		}
		return seen[moid]
	}
	body := vmInArray.ReplaceAllFunc(out.Body.Bytes(), func(b []byte) []byte {
		if dropped(string(vmInArray.FindSubmatch(b)[1])) {
			return nil
		}
		return b
	})
	if selection.Match(request) {
		body = vmObject.ReplaceAllFunc(body, func(b []byte) []byte {
			if dropped(string(vmObject.FindSubmatch(b)[2])) {
				return nil
			}
			return b
		})
	}
	out.Body.Reset()
	out.Body.Write(body)
}
