package arm

// madeRoutes are the routes of what only clients make.
func madeRoutes() []route {
	const (
		sub       = "/subscriptions/{sub}"
		group     = sub + "/resourceGroups/{group}"
		network   = "/providers/Microsoft.Network"
		compute   = "/providers/Microsoft.Compute"
		insights  = "/providers/Microsoft.OperationalInsights"
		vm        = group + compute + "/virtualMachines/{name}"
		workspace = group + insights + "/workspaces/{name}"
	)
	type q = request
	all := []route{
		read(group+network+"/routeTables/{name}/routes", listMade(routeType)),
		own(group+network+"/routeTables/{name}/routes/{child}", routeType),
		act(vm+"/start", power("running")),
		act(vm+"/restart", power("running")),
		act(vm+"/powerOff", power("stopped")),
		act(vm+"/deallocate", power("deallocated")),
		read(vm+"/vmSizes", (*q).listSizes),
		read(sub+compute+"/locations/{region}/vmSizes", (*q).listSizes),
		read(sub+insights+"/deletedWorkspaces", (*q).listNothing),
		act(workspace+"/sharedKeys", (*q).workspaceKeys),
	}
	for path, kind := range map[string]string{
		network + "/routeTables":               routeTableType,
		network + "/applicationSecurityGroups": asgType,
		compute + "/disks":                     diskType,
	} {
		all = append(all, read(sub+path, listMade(kind)), read(group+path, listMade(kind)), own(group+path+"/{name}", kind))
	}
	return all
}

// own is a route for a resource that only clients make.
func own(path, kind string) route {
	return on(path, getMade(kind), putMade(kind), patchMade(kind), deleteMade(kind), nil)
}
