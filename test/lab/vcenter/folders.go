package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// labFolder is a folder whose names are unique and whose changes are recorded.
type labFolder struct {
	*simulator.Folder
	lab *lab
}

// Get lets the property collector read the library's object.
func (f *labFolder) Get() mo.Reference { return f.Folder }

// CreateFolder makes a folder; of several callers with one name exactly one succeeds.
func (f *labFolder) CreateFolder(ctx *simulator.Context, req *types.CreateFolder) soap.HasFault {
	d := detail{"name": req.Name, "parent": pathOf(f.Self)}
	if fault := nameFault(f.Self, types.ManagedObjectReference{}, req.Name); fault != nil {
		f.lab.record.folder(ctx, f.Self, "create_folder", faultName(fault), d)
		return &methods.CreateFolderBody{Fault_: refuse(fault)}
	}
	res := f.Folder.CreateFolder(ctx, req)
	if b := res.(*methods.CreateFolderBody); b.Res != nil {
		f.lab.record.folder(ctx, b.Res.Returnval, "create_folder", "success", d)
	}
	return res
}

// RenameTask renames the folder; a name that is taken is refused.
func (f *labFolder) RenameTask(ctx *simulator.Context, req *types.Rename_Task) soap.HasFault {
	d := detail{"old": f.Name, "new": req.NewName, "parent": pathOf(*f.Parent)}
	ref := task(ctx, f.Folder, "rename", func() types.BaseMethodFault {
		if fault := nameFault(*f.Parent, f.Self, req.NewName); fault != nil {
			return fault
		}
		simulator.Map.Update(f.Folder, []types.PropertyChange{{Name: "name", Val: req.NewName}})
		return nil
	})
	f.lab.record.folder(ctx, f.Self, "rename_folder", resultOf(dress(ctx, ref)), d)
	return &methods.Rename_TaskBody{Res: &types.Rename_TaskResponse{Returnval: ref}}
}

// DestroyTask destroys the folder with all that is in it, VMs with their disks too; one that is on stops it.
func (f *labFolder) DestroyTask(ctx *simulator.Context, req *types.Destroy_Task) soap.HasFault {
	d := detail{"name": f.Name, "path": pathOf(f.Self), "children": len(f.ChildEntity)}
	ref := task(ctx, f.Folder, "destroy", func() types.BaseMethodFault { return f.lab.destroyFolder(ctx, f.Folder, true) })
	f.lab.record.folder(ctx, f.Self, "destroy_folder", resultOf(dress(ctx, ref)), d)
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{Returnval: ref}}
}

// UnregisterAndDestroyTask does the same but leaves the VMs' files: that is what vcenter_folder's "absent" calls.
func (f *labFolder) UnregisterAndDestroyTask(ctx *simulator.Context, _ *types.UnregisterAndDestroy_Task) soap.HasFault {
	d := detail{"name": f.Name, "path": pathOf(f.Self), "children": len(f.ChildEntity)}
	ref := task(ctx, f.Folder, "unregisterAndDestroy", func() types.BaseMethodFault { return f.lab.destroyFolder(ctx, f.Folder, false) })
	f.lab.record.folder(ctx, f.Self, "destroy_folder", resultOf(dress(ctx, ref)), d)
	return &methods.UnregisterAndDestroy_TaskBody{Res: &types.UnregisterAndDestroy_TaskResponse{Returnval: ref}}
}

func (l *lab) destroyFolder(ctx *simulator.Context, f *simulator.Folder, destroyVMs bool) types.BaseMethodFault {
	for _, c := range append([]types.ManagedObjectReference(nil), f.ChildEntity...) {
		var fault types.BaseMethodFault
		switch o := simulator.Map.Get(c).(type) {
		case *simulator.Folder:
			fault = l.destroyFolder(ctx, o, destroyVMs)
		case *simulator.VirtualMachine:
			fault = l.dropVM(ctx, &labVM{o, l}, destroyVMs)
		}
		if fault != nil {
			return fault
		}
	}
	ctx.Caller = &f.Self
	res := f.DestroyTask(ctx, &types.Destroy_Task{This: f.Self}).(*methods.Destroy_TaskBody)
	if e := simulator.Map.Get(res.Res.Returnval).(*simulator.Task).Info.Error; e != nil {
		return e.Fault
	}
	return nil
}

func (l *lab) dropVM(ctx *simulator.Context, vm *labVM, destroy bool) types.BaseMethodFault {
	if !destroy {
		if res := vm.UnregisterVM(ctx, &types.UnregisterVM{This: vm.Self}); res.Fault() != nil {
			return &types.InvalidPowerState{RequestedState: types.VirtualMachinePowerStatePoweredOff, ExistingState: vm.Runtime.PowerState}
		}
		return nil
	}
	res := vm.DestroyTask(ctx, &types.Destroy_Task{This: vm.Self}).(*methods.Destroy_TaskBody)
	if res.Fault_ != nil {
		return &types.TaskInProgress{}
	}
	if e := simulator.Map.Get(res.Res.Returnval).(*simulator.Task).Info.Error; e != nil {
		return e.Fault
	}
	return nil
}

// CreateVMTask refuses a taken name. The library gives such a VM the same uuids whenever its name returns; the lab does not.
func (f *labFolder) CreateVMTask(ctx *simulator.Context, req *types.CreateVM_Task) soap.HasFault {
	if fault := nameFault(f.Self, types.ManagedObjectReference{}, req.Config.Name); fault != nil {
		ref := task(ctx, f.Folder, "createVm", func() types.BaseMethodFault { return fault })
		f.lab.record.write(ctx, operation{VM: req.Config.Name, Operation: "create", Result: faultName(fault)})
		return &methods.CreateVM_TaskBody{Res: &types.CreateVM_TaskResponse{Returnval: ref}}
	}
	freshIdentity(&req.Config)
	if req.Host == nil {
		req.Host = f.lab.connectedHost()
	}
	res := f.Folder.CreateVMTask(ctx, req).(*methods.CreateVM_TaskBody)
	info := dress(ctx, res.Res.Returnval)
	if ref, ok := info.Result.(types.ManagedObjectReference); ok && info.Error == nil {
		vm := machineOf(ref)
		f.lab.adopt(vm, "")
		f.lab.record.vm(ctx, vm, "create", "success", detail{"annotation": vm.Config.Annotation})
	}
	return res
}
