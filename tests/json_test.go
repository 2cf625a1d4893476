package tests

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"unicode"

	"pimultiauth/core"
)

// The types of core have no tags, and Secret hides itself from encoders; conversations are test texts, so here it is shown.

// camel is the name a field has in js-loader/src/abi.ts.
func camel(name string) string {
	runes := []rune(name)
	for i := range runes {
		if i > 0 && i+1 < len(runes) && unicode.IsLower(runes[i+1]) {
			break
		}
		runes[i] = unicode.ToLower(runes[i])
	}
	return string(runes)
}

// toJSON writes a value in the order of its fields, leaving zero values out.
func toJSON(v any) string {
	var b bytes.Buffer
	writeJSON(&b, reflect.ValueOf(v))
	return b.String()
}

func writeJSON(b *bytes.Buffer, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		writeJSON(b, v.Elem())
	case reflect.Struct:
		b.WriteByte('{')
		first := true
		for i := range v.NumField() {
			f := v.Field(i)
			if f.IsZero() || f.Kind() == reflect.Slice && f.Len() == 0 {
				continue
			}
			if !first {
				b.WriteByte(',')
			}
			first = false
			writeScalar(b, camel(v.Type().Field(i).Name))
			b.WriteByte(':')
			writeJSON(b, f)
		}
		b.WriteByte('}')
	case reflect.Slice:
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSON(b, v.Index(i))
		}
		b.WriteByte(']')
	case reflect.String:
		writeScalar(b, v.String())
	case reflect.Bool:
		writeScalar(b, v.Bool())
	default:
		writeScalar(b, v.Int())
	}
}

func writeScalar(b *bytes.Buffer, v any) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	b.Truncate(b.Len() - 1)
}

// fromJSON fills what v points to; a field that the type does not have is an error, so that a misspelt one is not passed over.
func fromJSON(text string, v any) error {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var from any
	if err := d.Decode(&from); err != nil {
		return err
	}
	if d.More() {
		return fmt.Errorf("more than one value: %s", text)
	}
	return fill(reflect.ValueOf(v).Elem(), from)
}

func fill(to reflect.Value, from any) error {
	switch from := from.(type) {
	case map[string]any:
		if to.Kind() == reflect.Pointer {
			to.Set(reflect.New(to.Type().Elem()))
			to = to.Elem()
		}
		if to.Kind() != reflect.Struct {
			break
		}
		fields := map[string]reflect.Value{}
		for i := range to.NumField() {
			fields[camel(to.Type().Field(i).Name)] = to.Field(i)
		}
		for name, value := range from {
			field, ok := fields[name]
			if !ok {
				return fmt.Errorf("%s has no field %q", to.Type(), name)
			}
			if err := fill(field, value); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	case []any:
		if to.Kind() != reflect.Slice {
			break
		}
		to.Set(reflect.MakeSlice(to.Type(), len(from), len(from)))
		for i := range from {
			if err := fill(to.Index(i), from[i]); err != nil {
				return err
			}
		}
		return nil
	case string:
		if to.Kind() == reflect.String {
			to.SetString(from)
			return nil
		}
	case bool:
		if to.Kind() == reflect.Bool {
			to.SetBool(from)
			return nil
		}
	case json.Number:
		if n, err := from.Int64(); err == nil && to.CanInt() {
			to.SetInt(n)
			return nil
		}
	}
	return fmt.Errorf("%T does not go into %s", from, to.Type())
}

// answer is what a conversation says of one message: a turn, or the code and text of an error.
type answer struct {
	turn core.Turn
	code int
	text string
}

func (a answer) json() string {
	if a.code != 0 {
		return toJSON(struct {
			Code int
			Text string
		}{a.code, a.text})
	}
	return toJSON(a.turn)
}
