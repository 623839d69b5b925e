package manifest

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/kubeknot/kubeknot/analyzer/quantity"
)

// Decode reads a node into a Go value, a pointer to zero, as strict decoding
// (sigs.k8s.io/json UnmarshalStrict) reads what AppendJSON writes, without the
// text between. It is for the common case: false means that the node holds
// anything unusual, or what strict decoding would refuse, and the value then
// must not be used.
func Decode(n *Node, into any) bool {
	v := reflect.ValueOf(into).Elem()
	d := decoding{left: maxDecoded}
	return d.value(n, planOf(v.Type()), v, 0)
}

// maxDecoded and maxDecodedDepth are far above any usual object.
const (
	maxDecoded      = 1 << 16
	maxDecodedDepth = 64
)

// decoding is the state of decoding one object.
type decoding struct {
	left   int // how many more nodes are taken
	buffer []byte
}

// decodePlan says how values of a type are read.
type decodePlan struct {
	kind reflect.Kind
	// custom reports that the type reads its own JSON; strange that it is
	// nothing that is read here.
	custom, strange bool
	fields          map[string]plannedField // of a struct
	elem            func() *decodePlan      // of a pointer, slice or map
	typ             reflect.Type
}

type plannedField struct {
	index []int // through embedded structs
	bit   uint  // its place among the fields
	plan  func() *decodePlan
}

var plans sync.Map // reflect.Type → *decodePlan

func planOf(t reflect.Type) *decodePlan {
	if p, ok := plans.Load(t); ok {
		return p.(*decodePlan)
	}
	p, _ := plans.LoadOrStore(t, newPlan(t))
	return p.(*decodePlan)
}

var (
	unmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func newPlan(t reflect.Type) *decodePlan {
	p := &decodePlan{kind: t.Kind(), typ: t, custom: reflect.PointerTo(t).Implements(unmarshaler)}
	if p.custom && t.Kind() != reflect.Pointer {
		return p
	}
	p.custom = false
	p.strange = reflect.PointerTo(t).Implements(textUnmarshaler)
	switch t.Kind() {
	case reflect.Struct:
		p.fields = map[string]plannedField{}
		p.strange = p.strange || !p.addFields(t, nil)
	case reflect.Map:
		p.strange = p.strange || t.Key().Kind() != reflect.String || reflect.PointerTo(t.Key()).Implements(textUnmarshaler)
		p.elem = sync.OnceValue(func() *decodePlan { return planOf(t.Elem()) })
	case reflect.Pointer, reflect.Slice:
		p.elem = sync.OnceValue(func() *decodePlan { return planOf(t.Elem()) })
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int32, reflect.Int64:
	default:
		p.strange = true
	}
	return p
}

// addFields adds the fields of a struct, and of those it embeds, by their
// names in JSON. It fails if one name stands for two, or a tag asks for more
// than a name.
func (p *decodePlan) addFields(t reflect.Type, outer []int) bool {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		index := append(outer[:len(outer):len(outer)], i)
		switch {
		case name == "-" && options == "":
		case f.Anonymous && name == "":
			if f.Type.Kind() != reflect.Struct || !p.addFields(f.Type, index) {
				return false
			}
		case !f.IsExported():
		case name == "" || strings.Contains(options, "string") || p.fields[name].index != nil || len(p.fields) == 64:
			return false
		default:
			p.fields[name] = plannedField{index, uint(len(p.fields)), sync.OnceValue(func() *decodePlan { return planOf(f.Type) })}
		}
	}
	return true
}

func (d *decoding) value(n *Node, p *decodePlan, v reflect.Value, depth int) bool {
	n = Resolve(n)
	if d.left--; n == nil || p.strange || d.left <= 0 || depth > maxDecodedDepth {
		return false
	}
	null := n.Kind == ScalarNode && n.Tag == NullTag
	switch {
	case p.kind == reflect.Pointer && null:
		return true
	case p.kind == reflect.Pointer:
		v.Set(reflect.New(p.typ.Elem()))
		return d.value(n, p.elem(), v.Elem(), depth+1)
	case p.custom:
		return d.custom(n, v)
	case null:
		return true
	case n.Kind == MappingNode && p.kind == reflect.Struct:
		return d.object(n, p, v, depth)
	case n.Kind == MappingNode && p.kind == reflect.Map:
		return d.mapping(n, p, v, depth)
	case n.Kind == SequenceNode && p.kind == reflect.Slice:
		v.Set(reflect.MakeSlice(p.typ, len(n.Content), len(n.Content)))
		for i, item := range n.Children() {
			if !d.value(item, p.elem(), v.Index(i), depth+1) {
				return false
			}
		}
		return true
	}
	return n.Kind == ScalarNode && scalar(n, p, v)
}

// custom hands a node to a type that reads its own JSON. That may be a quantity,
// so a value that is none to compute with is left to the server's decoding.
func (d *decoding) custom(n *Node, v reflect.Value) bool {
	e := encoder{budget: d.left}
	d.buffer = e.append(d.buffer[:0], n, 0)
	d.left = e.budget
	return e.budget > 0 && !quantity.MayHold(d.buffer) && v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(d.buffer) == nil
}

// object reads a struct. A key that stands twice or is not known ends it.
func (d *decoding) object(n *Node, p *decodePlan, v reflect.Value, depth int) bool {
	var seen uint64
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := &n.Content[i]
		f, known := p.fields[key.Value]
		if !known || key.Kind != ScalarNode || key.Tag == MergeTag || seen&(1<<f.bit) != 0 {
			return false
		}
		seen |= 1 << f.bit
		field := v
		for _, at := range f.index {
			field = field.Field(at)
		}
		if !d.value(&n.Content[i+1], f.plan(), field, depth+1) {
			return false
		}
	}
	return true
}

func (d *decoding) mapping(n *Node, p *decodePlan, v reflect.Value, depth int) bool {
	m := reflect.MakeMapWithSize(p.typ, len(n.Content)/2)
	v.Set(m)
	key, value := reflect.New(p.typ.Key()).Elem(), reflect.New(p.typ.Elem()).Elem()
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := &n.Content[i]
		if k.Kind != ScalarNode || k.Tag == MergeTag || !utf8.ValidString(k.Value) || keyText(k) != k.Value {
			return false
		}
		value.SetZero()
		if !d.value(&n.Content[i+1], p.elem(), value, depth+1) {
			return false
		}
		key.SetString(k.Value)
		m.SetMapIndex(key, value)
	}
	return m.Len() == len(n.Content)/2
}

// scalar reads a scalar that appendScalar writes as a string, a boolean or a
// plain integer.
func scalar(n *Node, p *decodePlan, v reflect.Value) bool {
	tag := n.Tag
	switch p.kind {
	case reflect.Bool:
		value, ok := Boolean(n)
		v.SetBool(value)
		return ok
	case reflect.Int, reflect.Int32, reflect.Int64:
		i, err := strconv.ParseInt(n.Value, 10, 64)
		if err != nil || tag != IntTag || !isDecimal(n.Value) || v.OverflowInt(i) {
			return false
		}
		v.SetInt(i)
		return true
	}
	if _, other := Boolean(n); other || tag == IntTag || tag == FloatTag || tag == BinaryTag || !utf8.ValidString(n.Value) {
		return false
	}
	switch {
	case p.kind == reflect.String:
		v.SetString(n.Value)
		return true
	case p.kind == reflect.Slice && p.typ.Elem().Kind() == reflect.Uint8:
		data, err := base64.StdEncoding.DecodeString(n.Value)
		v.SetBytes(data)
		return err == nil
	}
	return false
}
