package main

import (
	"crypto/rand"
	"fmt"
	mathrand "math/rand"
	"path"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/ovf"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// labOvf reads what the stock OVF manager passes over: the annotation, and the properties with their defaults.
type labOvf struct {
	*simulator.OvfManager
	lab *lab
}

// Get lets the property collector read the library's object.
func (m *labOvf) Get() mo.Reference { return m.OvfManager }

// CreateImportSpec puts annotation and properties of the OVF into the spec.
func (m *labOvf) CreateImportSpec(ctx *simulator.Context, req *types.CreateImportSpec) soap.HasFault {
	res := m.OvfManager.CreateImportSpec(ctx, req)
	body, ok := res.(*methods.CreateImportSpecBody)
	if !ok || body.Res == nil {
		return res
	}
	env, err := ovf.Unmarshal(strings.NewReader(req.OvfDescriptor))
	spec, isVM := body.Res.Returnval.ImportSpec.(*types.VirtualMachineImportSpec)
	if err != nil || env.VirtualSystem == nil || !isVM {
		return res
	}
	if a := env.VirtualSystem.Annotation; len(a) > 0 && !m.lab.faults.on("no-annotation") {
		spec.ConfigSpec.Annotation = a[0].Annotation
	}
	given := map[string]string{}
	for _, p := range req.Cisp.PropertyMapping {
		given[p.Key] = p.Value
	}
	spec.ConfigSpec.ExtraConfig = nil
	config := &types.VmConfigSpec{}
	for _, product := range env.VirtualSystem.Product {
		for i, p := range product.Property {
			info := &types.VAppPropertyInfo{Key: int32(i), Id: p.Key, Type: p.Type}
			if p.Default != nil {
				info.DefaultValue = *p.Default
			}
			info.Value = info.DefaultValue
			if v, ok := given[p.Key]; ok {
				info.Value = v
				delete(given, p.Key)
			}
			config.Property = append(config.Property, types.VAppPropertySpec{
				ArrayUpdateSpec: types.ArrayUpdateSpec{Operation: types.ArrayUpdateOperationAdd}, Info: info,
			})
		}
	}
	for key := range given {
		body.Res.Returnval.Warning = append(body.Res.Returnval.Warning, types.LocalizedMethodFault{
			Fault: &types.OvfInvalidValue{}, LocalizedMessage: fmt.Sprintf("The OVF descriptor has no property '%s'.", key),
		})
	}
	spec.ConfigSpec.VAppConfig = config
	return res
}

// labPool imports VMs under a lease.
type labPool struct {
	*simulator.ResourcePool
	lab *lab
}

// Get lets the property collector read the library's object.
func (p *labPool) Get() mo.Reference { return p.ResourcePool }

// ImportVApp refuses a taken name the way vCenter does: by a lease in state error, not by a fault of the call.
func (p *labPool) ImportVApp(ctx *simulator.Context, req *types.ImportVApp) soap.HasFault {
	spec, ok := req.Spec.(*types.VirtualMachineImportSpec)
	if !ok {
		return p.ResourcePool.ImportVApp(ctx, req)
	}
	if req.Folder == nil {
		folder := simulator.Map.Any("Datacenter").(*simulator.Datacenter).VmFolder
		req.Folder = &folder
	}
	name := spec.ConfigSpec.Name
	d := detail{"annotation": spec.ConfigSpec.Annotation, "folder": pathOf(*req.Folder)}
	if fault := p.lab.importFault(*req.Folder, &spec.ConfigSpec); fault != nil {
		p.lab.record.write(ctx, operation{VM: name, Operation: "deploy", Result: faultName(fault), Detail: d})
		return failedLease(ctx, fault)
	}
	freshIdentity(&spec.ConfigSpec)
	ownFolder(&spec.ConfigSpec)
	if req.Host == nil {
		req.Host = p.lab.connectedHost()
	}
	res := p.ResourcePool.ImportVApp(ctx, req)
	body, ok := res.(*methods.ImportVAppBody)
	if !ok || body.Res == nil {
		p.lab.record.write(ctx, operation{VM: name, Operation: "deploy", Result: "fault", Detail: d})
		return res
	}
	lease := p.lab.openLease(ctx, ctx.Session.Get(body.Res.Returnval).(*simulator.HttpNfcLease))
	vm := machineOf(lease.Info.Entity)
	p.lab.adopt(vm, spec.ConfigSpec.Annotation)
	vm.Config.VAppConfig = vappConfig(spec.ConfigSpec.VAppConfig)
	p.lab.record.vm(ctx, vm, "deploy", "success", d)
	return res
}

func (l *lab) importFault(folder types.ManagedObjectReference, spec *types.VirtualMachineConfigSpec) types.BaseMethodFault {
	if f := nameFault(folder, types.ManagedObjectReference{}, spec.Name); f != nil {
		return f
	}
	if l.faults.on("full") {
		var p object.DatastorePath
		p.FromString(spec.Files.VmPathName)
		return &types.NoDiskSpace{Datastore: p.Datastore}
	}
	return nil
}

func failedLease(ctx *simulator.Context, fault types.BaseMethodFault) soap.HasFault {
	l := simulator.NewHttpNfcLease(ctx, types.ManagedObjectReference{})
	l.State, l.Info = types.HttpNfcLeaseStateError, nil
	l.Error = &types.LocalizedMethodFault{Fault: fault, LocalizedMessage: messageOf(fault)}
	return &methods.ImportVAppBody{Res: &types.ImportVAppResponse{Returnval: l.Reference()}}
}

// connectedHost is any host that vCenter can act on.
func (l *lab) connectedHost() *types.ManagedObjectReference {
	var refs []types.ManagedObjectReference
	for _, e := range simulator.Map.All("HostSystem") {
		if h := e.(*simulator.HostSystem); h.Runtime.ConnectionState == types.HostSystemConnectionStateConnected {
			refs = append(refs, h.Self)
		}
	}
	if len(refs) == 0 {
		return nil
	}
	return &refs[mathrand.Intn(len(refs))]
}

// freshIdentity gives a VM to be uuids and a MAC address that no VM had before.
func freshIdentity(spec *types.VirtualMachineConfigSpec) {
	spec.Uuid, spec.InstanceUuid = uuid.New().String(), uuid.New().String()
	for _, c := range spec.DeviceChange {
		card, ok := c.GetVirtualDeviceConfigSpec().Device.(types.BaseVirtualEthernetCard)
		if !ok {
			continue
		}
		if e := card.GetVirtualEthernetCard(); e.MacAddress == "" || e.AddressType != string(types.VirtualEthernetCardMacTypeManual) {
			e.MacAddress, e.AddressType = newMAC(), string(types.VirtualEthernetCardMacTypeAssigned)
		}
	}
}

// newMAC is an address of the range that vCenter assigns from.
func newMAC() string {
	b := make([]byte, 3)
	_, _ = rand.Read(b)
	return fmt.Sprintf("00:50:56:%02x:%02x:%02x", 0x80|b[0]&0x3f, b[1], b[2])
}

// ownFolder moves the VM's files into a datastore folder that is not in use: a renamed VM keeps the folder of its old name.
func ownFolder(spec *types.VirtualMachineConfigSpec) {
	var p object.DatastorePath
	p.FromString(spec.Files.VmPathName)
	ds, ok := simulator.Map.FindByName(p.Datastore, simulator.Map.Any("Datacenter").(*simulator.Datacenter).Datastore).(*simulator.Datastore)
	if !ok {
		return
	}
	dir := freeFolder(ds, spec.Name)
	spec.Files.VmPathName = (&object.DatastorePath{Datastore: p.Datastore, Path: path.Join(dir, spec.Name+".vmx")}).String()
	for _, c := range spec.DeviceChange {
		disk, ok := c.GetVirtualDeviceConfigSpec().Device.(*types.VirtualDisk)
		if !ok {
			continue
		}
		if b, ok := disk.Backing.(types.BaseVirtualDeviceFileBackingInfo); ok {
			info := b.GetVirtualDeviceFileBackingInfo()
			var file object.DatastorePath
			file.FromString(info.FileName)
			info.FileName = (&object.DatastorePath{Datastore: p.Datastore, Path: path.Join(dir, path.Base(file.Path))}).String()
		}
	}
}

func firstPart(p string) string { return strings.SplitN(p, "/", 2)[0] }

func vappConfig(spec types.BaseVmConfigSpec) types.BaseVmConfigInfo {
	if spec == nil {
		return nil
	}
	info := &types.VmConfigInfo{}
	for _, p := range spec.GetVmConfigSpec().Property {
		info.Property = append(info.Property, *p.Info)
	}
	return info
}

// adopt gives a new VM what the library leaves out, and the lab's own state beside it.
func (l *lab) adopt(vm *simulator.VirtualMachine, annotation string) {
	now := time.Now()
	vm.Config.CreateDate, vm.Config.ChangeVersion = &now, changeVersion()
	vm.Config.Annotation, vm.Summary.Config.Annotation = annotation, annotation
	vm.Guest.ToolsStatus, vm.Summary.Guest.ToolsStatus = types.VirtualMachineToolsStatusToolsNotRunning, types.VirtualMachineToolsStatusToolsNotRunning
	l.machines[vm.Self.Value] = &machine{moid: vm.Self.Value}
}
