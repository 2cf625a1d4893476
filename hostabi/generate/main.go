// Command generate writes the two twins of core/message.go: hostabi/codec.go with hostabi/codec_host.go, and js-loader/src/abi.ts.
//
// It is run by `go generate ./core`, in the folder of core/message.go. The layout of the bytes is drawn in hostabi/doc.go.
package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"hash/fnv"
	"log"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// kind is how a field crosses the border.
type kind int

const (
	text kind = iota
	number
	truth
	record
	list
	optional
)

type shape struct {
	kind kind
	// goType is the type as core calls it, for text and number.
	goType string
	elem   *shape
}

type field struct {
	name  string
	shape *shape
	doc   string
	// reused says that the decoder keeps the value of an optional field for the next message: it comes with every request.
	reused bool
}

type structure struct {
	name   string
	doc    string
	fields []field
}

type schema struct {
	order []*structure
	byID  map[string]*structure
}

func main() {
	log.SetFlags(0)
	root := ".."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	s, err := read(filepath.Join(root, "core", "message.go"))
	if err != nil {
		log.Fatal(err)
	}
	for path, make := range map[string]func(*schema) ([]byte, error){
		"hostabi/codec.go": guestCodec, "hostabi/codec_host.go": hostCodec, "js-loader/src/abi.ts": twin,
	} {
		out, err := make(s)
		if err != nil {
			log.Fatal(path, ": ", err)
		}
		path = filepath.Join(root, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			log.Fatal(err)
		}
		if err := os.WriteFile(path, out, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

func read(path string) (*schema, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	s := &schema{byID: map[string]*structure{}}
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.TYPE {
			continue
		}
		for _, spec := range gen.Specs {
			t := spec.(*ast.TypeSpec)
			body, ok := t.Type.(*ast.StructType)
			if !ok {
				return nil, fmt.Errorf("%s: only structs cross the border", t.Name.Name)
			}
			st := &structure{name: t.Name.Name, doc: gen.Doc.Text()}
			for _, f := range body.Fields.List {
				if f.Tag != nil && strings.Contains(f.Tag.Value, `abi:"import"`) {
					continue
				}
				sh, err := shapeOf(f.Type)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", st.name, err)
				}
				reused := f.Tag != nil && strings.Contains(f.Tag.Value, `abi:"reused"`)
				for _, name := range f.Names {
					st.fields = append(st.fields, field{name.Name, sh, f.Doc.Text(), reused})
				}
			}
			if n := len(st.flags()); n > 31 {
				return nil, fmt.Errorf("%s: %d flags, and there are 31 that JavaScript tells from a sign", st.name, n)
			}
			s.order = append(s.order, st)
			s.byID[st.name] = st
		}
	}
	return s, nil
}

func shapeOf(x ast.Expr) (*shape, error) {
	switch x := x.(type) {
	case *ast.Ident:
		switch x.Name {
		case "string":
			return &shape{kind: text, goType: "string"}, nil
		case "Secret":
			return &shape{kind: text, goType: "core.Secret"}, nil
		case "bool":
			return &shape{kind: truth}, nil
		case "int", "int64":
			return &shape{kind: number, goType: x.Name}, nil
		case "Time", "Duration":
			return &shape{kind: number, goType: "core." + x.Name}, nil
		}
		return &shape{kind: record, goType: x.Name}, nil
	case *ast.StarExpr:
		elem, err := shapeOf(x.X)
		return &shape{kind: optional, elem: elem}, err
	case *ast.ArrayType:
		elem, err := shapeOf(x.Elt)
		if err == nil && (elem.kind == truth || elem.kind == optional) {
			return nil, fmt.Errorf("a list of what is a flag: %v", elem)
		}
		return &shape{kind: list, elem: elem}, err
	}
	return nil, fmt.Errorf("a type that cannot cross the border: %T", x)
}

// reach lists the structures a root needs, in the order of the file.
func (s *schema) reach(roots ...string) []*structure {
	seen := map[string]bool{}
	var visit func(sh *shape)
	var enter func(name string)
	visit = func(sh *shape) {
		if sh.kind == record {
			enter(sh.goType)
		} else if sh.elem != nil {
			visit(sh.elem)
		}
	}
	enter = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		for _, f := range s.byID[name].fields {
			visit(f.shape)
		}
	}
	for _, root := range roots {
		enter(root)
	}
	var out []*structure
	for _, st := range s.order {
		if seen[st.name] {
			out = append(out, st)
		}
	}
	return out
}

func (sh *shape) String() string {
	switch sh.kind {
	case list:
		return "[]" + sh.elem.String()
	case optional:
		return "*" + sh.elem.String()
	case truth:
		return "bool"
	case record:
		return sh.goType
	case number:
		return "number"
	}
	return "text"
}

// layout is part of the hash: another number for another way to write the same shapes.
const layout = 2

// hash is over names, order and shapes, so that it changes when bytes would be read differently.
func (s *schema) hash() uint32 {
	h := fnv.New32a()
	fmt.Fprintf(h, "%d;", layout)
	for _, st := range s.order {
		fmt.Fprintf(h, "%s{", st.name)
		for _, f := range st.fields {
			fmt.Fprintf(h, "%s %s;", f.name, f.shape)
		}
		fmt.Fprint(h, "}")
	}
	return h.Sum32()
}

// flags are the fields that are a bit of the flags a structure begins with, lowest bit first.
func (st *structure) flags() map[string]int {
	bits := map[string]int{}
	for _, f := range st.fields {
		if f.shape.kind == truth || f.shape.kind == optional {
			bits[f.name] = len(bits)
		}
	}
	return bits
}

// minimum is the fewest bytes a value takes.
func (s *schema) minimum(sh *shape) int {
	switch sh.kind {
	case text, list:
		return 4
	case number:
		return 8
	case record:
		n := 0
		if len(s.byID[sh.goType].flags()) > 0 {
			n = 4
		}
		for _, f := range s.byID[sh.goType].fields {
			n += s.minimum(f.shape)
		}
		return n
	}
	return 0
}

const goHead = "// Code generated by hostabi/generate from core/message.go. DO NOT EDIT.\n\npackage hostabi\n\nimport \"pimultiauth/core\"\n\n"

func guestCodec(s *schema) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(goHead)
	fmt.Fprintf(&b, "// SchemaHash changes whenever bytes would be read differently. Every message begins with it.\nconst SchemaHash uint32 = %#08x\n\n", s.hash())
	b.WriteString("// Reused is what a message with every request is read into. The zero value is ready; the next message takes it again.\ntype Reused struct {\n")
	for _, st := range s.order {
		for _, f := range st.fields {
			if f.reused {
				fmt.Fprintf(&b, "%s core.%s\n", f.shape.elem.goType, f.shape.elem.goType)
			}
		}
	}
	b.WriteString("}\n\n")
	for _, st := range s.reach("Message") {
		s.goDecode(&b, st)
	}
	for _, st := range s.reach("Turn", "Effect") {
		s.goEncode(&b, st)
	}
	return format.Source(b.Bytes())
}

func hostCodec(s *schema) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(goHead)
	for _, st := range s.reach("Message") {
		s.goEncode(&b, st)
	}
	for _, st := range s.reach("Turn", "Effect") {
		s.goDecode(&b, st)
	}
	return format.Source(b.Bytes())
}

func (s *schema) goDecode(b *bytes.Buffer, st *structure) {
	fmt.Fprintf(b, "func (d *decoder) read%s(v *core.%s) {\n", st.name, st.name)
	bits := st.flags()
	if len(bits) > 0 {
		fmt.Fprintf(b, "flags := d.flags(%q, %d)\n", st.name, len(bits))
	}
	for _, f := range st.fields {
		to, set := "v."+f.name, fmt.Sprintf("flags&%#x != 0", uint32(1)<<bits[f.name])
		switch f.shape.kind {
		case truth:
			fmt.Fprintf(b, "%s = %s\n", to, set)
		case optional:
			elem := f.shape.elem.goType
			made := fmt.Sprintf("%s = new(core.%s)", to, elem)
			if f.reused {
				made = fmt.Sprintf("d.reused.%s = core.%s{}\n%s = &d.reused.%s", elem, elem, to, elem)
			}
			fmt.Fprintf(b, "if %s {\n%s\nd.read%s(%s)\n}\n", set, made, elem, to)
		default:
			s.goDecodeValue(b, to, f.shape, st.name+"."+f.name)
		}
	}
	b.WriteString("}\n\n")
}

func (s *schema) goDecodeValue(b *bytes.Buffer, to string, sh *shape, name string) {
	switch sh.kind {
	case text:
		if sh.goType == "string" {
			fmt.Fprintf(b, "%s = d.text(%q)\n", to, name)
		} else {
			fmt.Fprintf(b, "%s = %s(d.text(%q))\n", to, sh.goType, name)
		}
	case number:
		if sh.goType == "int64" {
			fmt.Fprintf(b, "%s = d.number(%q)\n", to, name)
		} else {
			fmt.Fprintf(b, "%s = %s(d.number(%q))\n", to, sh.goType, name)
		}
	case record:
		fmt.Fprintf(b, "d.read%s(&%s)\n", sh.goType, to)
	case list:
		element := sh.elem.goType
		if sh.elem.kind == record {
			element = "core." + element
		}
		fmt.Fprintf(b, "if n := d.count(%q, %d); n > 0 {\n%s = make([]%s, n)\nfor i := range %s {\n", name, s.minimum(sh.elem), to, element, to)
		s.goDecodeValue(b, to+"[i]", sh.elem, name)
		b.WriteString("}\n}\n")
	}
}

func (s *schema) goEncode(b *bytes.Buffer, st *structure) {
	fmt.Fprintf(b, "func append%s(b []byte, v *core.%s) []byte {\n", st.name, st.name)
	bits := st.flags()
	if len(bits) > 0 {
		b.WriteString("var flags uint32\n")
		for _, f := range st.fields {
			switch f.shape.kind {
			case truth:
				fmt.Fprintf(b, "if v.%s {\nflags |= %#x\n}\n", f.name, uint32(1)<<bits[f.name])
			case optional:
				fmt.Fprintf(b, "if v.%s != nil {\nflags |= %#x\n}\n", f.name, uint32(1)<<bits[f.name])
			}
		}
		b.WriteString("b = appendFlags(b, flags)\n")
	}
	for _, f := range st.fields {
		switch from := "v." + f.name; f.shape.kind {
		case truth:
		case optional:
			fmt.Fprintf(b, "if %s != nil {\nb = append%s(b, %s)\n}\n", from, f.shape.elem.goType, from)
		default:
			s.goEncodeValue(b, from, f.shape)
		}
	}
	b.WriteString("return b\n}\n\n")
}

func (s *schema) goEncodeValue(b *bytes.Buffer, from string, sh *shape) {
	switch sh.kind {
	case text:
		if sh.goType == "string" {
			fmt.Fprintf(b, "b = appendText(b, %s)\n", from)
		} else {
			fmt.Fprintf(b, "b = appendText(b, string(%s))\n", from)
		}
	case number:
		if sh.goType == "int64" {
			fmt.Fprintf(b, "b = appendNumber(b, %s)\n", from)
		} else {
			fmt.Fprintf(b, "b = appendNumber(b, int64(%s))\n", from)
		}
	case record:
		fmt.Fprintf(b, "b = append%s(b, &%s)\n", sh.goType, from)
	case list:
		fmt.Fprintf(b, "b = appendCount(b, len(%s))\nfor i := range %s {\n", from, from)
		s.goEncodeValue(b, from+"[i]", sh.elem)
		b.WriteString("}\n")
	}
}

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

const tsHead = `// Code generated by hostabi/generate from core/message.go. DO NOT EDIT.
// The twin of hostabi/codec.go; hostabi/doc.go draws the bytes.

import type { Reader, Writer } from "./bytes.ts";

`

func twin(s *schema) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(tsHead)
	fmt.Fprintf(&b, "/** Changes whenever bytes would be read differently. Every message begins with it. */\nexport const schemaHash = %#08x;\n", s.hash())
	for _, st := range s.order {
		b.WriteString("\n")
		tsDoc(&b, st.doc, "")
		fmt.Fprintf(&b, "export interface %s {\n", st.name)
		for _, f := range st.fields {
			tsDoc(&b, f.doc, "\t")
			mark := ""
			if f.shape.kind == optional {
				mark = "?"
			}
			fmt.Fprintf(&b, "\t%s%s: %s;\n", camel(f.name), mark, tsType(f.shape))
		}
		b.WriteString("}\n")
	}
	exported := map[string]bool{"Message": true, "Turn": true, "Effect": true}
	for _, st := range s.reach("Message") {
		head := "function"
		if exported[st.name] {
			head = "/** Writes a message as hostabi's decoder reads it, without the leading hash. */\nexport function"
		}
		fmt.Fprintf(&b, "\n%s write%s(w: Writer, v: %s): void {\n", head, st.name, st.name)
		tsWriteFlags(&b, st)
		for _, f := range st.fields {
			switch from := "v." + camel(f.name); f.shape.kind {
			case truth:
			case optional:
				fmt.Fprintf(&b, "\tif (%s !== undefined) write%s(w, %s);\n", from, f.shape.elem.goType, from)
			default:
				tsWrite(&b, from, f.shape, "\t")
			}
		}
		b.WriteString("}\n")
	}
	b.WriteString("\n/** A value of which only some fields are given; the rest have their zero values. */\nexport type Part<T> = T extends (infer E)[] ? Part<E>[] : T extends object ? { [K in keyof T]?: Part<T[K]> | undefined } : T;\n")
	for _, st := range s.reach("Message") {
		fmt.Fprintf(&b, "\n/** Makes a whole %s of a part. */\nexport function make%s(%s: Part<%s> = {}): %s {\n\treturn {\n", st.name, st.name, partName(st), st.name, st.name)
		for _, f := range st.fields {
			fmt.Fprintf(&b, "\t\t%s: %s,\n", camel(f.name), tsMake("v."+camel(f.name), f.shape))
		}
		b.WriteString("\t};\n}\n")
	}
	for _, st := range s.reach("Turn", "Effect") {
		head := "function"
		if exported[st.name] {
			head = "/** Reads what hostabi's encoder wrote. */\nexport function"
		}
		bits, flags := st.flags(), ""
		if len(bits) > 0 {
			flags = "\tconst flags = r.u32();\n"
		}
		fmt.Fprintf(&b, "\n%s read%s(r: Reader): %s {\n%s\treturn {\n", head, st.name, st.name, flags)
		for _, f := range st.fields {
			from, set := tsRead(f.shape), fmt.Sprintf("(flags & %#x) !== 0", uint32(1)<<bits[f.name])
			switch f.shape.kind {
			case truth:
				from = set
			case optional:
				from = set + " ? read" + f.shape.elem.goType + "(r) : undefined"
			}
			fmt.Fprintf(&b, "\t\t%s: %s,\n", camel(f.name), from)
		}
		b.WriteString("\t};\n}\n")
	}
	return b.Bytes(), nil
}

func tsDoc(b *bytes.Buffer, doc, indent string) {
	lines := strings.Split(strings.TrimSpace(doc), "\n")
	if doc == "" {
		return
	}
	if len(lines) == 1 {
		fmt.Fprintf(b, "%s/** %s */\n", indent, lines[0])
		return
	}
	fmt.Fprintf(b, "%s/**\n", indent)
	for _, line := range lines {
		b.WriteString(strings.TrimRight(indent+" * "+line, " ") + "\n")
	}
	fmt.Fprintf(b, "%s */\n", indent)
}

func tsType(sh *shape) string {
	switch sh.kind {
	case text:
		return "string"
	case number:
		return "number"
	case truth:
		return "boolean"
	case list:
		return tsType(sh.elem) + "[]"
	case optional:
		return tsType(sh.elem) + " | undefined"
	}
	return sh.goType
}

func tsWriteFlags(b *bytes.Buffer, st *structure) {
	bits := st.flags()
	var terms []string
	for _, f := range st.fields {
		set := "v." + camel(f.name)
		switch f.shape.kind {
		case truth:
		case optional:
			set += " !== undefined"
		default:
			continue
		}
		terms = append(terms, fmt.Sprintf("(%s ? %#x : 0)", set, uint32(1)<<bits[f.name]))
	}
	if len(terms) > 0 {
		fmt.Fprintf(b, "\tw.u32(%s);\n", strings.Join(terms, " | "))
	}
}

func tsWrite(b *bytes.Buffer, from string, sh *shape, indent string) {
	switch sh.kind {
	case text:
		fmt.Fprintf(b, "%sw.text(%s);\n", indent, from)
	case number:
		fmt.Fprintf(b, "%sw.number(%s);\n", indent, from)
	case record:
		fmt.Fprintf(b, "%swrite%s(w, %s);\n", indent, sh.goType, from)
	case list:
		fmt.Fprintf(b, "%sw.count(%s.length);\n%sfor (const x of %s) ", indent, from, indent, from)
		var inner bytes.Buffer
		tsWrite(&inner, "x", sh.elem, "")
		b.Write(inner.Bytes())
	}
}

// partName keeps the parameter of an empty record from counting as unused.
func partName(st *structure) string {
	if len(st.fields) == 0 {
		return "_v"
	}
	return "v"
}

func tsMake(from string, sh *shape) string {
	switch sh.kind {
	case text:
		return from + ` ?? ""`
	case number:
		return from + " ?? 0"
	case truth:
		return from + " ?? false"
	case list:
		if sh.elem.kind == record {
			return "(" + from + " ?? []).map((x) => make" + sh.elem.goType + "(x))"
		}
		return from + " ?? []"
	case optional:
		return from + " && make" + sh.elem.goType + "(" + from + ")"
	}
	return "make" + sh.goType + "(" + from + ")"
}

func tsRead(sh *shape) string {
	switch sh.kind {
	case text:
		return "r.text()"
	case number:
		return "r.number()"
	case list:
		if sh.elem.kind == record {
			return "r.list(read" + sh.elem.goType + ")"
		}
		return "r.list((r) => " + tsRead(sh.elem) + ")"
	}
	return "read" + sh.goType + "(r)"
}
