package main

import (
	"fmt"
	"net/url"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	datacenterName = "losangelesctr"
	clusterName    = "c1"
	folderName     = "web"
	networkName    = "DYNAMIC_NET"
	capacity       = int64(1) << 40
)

var datastoreNames = []string{"ds1", "ds2"}

// createInventory fills the simulator: one datacenter, one cluster, two datastores, one network, the pool's folder.
func (l *lab) createInventory() error {
	m := simulator.VPX()
	m.Host, m.Cluster, m.ClusterHost, m.Datastore, m.Machine, m.Portgroup = 0, 1, l.hosts, len(datastoreNames), 0, 0
	if err := m.Create(); err != nil {
		return err
	}
	l.service = m.Service
	l.service.Listen = &url.URL{Host: "127.0.0.1:0", User: url.UserPassword(l.user, l.password)}
	// The library's own server is closed at once: the front calls its handlers directly, and so passes on who asks.
	l.service.NewServer().Close()

	rename("Datacenter", "DC0", datacenterName)
	rename("ClusterComputeResource", "DC0_C0", clusterName)
	for i := 0; i < l.hosts; i++ {
		rename("HostSystem", fmt.Sprintf("DC0_C0_H%d", i), hostName(i))
	}
	for i, name := range datastoreNames {
		rename("Datastore", fmt.Sprintf("LocalDS_%d", i), name)
	}
	for _, e := range simulator.Map.All("HostSystem") {
		h := e.(*simulator.HostSystem)
		h.Summary.Config.Name = h.Name
	}
	for _, e := range simulator.Map.All("Datastore") {
		ds := e.(*simulator.Datastore)
		ds.Summary.Name, ds.Info.GetDatastoreInfo().Name = ds.Name, ds.Name
		ds.Summary.Capacity, ds.Summary.MaintenanceMode = capacity, "normal"
		setFree(ds, capacity*9/10)
	}
	switchOff(simulator.Map.Any("ClusterComputeResource").(*simulator.ClusterComputeResource))
	if err := addNetwork(networkName); err != nil {
		return err
	}
	dc := simulator.Map.Any("Datacenter").(*simulator.Datacenter)
	res := folderOf(dc.VmFolder).CreateFolder(vpxd(), &types.CreateFolder{This: dc.VmFolder, Name: folderName})
	if f := res.Fault(); f != nil {
		return fmt.Errorf("folder: %s", f.String)
	}
	addSessionHook()
	return nil
}

// switchOff gives the cluster the settings that the library leaves unset: neither HA nor DRS acts in the lab.
func switchOff(c *simulator.ClusterComputeResource) {
	config, ok := c.ConfigurationEx.(*types.ClusterConfigInfoEx)
	if !ok {
		return
	}
	no := types.NewBool(false)
	config.DasConfig = types.ClusterDasConfigInfo{Enabled: no, VmMonitoring: "vmMonitoringDisabled", HostMonitoring: "disabled", AdmissionControlEnabled: no}
	config.DrsConfig = types.ClusterDrsConfigInfo{Enabled: no, EnableVmBehaviorOverrides: no, DefaultVmBehavior: "manual", VmotionRate: 3}
	config.DpmConfigInfo = &types.ClusterDpmConfigInfo{Enabled: no}
	config.VsanConfigInfo = &types.VsanClusterConfigInfo{Enabled: no}
}

func hostName(i int) string { return fmt.Sprintf("esx%d.lab", i+1) }

func rename(kind, from, to string) {
	for _, e := range simulator.Map.All(kind) {
		if e.Entity().Name == from {
			simulator.Map.Update(e, []types.PropertyChange{{Name: "name", Val: to}})
		}
	}
}

func setFree(ds *simulator.Datastore, bytes int64) {
	ds.Summary.FreeSpace, ds.Info.GetDatastoreInfo().FreeSpace = bytes, bytes
}

// addNetwork makes a port group on the first host, and shows its network on all hosts and the cluster.
func addNetwork(name string) error {
	hosts := simulator.Map.All("HostSystem")
	h := hosts[0].(*simulator.HostSystem)
	hns := simulator.Map.Get(*h.ConfigManager.NetworkSystem).(*simulator.HostNetworkSystem)
	res := hns.AddPortGroup(vpxd(), &types.AddPortGroup{Portgrp: types.HostPortGroupSpec{Name: name, VswitchName: "vSwitch0"}})
	if f := res.(*methods.AddPortGroupBody).Fault_; f != nil {
		return fmt.Errorf("network %s: %s", name, f.String)
	}
	var ref types.ManagedObjectReference
	for _, e := range simulator.Map.All("Network") {
		if n, ok := e.(*mo.Network); ok && n.Name == name {
			ref = n.Self
		}
	}
	cluster := simulator.Map.Any("ClusterComputeResource").(*simulator.ClusterComputeResource)
	for _, e := range hosts {
		e.(*simulator.HostSystem).Network = addRef(e.(*simulator.HostSystem).Network, ref)
	}
	cluster.Network = addRef(cluster.Network, ref)
	return nil
}

func addRef(list []types.ManagedObjectReference, ref types.ManagedObjectReference) []types.ManagedObjectReference {
	if simulator.FindReference(list, ref) != nil {
		return list
	}
	return append(list, ref)
}

// freeFolder is the first unused folder name on the datastore, as name, name_1, name_2: a renamed VM keeps its folder.
func freeFolder(ds *simulator.Datastore, name string) string {
	taken := map[string]bool{}
	for _, e := range simulator.Map.All("VirtualMachine") {
		var p object.DatastorePath
		if vm, ok := e.(*simulator.VirtualMachine); ok && vm.Config != nil && p.FromString(vm.Config.Files.VmPathName) && p.Datastore == ds.Name {
			taken[firstPart(p.Path)] = true
		}
	}
	for i, try := 1, name; ; i++ {
		if !taken[try] {
			return try
		}
		try = fmt.Sprintf("%s_%d", name, i)
	}
}
