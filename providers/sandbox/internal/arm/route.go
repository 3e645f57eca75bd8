package arm

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// handler answers one kind of request.
type handler func(*request) (reply, error)

// route is a path with {names} in it, and what answers its methods.
type route struct {
	segments []string
	methods  map[string]handler
}

// on is a route; methods are in the order GET, PUT, PATCH, DELETE, POST and
// may be nil.
func on(path string, get, put, patch, del, post handler) route {
	r := route{segments: strings.Split(strings.Trim(path, "/"), "/"), methods: map[string]handler{}}
	for i, h := range []handler{get, put, patch, del, post} {
		if h != nil {
			r.methods[[]string{"GET", "PUT", "PATCH", "DELETE", "POST"}[i]] = h
		}
	}
	return r
}

// read is a route that is only read.
func read(path string, get handler) route { return on(path, get, nil, nil, nil, nil) }

// act is a route for an action.
func act(path string, post handler) route { return on(path, nil, nil, nil, nil, post) }

// match returns the values of the route's names. ARM does not heed case.
func (r route) match(segments []string) (map[string]string, bool) {
	if len(segments) != len(r.segments) {
		return nil, false
	}
	values := map[string]string{}
	for i, want := range r.segments {
		if name, ok := strings.CutPrefix(want, "{"); ok {
			values[strings.TrimSuffix(name, "}")] = segments[i]
		} else if !strings.EqualFold(want, segments[i]) {
			return nil, false
		}
	}
	return values, true
}

// find returns what answers the request, and keeps the values of its path.
func (q *request) find() (handler, error) {
	segments, err := split(q.r.URL.EscapedPath())
	if err != nil {
		return nil, err
	}
	for _, r := range q.routes {
		values, ok := r.match(segments)
		if !ok {
			continue
		}
		q.path = values
		method := q.r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		if h := r.methods[method]; h != nil {
			return h, nil
		}
		q.vain.add(q.r)
		q.log.Warn("the sandbox does not serve this method", "method", q.r.Method, "path", q.r.URL.Path)
		return nil, errMethod(q.r.Method)
	}
	q.vain.add(q.r)
	q.log.Warn("the sandbox does not serve this path", "method", q.r.Method, "path", q.r.URL.Path)
	return nil, errUnserved(segments)
}

func split(escaped string) ([]string, error) {
	segments := strings.FieldsFunc(escaped, func(r rune) bool { return r == '/' }) // of two slashes, which az writes, one counts
	for i, s := range segments {
		text, err := url.PathUnescape(s)
		if err != nil {
			return nil, &Error{Status: 400, Code: "InvalidRequestUri", Message: "The provided URI is not correctly encoded."}
		}
		segments[i] = text
	}
	return segments, nil
}

// routes lists everything that is served.
func routes() []route {
	const (
		sub       = "/subscriptions/{sub}"
		group     = sub + "/resourceGroups/{group}"
		network   = "/providers/Microsoft.Network"
		compute   = "/providers/Microsoft.Compute"
		storage   = "/providers/Microsoft.Storage"
		insights  = "/providers/Microsoft.OperationalInsights"
		watcher   = group + network + "/networkWatchers/{watcher}"
		flowLog   = watcher + "/flowLogs/{name}"
		capture   = watcher + "/packetCaptures/{name}"
		vm        = group + compute + "/virtualMachines/{name}"
		scaleSet  = group + compute + "/virtualMachineScaleSets/{set}"
		account   = group + storage + "/storageAccounts/{name}"
		workspace = group + insights + "/workspaces/{name}"
	)
	type q = request
	all := []route{
		read("/subscriptions", (*q).listSubscriptions),
		read("/tenants", (*q).listTenants),
		read(sub, (*q).getSubscription),
		read(sub+"/locations", (*q).listLocations),
		read(sub+"/providers", (*q).listProviders),
		read(sub+"/providers/{ns}", (*q).getProvider),
		act(sub+"/providers/{ns}/register", (*q).registerProvider),
		act(sub+"/providers/{ns}/unregister", (*q).unregisterProvider),
		read(sub+"/operationresults/{op}", (*q).getDeletion),
		read(sub+"/resourceGroups", (*q).listGroups),
		on(sub+"/resourceGroups/{name}", (*q).getGroup, putResource(groupType), patchResource(groupType), (*q).deleteGroup, nil),
		read(sub+"/resources", (*q).listResources),
		read(group+"/resources", (*q).listResources),
		read(sub+"/providers/{ns}/locations/{region}/operations/{op}", (*q).getOperation),
		read(sub+"/providers/{ns}/locations/{region}/operationResults/{op}", (*q).getOperationResult),
		read(sub+"/providers/{ns}/locations/{region}/asyncoperations/{op}", (*q).getAsync),

		read(group+network+"/networkSecurityGroups/{name}/defaultSecurityRules", (*q).listDefaultRules),
		read(group+network+"/networkSecurityGroups/{name}/defaultSecurityRules/{child}", (*q).getDefaultRule),

		act(vm+"/start", power("running")),
		act(vm+"/restart", power("running")),
		act(vm+"/redeploy", power("running")),
		act(vm+"/powerOff", power("stopped")),
		act(vm+"/deallocate", power("deallocated")),
		read(vm+"/vmSizes", (*q).listSizes),
		read(sub+compute+"/locations/{region}/vmSizes", (*q).listSizes),
		read(vm+"/instanceView", (*q).getInstanceView),
		read(vm+"/extensions", (*q).listExtensions),
		on(vm+"/extensions/{extension}", (*q).getExtension, (*q).putExtension, nil, (*q).deleteExtension, nil),
		read(scaleSet+"/extensions", (*q).listExtensions),
		on(scaleSet+"/extensions/{extension}", (*q).getExtension, (*q).putExtension, nil, (*q).deleteExtension, nil),
		act(scaleSet+"/manualupgrade", (*q).upgradeInstances),
		read(scaleSet+"/virtualMachines", (*q).listInstances),
		read(scaleSet+"/virtualMachines/{instance}", (*q).getInstance),
		read(scaleSet+"/virtualMachines/{instance}/instanceView", (*q).getInstanceStatus),
		read(scaleSet+"/networkInterfaces", (*q).listScaleSetNICs),
		read(scaleSet+"/virtualMachines/{instance}/networkInterfaces", (*q).listScaleSetNICs),
		read(scaleSet+"/virtualMachines/{instance}/networkInterfaces/{name}", (*q).getScaleSetNIC),

		act(account+"/listKeys", (*q).listKeys),
		act(sub+storage+"/checkNameAvailability", (*q).checkAccountName),
		on(account+"/managementPolicies/{child}", (*q).getLifecycle, (*q).putLifecycle, nil, (*q).deleteLifecycle, nil),
		read(account+"/blobServices/default/containers", (*q).listContainers),
		on(account+"/blobServices/default/containers/{container}", (*q).orHeld, (*q).putContainer, (*q).patchContainer, (*q).deleteContainer, nil),
		read(account+"/blobServices/default/containers/{container}/immutabilityPolicies/default", (*q).getContainerPolicy),
		on(account+"/blobServices/{child}", getService(blobServices), putResource(blobServices), patchResource(blobServices), nil, nil),
		on(account+"/fileServices/{child}", getService(fileServices), putResource(fileServices), nil, nil, nil),

		read(sub+insights+"/deletedWorkspaces", (*q).listNothing),
		act(workspace+"/sharedKeys", (*q).workspaceKeys),
		act(workspace+"/api/query", (*q).queryLogs),

		read(sub+network+"/networkWatchers", (*q).listWatchers),
		read(group+network+"/networkWatchers", (*q).listWatchers),
		on(watcher, (*q).getWatcher, (*q).putWatcher, (*q).patchWatcher, (*q).deleteWatcher, nil),
		act(watcher+"/configureFlowLog", (*q).configureFlowLog),
		act(watcher+"/queryFlowLogStatus", (*q).queryFlowLogStatus),
		read(watcher+"/flowLogs", (*q).listFlowLogs),
		on(flowLog, (*q).getFlowLog, (*q).putFlowLog, (*q).patchFlowLog, (*q).deleteFlowLog, nil),
		read(watcher+"/packetCaptures", (*q).listCaptures),
		on(capture, (*q).getCapture, (*q).putCapture, nil, (*q).deleteCapture, nil),
		act(capture+"/stop", (*q).stopCapture),
		act(capture+"/queryStatus", (*q).captureStatus),
	}
	return slices.Concat(all, deploymentRoutes(), catalogueRoutes(), tagRoutes(), kindRoutes(), diagnoseRoutes(watcher, group+network+"/networkInterfaces/{name}"), laidRoutes(), permissionRoutes(), policyRoutes(), usageRoutes(), graphRoutes())
}

// vain counts what clients asked for and the sandbox does not serve.
type vain struct {
	mu    sync.Mutex
	count map[string]int
}

// maxVain keeps a client that asks for everything from filling the memory.
const maxVain = 1000

func (v *vain) add(r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	what := r.Method + " " + r.URL.Path
	if v.count == nil {
		v.count = map[string]int{}
	}
	if _, known := v.count[what]; known || len(v.count) < maxVain {
		v.count[what]++
	}
}

// Vain is a request that the sandbox does not serve.
type Vain struct {
	Request string // method and path
	Times   int
}

// InVain lists what clients asked for and the sandbox does not serve, in the
// order of the words.
func (s *Server) InVain() []Vain {
	s.vain.mu.Lock()
	defer s.vain.mu.Unlock()
	var all []Vain
	for _, what := range slices.Sorted(maps.Keys(s.vain.count)) {
		all = append(all, Vain{what, s.vain.count[what]})
	}
	return all
}
