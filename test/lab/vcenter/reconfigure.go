package main

import (
	"sort"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// ReconfigVMTask checks the change version and the name, records what changed, and moves the guest's link with its card.
func (v *labVM) ReconfigVMTask(ctx *simulator.Context, req *types.ReconfigVM_Task) soap.HasFault {
	old, changed := v.Name, whatChanges(&req.Spec)
	fault := v.reconfigureFault(&req.Spec)
	if fault == nil {
		completeCards(v.VirtualMachine, &req.Spec)
	}
	var ref types.ManagedObjectReference
	if fault != nil {
		ref = task(ctx, v.VirtualMachine, "reconfigVm", func() types.BaseMethodFault { return fault })
	} else {
		ref = v.VirtualMachine.ReconfigVMTask(ctx, req).(*methods.ReconfigVM_TaskBody).Res.Returnval
	}
	result := resultOf(dress(ctx, ref))
	if req.Spec.Name != "" && req.Spec.Name != old {
		v.lab.recordRename(ctx, v.VirtualMachine, old, req.Spec.Name, result)
	}
	if len(changed) > 0 {
		v.lab.record.vm(ctx, v.VirtualMachine, "reconfigure", result, changed)
	}
	if result == "success" {
		v.Config.ChangeVersion = changeVersion()
		v.Summary.Config.Annotation = v.Config.Annotation
		v.lab.followCards(v.VirtualMachine)
	}
	return &methods.ReconfigVM_TaskBody{Res: &types.ReconfigVM_TaskResponse{Returnval: ref}}
}

func (v *labVM) reconfigureFault(spec *types.VirtualMachineConfigSpec) types.BaseMethodFault {
	if f := v.unreachable(); f != nil {
		return f
	}
	if spec.ChangeVersion != "" && spec.ChangeVersion != v.Config.ChangeVersion {
		return &types.ConcurrentAccess{}
	}
	if spec.Name != "" && spec.Name != v.Name {
		return nameFault(*v.Parent, v.Self, spec.Name)
	}
	return nil
}

// whatChanges tells a reconfiguration for the record: the annotation's text, cards, hardware, keys of the extra config.
func whatChanges(spec *types.VirtualMachineConfigSpec) detail {
	d := detail{}
	if spec.Annotation != "" {
		d["annotation"] = spec.Annotation
	}
	if spec.NumCPUs != 0 {
		d["cpus"] = spec.NumCPUs
	}
	if spec.MemoryMB != 0 {
		d["memory_mb"] = spec.MemoryMB
	}
	var keys []string
	for _, o := range spec.ExtraConfig {
		keys = append(keys, o.GetOptionValue().Key)
	}
	if sort.Strings(keys); len(keys) > 0 {
		d["extra_config"] = keys
	}
	var devices []detail
	for _, c := range spec.DeviceChange {
		s := c.GetVirtualDeviceConfigSpec()
		e := detail{"operation": string(s.Operation), "device": object.VirtualDeviceList{}.Type(s.Device)}
		if card, ok := s.Device.(types.BaseVirtualEthernetCard); ok {
			e["device"] = "nic"
			if con := card.GetVirtualEthernetCard().Connectable; con != nil {
				e["connected"], e["start_connected"] = con.Connected, con.StartConnected
			}
			if mac := card.GetVirtualEthernetCard().MacAddress; mac != "" {
				e["mac"] = mac
			}
		}
		devices = append(devices, e)
	}
	if len(devices) > 0 {
		d["devices"] = devices
	}
	return d
}

// completeCards fills an edit of a network card from the card it edits: vCenter takes what is unset from there.
func completeCards(vm *simulator.VirtualMachine, spec *types.VirtualMachineConfigSpec) {
	devices := object.VirtualDeviceList(vm.Config.Hardware.Device)
	for _, c := range spec.DeviceChange {
		s := c.GetVirtualDeviceConfigSpec()
		edit := s.Device.GetVirtualDevice()
		was := devices.FindByKey(edit.Key)
		if s.Operation != types.VirtualDeviceConfigSpecOperationEdit || was == nil {
			continue
		}
		base := was.GetVirtualDevice()
		if edit.Backing == nil {
			edit.Backing = base.Backing
		}
		if edit.DeviceInfo == nil {
			info := *base.DeviceInfo.GetDescription()
			edit.DeviceInfo = &info
		}
		if edit.Connectable == nil {
			edit.Connectable = base.Connectable
		}
		if edit.UnitNumber == nil {
			edit.UnitNumber, edit.ControllerKey = base.UnitNumber, base.ControllerKey
		}
		if card, ok := s.Device.(types.BaseVirtualEthernetCard); ok {
			if wasCard, ok := was.(types.BaseVirtualEthernetCard); ok && card.GetVirtualEthernetCard().MacAddress == "" {
				card.GetVirtualEthernetCard().MacAddress = wasCard.GetVirtualEthernetCard().MacAddress
			}
		}
	}
}

// firstCard is the VM's first network card, nil without one.
func firstCard(vm *simulator.VirtualMachine) *types.VirtualEthernetCard {
	if vm.Config == nil {
		return nil
	}
	for _, d := range vm.Config.Hardware.Device {
		if c, ok := d.(types.BaseVirtualEthernetCard); ok {
			return c.GetVirtualEthernetCard()
		}
	}
	return nil
}

func linked(vm *simulator.VirtualMachine) bool {
	c := firstCard(vm)
	return c != nil && (c.Connectable == nil || c.Connectable.Connected)
}

// connectCards is what power-on does: a card is connected when it starts connected.
func (l *lab) connectCards(vm *simulator.VirtualMachine) {
	if c := firstCard(vm); c != nil && c.Connectable != nil {
		c.Connectable.Connected = c.Connectable.StartConnected
	}
}

// followCards makes the running guest's link what the card now says.
func (l *lab) followCards(vm *simulator.VirtualMachine) {
	if m := l.machines[vm.Self.Value]; m != nil && m.running() {
		l.setLink(m, linked(vm))
	}
	if vm.Guest != nil && len(vm.Guest.Net) > 0 {
		vm.Guest.Net[0].Connected = linked(vm)
	}
}
