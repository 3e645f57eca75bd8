package flow

// AddressNames are what an address is called: numbers of texts. 0 is what is not
// known or does not apply.
type AddressNames struct {
	VM, NIC, Subnet, VNet, Region, ServiceTag ID

	Name ID // by the inventory, else by a dictionary
	Host ID // that a client asked for, else that DNS answered with
}
