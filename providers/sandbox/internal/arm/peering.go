package arm

import "flowctl/plan"

// remoteOf is the network that a peering leads to.
func remoteOf(m *Resource) plan.ID {
	return plan.ID(text(m.properties(), "remoteVirtualNetwork", "id"))
}

// spaceOf is the address space of a network, the world's or a made one.
func (q *request) spaceOf(st *State, vnet plan.ID) (space map[string]any, ok bool) {
	m := q.at(st, vnet)
	if m == nil || !m.is(vnetType) {
		return nil, false
	}
	return object(m.properties(), "addressSpace"), true
}

func (q *request) checkPeering(st *State, m *Resource) error {
	own, remote := m.ID.Parent(), remoteOf(m)
	if remote == "" {
		return errInvalid("remoteVirtualNetwork", "A peering needs the network that it leads to.")
	}
	if remote.Is(own) {
		return refuse(400, "CannotPeerVirtualNetworkWithItself", "Virtual network %s cannot be peered with itself.", own)
	}
	theirs, ok := q.spaceOf(st, remote)
	if !ok {
		return errReference(remote, m.ID)
	}
	for _, other := range q.below(st, own, peeringType) {
		if !other.ID.Is(m.ID) && remoteOf(other).Is(remote) {
			return refuse(400, "AnotherPeeringAlreadyReferencesRemoteVnet", "Peering %s cannot be created because another peering %s already references remote virtual network %s.",
				m.ID.Name(), other.ID.Name(), remote)
		}
	}
	ours, _ := q.spaceOf(st, own)
	mine, err := prefixesOf(ours, "addressPrefixes")
	if err != nil {
		return err
	}
	far, err := prefixesOf(theirs, "addressPrefixes")
	if err != nil {
		return err
	}
	for _, a := range mine {
		for _, b := range far {
			if a.Overlaps(b) {
				return refuse(400, "VnetAddressSpacesOverlap", "Cannot create or update peering %s. Virtual networks %s and %s cannot be peered because their address spaces overlap.",
					m.ID, own, remote)
			}
		}
	}
	return nil
}

// back is the peering that leads from the remote network to this one's, or nil.
func (q *request) back(st *State, m *Resource) *Resource {
	for _, other := range q.below(st, remoteOf(m), peeringType) {
		if remoteOf(other).Is(m.ID.Parent()) && other.Gone.IsZero() {
			return other
		}
	}
	return nil
}

// wrotePeering remembers that both ends were there once: what loses its other
// end then is disconnected.
func (q *request) wrotePeering(st *State, m *Resource) error {
	if other := q.back(st, m); other != nil {
		other = q.own(st, other)
		m.Given, other.Given = map[string]any{"met": true}, map[string]any{"met": true}
	}
	return nil
}

func (q *request) fillPeering(st *State, m *Resource, _, props map[string]any) {
	met, _ := m.given()["met"].(bool)
	delete(props, "met")
	space, _ := q.spaceOf(st, remoteOf(m))
	state, level := "Initiated", "RemoteNotInSync"
	switch {
	case q.back(st, m) != nil:
		state, level = "Connected", "FullyInSync"
	case met:
		state = "Disconnected"
	}
	props["peeringState"], props["peeringSyncLevel"] = state, level
	props["remoteAddressSpace"], props["remoteVirtualNetworkAddressSpace"] = space, space
	props["resourceGuid"], props["routeServiceVips"] = m.GUID, map[string]any{} // recording vnet-peering
	orElse(props, map[string]any{"allowVirtualNetworkAccess": true, "allowForwardedTraffic": false, "allowGatewayTransit": false,
		"useRemoteGateways": false, "doNotVerifyRemoteGateways": false, "peerCompleteVnets": true})
}
