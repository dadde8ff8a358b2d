package main

import (
	"context"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// lab is the whole state beside the library's registry. world guards both: requests that change something hold it for
// writing, all others for reading, because the library itself is not free of data races.
type lab struct {
	*settings
	world    sync.RWMutex
	service  *simulator.Service
	front    *front
	record   *record
	faults   *faults
	machines map[string]*machine
	leases   map[string]*labLease
}

// vpxd is the context of what vCenter does by itself: ended leases, shutdowns from within the guest.
func vpxd() *simulator.Context {
	return &simulator.Context{
		Context: context.Background(),
		Map:     simulator.Map,
		Session: &simulator.Session{
			UserSession: types.UserSession{Key: "vpxd", UserName: "vpxd", IpAddress: "10.77.0.2"},
			Registry:    simulator.NewRegistry(),
		},
	}
}

func machineOf(ref types.ManagedObjectReference) *simulator.VirtualMachine {
	vm, _ := simulator.Map.Get(ref).(*simulator.VirtualMachine)
	return vm
}

func folderOf(ref types.ManagedObjectReference) *simulator.Folder {
	f, _ := simulator.Map.Get(ref).(*simulator.Folder)
	return f
}

// child finds an entity by name directly below the folder. Names are unique in a folder, not in a datacenter.
func child(f *simulator.Folder, name string) (types.ManagedObjectReference, bool) {
	if e := simulator.Map.FindByName(name, f.ChildEntity); e != nil {
		return e.Reference(), true
	}
	return types.ManagedObjectReference{}, false
}

// pathOf is the inventory path, as /losangelesctr/vm/web.
func pathOf(ref types.ManagedObjectReference) string {
	path := ""
	for {
		e, ok := simulator.Map.Get(ref).(mo.Entity)
		if !ok || e.Entity().Parent == nil {
			return path
		}
		path = "/" + e.Entity().Name + path
		ref = *e.Entity().Parent
	}
}

// task runs f as a vCenter task on the entity and returns its reference; f's fault becomes the task's error.
func task(ctx *simulator.Context, e mo.Reference, name string, f func() types.BaseMethodFault) types.ManagedObjectReference {
	t := simulator.CreateTask(e, name, func(*simulator.Task) (types.AnyType, types.BaseMethodFault) { return nil, f() })
	ref := t.Run()
	dress(ctx, ref)
	return ref
}

// dress gives a finished task what the library leaves out: who asked, the entity's name, a message for people.
func dress(ctx *simulator.Context, ref types.ManagedObjectReference) *types.TaskInfo {
	info := &simulator.Map.Get(ref).(*simulator.Task).Info
	info.Reason = &types.TaskReasonUser{UserName: ctx.Session.UserName}
	if info.Entity != nil {
		if e, ok := simulator.Map.Get(*info.Entity).(mo.Entity); ok {
			info.EntityName = e.Entity().Name
		}
	}
	if info.Error != nil {
		info.Error.LocalizedMessage = messageOf(info.Error.Fault)
	}
	return info
}

// resultOf is "success", or the name of the task's fault.
func resultOf(info *types.TaskInfo) string {
	if info.Error == nil {
		return "success"
	}
	return faultName(info.Error.Fault)
}

func refuse(f types.BaseMethodFault) *soap.Fault { return simulator.Fault(messageOf(f), f) }
