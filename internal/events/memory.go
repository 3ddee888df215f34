package events

import "container/list"

// memory remembers a value for each of the latest keys, and forgets older ones. It
// is not safe for use by several goroutines.
type memory[V any] struct {
	limit   int
	order   *list.List // of *entry[V], the latest in front
	entries map[string]*list.Element
}

type entry[V any] struct {
	key   string
	value V
}

func newMemory[V any](limit int) *memory[V] {
	return &memory[V]{limit: limit, order: list.New(), entries: map[string]*list.Element{}}
}

func (m *memory[V]) get(key string) (V, bool) {
	if at, ok := m.entries[key]; ok {
		return at.Value.(*entry[V]).value, true
	}
	var none V
	return none, false
}

func (m *memory[V]) put(key string, value V) {
	m.remove(key)
	m.entries[key] = m.order.PushFront(&entry[V]{key, value})
	for m.order.Len() > m.limit {
		m.remove(m.order.Back().Value.(*entry[V]).key)
	}
}

func (m *memory[V]) remove(key string) {
	if at, ok := m.entries[key]; ok {
		m.order.Remove(at)
		delete(m.entries, key)
	}
}
