package tests

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWhatIsExportedSaysWhatItMeans holds that every package begins with what it decides and every exported name with a sentence. Of a
// group of constants or variables one sentence may stand for all.
func TestWhatIsExportedSaysWhatItMeans(t *testing.T) {
	packages := map[string]int{}
	for _, folder := range []string{"core", "hostabi", "providers", "wasm"} {
		files(t, folder, ".go", func(name, text string) {
			if strings.HasSuffix(name, "_test.go") {
				return
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, name, text, parser.ParseComments)
			require.NoError(t, err)
			at := name[:strings.LastIndexByte(name, '/')]
			packages[at] += min(len(file.Doc.Text()), 1)
			for _, named := range namedFile.FindAllStringSubmatch(file.Doc.Text(), -1) {
				assert.FileExists(t, filepath.Join("..", filepath.FromSlash(at), named[1]), "%s sends a reader to %s", name, named[1])
			}
			if strings.HasPrefix(text, "// Code generated") {
				return
			}
			for _, said := range unsaid(file) {
				assert.Fail(t, set.Position(said.Pos()).String()+": "+said.Name+" has no doc comment")
			}
		})
	}
	for name, n := range packages {
		assert.Equal(t, 1, n, "package %s says once what it is for", name)
	}
}

// namedFile is how a package's documentation names one of its own files; those of others have their folder before them.
var namedFile = regexp.MustCompile(`(?:^|[\s(])([a-z_0-9]+\.go)\b`)

// unsaid lists what is exported by a file without a comment.
func unsaid(file *ast.File) (names []*ast.Ident) {
	need := func(doc *ast.CommentGroup, idents ...*ast.Ident) {
		for _, id := range idents {
			if id.IsExported() && doc.Text() == "" {
				names = append(names, id)
			}
		}
	}
	for _, declared := range file.Decls {
		switch d := declared.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil || receiver(d).IsExported() {
				need(d.Doc, d.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					need(either(s.Doc, d.Doc), s.Name)
				case *ast.ValueSpec:
					need(either(s.Doc, d.Doc, s.Comment), s.Names...)
				}
			}
		}
	}
	return names
}

func either(groups ...*ast.CommentGroup) *ast.CommentGroup {
	for _, g := range groups {
		if g.Text() != "" {
			return g
		}
	}
	return nil
}

func receiver(d *ast.FuncDecl) *ast.Ident {
	at := d.Recv.List[0].Type
	if star, ok := at.(*ast.StarExpr); ok {
		at = star.X
	}
	return at.(*ast.Ident)
}

var (
	declaration = regexp.MustCompile(`^export (?:default )?(?:async )?(?:abstract )?(?:const|let|function\*?|class|interface|type|enum) (\w+)`)
	commentEnd  = regexp.MustCompile(`\*/\s*$`)
)

// TestWhatTheLoaderExportsSaysWhatItMeans is the same for the loader's sources, but for the generated twin, whose comments come from Go.
func TestWhatTheLoaderExportsSaysWhatItMeans(t *testing.T) {
	files(t, "js-loader/src", ".ts", func(name, text string) {
		if strings.HasSuffix(name, "/abi.ts") {
			return
		}
		lines := strings.Split(text, "\n")
		for i, line := range lines {
			if found := declaration.FindStringSubmatch(line); found != nil {
				assert.True(t, i > 0 && commentEnd.MatchString(lines[i-1]), "%s:%d: %s has no doc comment", name, i+1, found[1])
			}
		}
	})
}
