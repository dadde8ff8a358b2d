package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// tools is what VMware Tools tell vCenter of a guest. The guest's first process writes it below /run/tools.
type tools struct {
	running   bool
	heartbeat types.ManagedEntityStatus
	address   string
	hostName  string
}

func (l *lab) watchTools() {
	for range time.Tick(200 * time.Millisecond) {
		l.world.Lock()
		for moid, m := range l.machines {
			vm := machineOf(types.ManagedObjectReference{Type: "VirtualMachine", Value: moid})
			if vm == nil || m.guest == nil || vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
				continue
			}
			if now := l.hear(m); now != m.shown {
				m.shown = now
				show(vm, now)
			}
		}
		l.world.Unlock()
	}
}

// hear reads the guest's tools: silent ones turn gray, then red; the last known address stays.
func (l *lab) hear(m *machine) tools {
	t := tools{heartbeat: types.ManagedEntityStatusGray, address: m.shown.address, hostName: m.shown.hostName}
	if m.guest.fake != "" {
		if time.Since(m.guest.booted) > l.fakeBoot {
			return tools{true, types.ManagedEntityStatusGreen, m.guest.fake, ""}
		}
		return t
	}
	root := m.guest.tools()
	beat, err := os.Stat(root + "heartbeat")
	var silence time.Duration
	if err == nil && m.running() {
		silence = time.Since(beat.ModTime())
		m.guest.heard = beat.ModTime()
		t.address, t.hostName = firstLine(root+"address"), firstLine(root+"hostname")
	} else if !m.guest.heard.IsZero() {
		silence = time.Since(m.guest.heard)
	} else {
		return t // still booting
	}
	switch {
	case silence < l.toolsGray:
		t.running, t.heartbeat = true, types.ManagedEntityStatusGreen
	case silence >= l.toolsRed:
		t.heartbeat = types.ManagedEntityStatusRed
	}
	return t
}

func firstLine(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(strings.SplitN(string(b), "\n", 2)[0])
}

func show(vm *simulator.VirtualMachine, t tools) {
	status, running := types.VirtualMachineToolsStatusToolsNotRunning, types.VirtualMachineToolsRunningStatusGuestToolsNotRunning
	state := "notRunning"
	if t.running {
		status, running, state = types.VirtualMachineToolsStatusToolsOk, types.VirtualMachineToolsRunningStatusGuestToolsRunning, "running"
	}
	nic := types.GuestNicInfo{Network: networkOf(vm), MacAddress: firstMAC(vm), Connected: linked(vm), DeviceConfigId: cardKey(vm)}
	if t.address != "" {
		nic.IpAddress = []string{t.address, linkLocal(nic.MacAddress)}
		nic.IpConfig = &types.NetIpConfigInfo{IpAddress: []types.NetIpConfigInfoIpAddress{
			{IpAddress: t.address, PrefixLength: 24, State: "preferred"},
			{IpAddress: linkLocal(nic.MacAddress), PrefixLength: 64, State: "unknown"},
		}}
	}
	simulator.Map.Update(vm, []types.PropertyChange{
		{Name: "guest.toolsStatus", Val: status},
		{Name: "guest.toolsRunningStatus", Val: string(running)},
		{Name: "guest.toolsVersionStatus2", Val: "guestToolsCurrent"},
		{Name: "guest.guestState", Val: state},
		{Name: "guest.ipAddress", Val: t.address},
		{Name: "guest.hostName", Val: t.hostName},
		{Name: "guest.net", Val: []types.GuestNicInfo{nic}},
		{Name: "guestHeartbeatStatus", Val: t.heartbeat},
		{Name: "summary.guest.toolsStatus", Val: status},
		{Name: "summary.guest.toolsRunningStatus", Val: string(running)},
		{Name: "summary.guest.ipAddress", Val: t.address},
		{Name: "summary.guest.hostName", Val: t.hostName},
		{Name: "summary.quickStats.guestHeartbeatStatus", Val: t.heartbeat},
	})
}

// showOff is what vCenter shows of a VM that is off: no tools, gray, the address last known.
func (l *lab) showOff(vm *simulator.VirtualMachine) {
	m := l.machines[vm.Self.Value]
	if m == nil {
		return
	}
	m.shown.running, m.shown.heartbeat = false, types.ManagedEntityStatusGray
	if c := firstCard(vm); c != nil && c.Connectable != nil {
		c.Connectable.Connected = false
	}
	show(vm, m.shown)
}

func networkOf(vm *simulator.VirtualMachine) string {
	if c := firstCard(vm); c != nil {
		if b, ok := c.Backing.(*types.VirtualEthernetCardNetworkBackingInfo); ok {
			return b.DeviceName
		}
	}
	return ""
}

func cardKey(vm *simulator.VirtualMachine) int32 {
	if c := firstCard(vm); c != nil {
		return c.Key
	}
	return 0
}

// linkLocal is the IPv6 link-local address that goes with a MAC address.
func linkLocal(mac string) string {
	var b [6]int
	if n, _ := fmt.Sscanf(mac, "%x:%x:%x:%x:%x:%x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]); n != 6 {
		return ""
	}
	return fmt.Sprintf("fe80::%x:%xff:fe%02x:%x", (b[0]^2)<<8|b[1], b[2], b[3], b[4]<<8|b[5])
}
