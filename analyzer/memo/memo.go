// Package memo keeps what is derived from a value, such as the graph of a unit
// or a resource, so that what many ask for is made once.
//
// What is kept is shared by everybody who asks, at the same time too: nobody may
// change it. It is made of the value it is kept with alone.
package memo

import "sync"

// Memo is what has been made so far of one value. The zero value is empty and
// ready. It is safe for concurrent use, and must not be copied.
type Memo struct {
	made sync.Map // *Key[T] or entry → func() T

	// Observe is told the name of a key when its value begins to be made, and
	// calls done when it is; nil if nobody wants to know. It is set before the
	// first value is asked for.
	Observe func(name string) (done func())
}

// Holder is a value that what is made of it is kept with.
type Holder interface{ Memo() *Memo }

// Key stands for one thing that is made of values, and says of which type it is.
// It is a variable of a package: two keys are never the same.
type Key[T any] struct {
	// Name says for statistics what is made; "" if it is not worth a line.
	Name string
}

// entry is the key of one of several things of a kind.
type entry struct{ key, of any }

// Of returns what build makes of a value, made at most once. build may ask for
// other keys, but not for its own.
func (k *Key[T]) Of(h Holder, build func() T) T {
	return get(h.Memo(), k, k.Name, build)
}

// For returns what build makes of a value for one of several arguments, such as
// a workload of a graph, made at most once for each. The argument must be
// comparable.
func (k *Key[T]) For(h Holder, of any, build func() T) T {
	return get(h.Memo(), entry{k, of}, k.Name, build)
}

func get[T any](m *Memo, key any, name string, build func() T) T {
	if made, ok := m.made.Load(key); ok {
		return made.(func() T)()
	}
	made, _ := m.made.LoadOrStore(key, sync.OnceValue(func() T {
		if m.Observe != nil {
			defer m.Observe(name)()
		}
		return build()
	}))
	return made.(func() T)()
}
