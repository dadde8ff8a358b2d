package main

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// labVM is a VM as the lab has it: guarded by its upload lease and its host, recorded, with a guest that boots.
type labVM struct {
	*simulator.VirtualMachine
	lab *lab
}

// Get lets the property collector read the library's object.
func (v *labVM) Get() mo.Reference { return v.VirtualMachine }

func (v *labVM) on() bool { return v.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn }

// blocked is the fault that any power operation or destroy meets now, nil when nothing is in the way.
func (v *labVM) blocked() types.BaseMethodFault {
	if l := v.lab.leaseOf(v.Self); l != nil {
		return &types.TaskInProgress{Task: l.task}
	}
	return v.unreachable()
}

func (v *labVM) unreachable() types.BaseMethodFault {
	if v.Runtime.ConnectionState != types.VirtualMachineConnectionStateConnected {
		return &types.HostNotConnected{}
	}
	return nil
}

// PowerOnVMTask boots the guest.
func (v *labVM) PowerOnVMTask(ctx *simulator.Context, req *types.PowerOnVM_Task) soap.HasFault {
	body := &methods.PowerOnVM_TaskBody{}
	if f := v.blocked(); f != nil {
		v.lab.record.vm(ctx, v.VirtualMachine, "power_on", faultName(f), nil)
		body.Fault_ = refuse(f)
		return body
	}
	var ref types.ManagedObjectReference
	if v.lab.faults.strike("no-power-on") {
		ref = task(ctx, v.VirtualMachine, "powerOn", func() types.BaseMethodFault { return &types.InsufficientMemoryResourcesFault{} })
	} else {
		res := v.VirtualMachine.PowerOnVMTask(ctx, req)
		if res.Fault() != nil {
			return res
		}
		ref = res.(*methods.PowerOnVM_TaskBody).Res.Returnval
	}
	result := resultOf(dress(ctx, ref))
	v.lab.record.vm(ctx, v.VirtualMachine, "power_on", result, nil)
	if result == "success" {
		v.lab.connectCards(v.VirtualMachine)
		v.lab.boot(v.VirtualMachine)
	}
	body.Res = &types.PowerOnVM_TaskResponse{Returnval: ref}
	return body
}

// PowerOffVMTask ends the guest first: once vCenter says "off", nothing of it runs.
func (v *labVM) PowerOffVMTask(ctx *simulator.Context, req *types.PowerOffVM_Task) soap.HasFault {
	body := &methods.PowerOffVM_TaskBody{}
	if f := v.blocked(); f != nil {
		v.lab.record.vm(ctx, v.VirtualMachine, "power_off", faultName(f), nil)
		body.Fault_ = refuse(f)
		return body
	}
	if v.on() {
		v.lab.halt(v.VirtualMachine)
	}
	ref := v.VirtualMachine.PowerOffVMTask(ctx, req).(*methods.PowerOffVM_TaskBody).Res.Returnval
	result := resultOf(dress(ctx, ref))
	v.lab.record.vm(ctx, v.VirtualMachine, "power_off", result, nil)
	if result == "success" {
		v.lab.showOff(v.VirtualMachine)
	}
	body.Res = &types.PowerOffVM_TaskResponse{Returnval: ref}
	return body
}

// ResetVMTask is a hard reset: the guest is cut and boots anew.
func (v *labVM) ResetVMTask(ctx *simulator.Context, _ *types.ResetVM_Task) soap.HasFault {
	ref := task(ctx, v.VirtualMachine, "reset", func() types.BaseMethodFault {
		if f := v.blocked(); f != nil {
			return f
		}
		if !v.on() {
			return &types.InvalidPowerState{RequestedState: types.VirtualMachinePowerStatePoweredOn, ExistingState: v.Runtime.PowerState}
		}
		v.lab.halt(v.VirtualMachine)
		v.lab.boot(v.VirtualMachine)
		return nil
	})
	v.lab.record.vm(ctx, v.VirtualMachine, "reset", resultOf(dress(ctx, ref)), nil)
	return &methods.ResetVM_TaskBody{Res: &types.ResetVM_TaskResponse{Returnval: ref}}
}

// ShutdownGuest needs tools that answer; a dead guest has none.
func (v *labVM) ShutdownGuest(ctx *simulator.Context, req *types.ShutdownGuest) soap.HasFault {
	if v.Guest == nil || v.Guest.ToolsRunningStatus != string(types.VirtualMachineToolsRunningStatusGuestToolsRunning) {
		f := &types.ToolsUnavailable{}
		v.lab.record.vm(ctx, v.VirtualMachine, "shutdown_guest", faultName(f), nil)
		return &methods.ShutdownGuestBody{Fault_: refuse(f)}
	}
	v.lab.halt(v.VirtualMachine)
	res := v.VirtualMachine.ShutdownGuest(ctx, req)
	v.lab.record.vm(ctx, v.VirtualMachine, "shutdown_guest", "success", nil)
	v.lab.showOff(v.VirtualMachine)
	return res
}

// SuspendVMTask is not in the lab.
func (v *labVM) SuspendVMTask(ctx *simulator.Context, _ *types.SuspendVM_Task) soap.HasFault {
	return &methods.SuspendVM_TaskBody{Fault_: refuse(&types.NotSupported{})}
}

// RenameTask refuses a name that another entity of the folder has.
func (v *labVM) RenameTask(ctx *simulator.Context, req *types.Rename_Task) soap.HasFault {
	old := v.Name
	ref := task(ctx, v.VirtualMachine, "rename", func() types.BaseMethodFault {
		if f := nameFault(*v.Parent, v.Self, req.NewName); f != nil {
			return f
		}
		setName(v.VirtualMachine, req.NewName)
		return nil
	})
	v.lab.recordRename(ctx, v.VirtualMachine, old, req.NewName, resultOf(dress(ctx, ref)))
	return &methods.Rename_TaskBody{Res: &types.Rename_TaskResponse{Returnval: ref}}
}

func (l *lab) recordRename(ctx *simulator.Context, vm *simulator.VirtualMachine, old, new, result string) {
	o := operation{VM: old, Moid: vm.Self.Value, InstanceUUID: vm.Config.InstanceUuid, Operation: "rename", Result: result}
	o.Detail = detail{"old": old, "new": new}
	l.record.write(ctx, o)
}

// nameFault refuses empty names and names taken in the folder by another entity.
func nameFault(folder, self types.ManagedObjectReference, name string) types.BaseMethodFault {
	if name == "" || len(name) > 80 {
		return &types.InvalidName{Name: name}
	}
	f := folderOf(folder)
	if f == nil {
		return nil
	}
	if other, taken := child(f, name); taken && other != self {
		return &types.DuplicateName{Name: name, Object: other}
	}
	return nil
}

func setName(vm *simulator.VirtualMachine, name string) {
	simulator.Map.Update(vm, []types.PropertyChange{
		{Name: "name", Val: name}, {Name: "config.name", Val: name}, {Name: "summary.config.name", Val: name},
	})
}

// DestroyTask removes the VM, its guest's disk, and every reference to it.
func (v *labVM) DestroyTask(ctx *simulator.Context, req *types.Destroy_Task) soap.HasFault {
	body := &methods.Destroy_TaskBody{}
	if f := v.blocked(); f != nil {
		v.lab.record.vm(ctx, v.VirtualMachine, "destroy", faultName(f), nil)
		body.Fault_ = refuse(f)
		return body
	}
	ref := v.VirtualMachine.DestroyTask(ctx, req).(*methods.Destroy_TaskBody).Res.Returnval
	result := resultOf(dress(ctx, ref))
	v.lab.record.vm(ctx, v.VirtualMachine, "destroy", result, nil)
	if result == "success" {
		v.lab.removeMachine(v.Self)
	}
	body.Res = &types.Destroy_TaskResponse{Returnval: ref}
	return body
}

// UnregisterVM takes the VM out of the inventory only.
func (v *labVM) UnregisterVM(ctx *simulator.Context, req *types.UnregisterVM) soap.HasFault {
	if f := v.blocked(); f != nil {
		return &methods.UnregisterVMBody{Fault_: refuse(f)}
	}
	res := v.VirtualMachine.UnregisterVM(ctx, req)
	result := "success"
	if res.Fault() != nil {
		result = "InvalidPowerState"
	}
	v.lab.record.vm(ctx, v.VirtualMachine, "unregister", result, nil)
	if res.Fault() == nil {
		v.lab.removeMachine(v.Self)
	}
	return res
}

func changeVersion() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000000Z") }
