package analyzer

// UnitTies are the objects of a unit that make, find or feed pods, and what
// ties them to each other: enough for a picture of it.
type UnitTies struct {
	// Unit is the name of the unit, as in Finding.Unit.
	Unit    string
	Objects []TiedObject
	Ties    []Tie
}

// Role is the part that an object plays for the pods of a unit.
type Role string

// The roles, in the order in which traffic, and then the scheduler, comes by.
const (
	Entrance Role = "entrance" // an Ingress
	Selects  Role = "selects"  // what finds pods by their labels: a Service, a budget, a policy
	Pods     Role = "pods"     // bare Pods, and the pods of a template
	Owner    Role = "owner"    // what makes the pods of a template
	Place    Role = "place"    // what nodes pods ask for
	Around   Role = "around"   // what pods need or what scales their owner
)

// TiedObject is an object, the pods of one, or the nodes that pods ask for.
type TiedObject struct {
	Role       Role
	Kind, Name string
	// Detail is what others know it by, such as the labels of pods; "" if that
	// is its name.
	Detail string
	// Elsewhere reports that it is no object of the unit itself: it stands in a
	// directory above, or is named but not there at all, see Missing.
	Elsewhere bool
	// Missing reports that no manifest at hand has it. That alone is no fault:
	// a tie to it may be optional, and it may be made in the cluster.
	Missing bool
	// Findings are the indices of the findings about it in Result.Findings; nil
	// if there are none.
	Findings []int
}

// Tie leads from the object that names or selects to the one that is meant.
type Tie struct {
	// From and To are indices of UnitTies.Objects.
	From, To int
	// What says how it ties: "selects app=web", "env".
	What string
	// Findings are the indices of the findings about this tie in
	// Result.Findings; nil if it holds.
	Findings []int
}
