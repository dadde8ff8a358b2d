package main

import (
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/vmware/govmomi/simulator"
)

// ovfEnvironment is what the guest reads on its virtual CD: guestinfo.ovfEnv when somebody set it, else the properties.
func ovfEnvironment(vm *simulator.VirtualMachine) []byte {
	for _, o := range vm.Config.ExtraConfig {
		if v := o.GetOptionValue(); v.Key == "guestinfo.ovfEnv" {
			return []byte(fmt.Sprint(v.Value))
		}
	}
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1" xmlns:oe="http://schemas.dmtf.org/ovf/environment/1">` +
		"\n  <PropertySection>\n")
	if vm.Config.VAppConfig != nil {
		for _, p := range vm.Config.VAppConfig.GetVmConfigInfo().Property {
			b.WriteString(`    <Property oe:key="` + escape(p.Id) + `" oe:value="` + escape(p.Value) + "\"/>\n")
		}
	}
	b.WriteString("  </PropertySection>\n</Environment>\n")
	return []byte(b.String())
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}
