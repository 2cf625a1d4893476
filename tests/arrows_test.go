package tests

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	project = "pimultiauth/"
	gjson   = "github.com/tidwall/gjson"
)

// pure are the packages of the standard library that have no clock, no files, no network and no reflection.
var pure = []string{"cmp", "errors", "iter", "maps", "math", "math/bits", "slices", "sort", "strconv", "strings", "unicode", "unicode/utf16", "unicode/utf8"}

// arrow says what a package may import. The first row that names a package counts; a package without one fails, so that a new one
// comes with its reason.
type arrow struct {
	// from and to are patterns of path.Match below the project's root; to names packages of the project, and others as they are.
	from string
	to   []string
	why  string
}

var arrows = []arrow{
	{"core", []string{gjson}, "the words of the field: everybody imports them, so they import nobody"},
	{"core/pool", []string{"core", "core/quota", "core/health", gjson}, "who may be leased, in what order, is decided by headroom and recent success too"},
	{"core/engine", []string{"core", "core/*", gjson}, "the engine is where the leaves meet, and the only place"},
	{"core/*", []string{"core", gjson}, "a leaf can be read, tested and replaced alone; leaves meet in the engine"},
	{"providers", []string{"core", "providers/*", gjson}, "the catalogue lists values made of the core's words; it knows no rules"},
	{"providers/*", []string{"core", gjson}, "a provider stands alone: taking one out must not break another"},
	{"hostabi", []string{"core", "unsafe"}, "the contract carries the messages and knows nothing of their meaning"},
	{"wasm", []string{"core/engine", "hostabi", "providers"}, "wiring: what decides is in the engine, what crosses is in hostabi"},
	{"hostabi/generate", nil, "it reads the source of the messages and is not linked into anything"},
	{"tests", []string{"*", "*/*", "*/*/*"}, "tests look everywhere"},
	{"tests/*", []string{"*", "*/*", "*/*/*"}, "tests look everywhere"},
}

// anyStandard are outside of the module and may use the whole standard library.
var anyStandard = []string{"hostabi/generate", "tests", "tests/*"}

type listed struct {
	ImportPath   string
	Standard     bool
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// list runs go list for the machine the tests run on, or for the module.
func list(t *testing.T, module bool, args ...string) []listed {
	t.Helper()
	command := []string{"list"}
	if module {
		require.NoError(t, lean())
		command = append(command, "-modfile", leanMod)
	}
	c := exec.Command("go", append(append(command, "-json=ImportPath,Standard,Imports,TestImports,XTestImports"), args...)...)
	c.Dir = ".."
	c.Stderr = os.Stderr
	if module {
		c.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	}
	out, err := c.Output()
	require.NoError(t, err)
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all = append(all, p)
	}
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, _ := path.Match(p, name)
		return ok || p == name
	})
}

func TestArrows(t *testing.T) {
	for _, p := range append(list(t, false, "./..."), list(t, true, "./core/...", "./providers/...", "./hostabi", "./wasm")...) {
		name := strings.TrimPrefix(p.ImportPath, project)
		at := slices.IndexFunc(arrows, func(a arrow) bool { return matches([]string{a.from}, name) })
		if !assert.GreaterOrEqual(t, at, 0, "%s has no row", name) {
			continue
		}
		row := arrows[at]
		for _, to := range p.Imports {
			own, isOwn := strings.CutPrefix(to, project)
			switch {
			case isOwn:
				assert.True(t, matches(row.to, own), "%s imports %s: %s", name, own, row.why)
			case matches(anyStandard, name):
			default:
				assert.True(t, slices.Contains(pure, to) || slices.Contains(row.to, to), "%s imports %s: %s", name, to, row.why)
			}
		}
		if name == "hostabi" || strings.HasPrefix(name, "tests") {
			continue
		}
		for _, to := range slices.Concat(p.TestImports, p.XTestImports) {
			assert.NotEqual(t, project+"hostabi", to, "%s: its tests need no border; conversations replay it", name)
		}
	}
}

// linked are reasons why packages stay out of the module.
var linked = []struct {
	pattern string
	why     string
}{
	{"encoding/*", "gjson reads and core.Object writes; it costs 1 MB and start-up time"},
	{"fmt", "it brings reflection in, and prints what Secret hides if told to"},
	{"regexp", "200 kB, and foreign text must not decide how long we search"},
	{"regexp/*", "as regexp"},
	{"net", "the module has no network"},
	{"net/*", "the module has no network; an address is compared as text"},
	{"os", "the module has no files"},
	{"os/*", "the module has no files"},
	{"io/fs", "the module has no files"},
	{"reflect", "the codec is generated, so that nothing is found out at run time"},
	{"context", "nothing in the module waits"},
	{"crypto", "hashing is asked of the host"},
	{"crypto/*", "hashing is asked of the host"},
	{"time", "220 kB and four functions of WASI; instants come with messages"},
	{"syscall", "the module asks its host for everything"},
	{"log", "lines of the log leave through an import"},
	{"log/*", "lines of the log leave through an import"},
	{"math/rand", "entropy comes with messages: the same messages give the same turns"},
	{"math/rand/*", "entropy comes with messages: the same messages give the same turns"},
}

func TestWhatIsLinkedIntoTheModule(t *testing.T) {
	for _, p := range list(t, true, "-deps", "./wasm") {
		for _, row := range linked {
			ok, _ := path.Match(row.pattern, p.ImportPath)
			assert.False(t, ok, "%s is linked into the module: %s", p.ImportPath, row.why)
		}
		if !p.Standard && !strings.HasPrefix(p.ImportPath, project) {
			assert.Contains(t, []string{gjson, "github.com/tidwall/match", "github.com/tidwall/pretty"}, p.ImportPath, "gjson is the only library of the module")
		}
	}
}

// files walks what ends in a suffix below a folder of the project.
func files(t *testing.T, folder, suffix string, visit func(name, text string)) {
	t.Helper()
	root := filepath.Join("..", filepath.FromSlash(folder))
	n := 0
	require.NoError(t, filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, suffix) {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name, err := filepath.Rel("..", file)
		n++
		visit(filepath.ToSlash(name), string(text))
		return err
	}))
	require.NotZero(t, n, "%s holds no %s files", folder, suffix)
}

// The module has one thread and no clock: what would run beside it, or ask for the time, would make turns differ between hosts.
func TestTheCoreRunsNothingBesideItself(t *testing.T) {
	for _, folder := range []string{"core", "providers"} {
		files(t, folder, ".go", func(name, text string) {
			if strings.HasSuffix(name, "_test.go") {
				return
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, name, text, 0)
			require.NoError(t, err)
			for _, spec := range file.Imports {
				assert.NotContains(t, []string{`"time"`, `"sync"`, `"runtime"`, `"unsafe"`}, spec.Path.Value, name)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				what := ""
				switch n := n.(type) {
				case *ast.GoStmt:
					what = "a go statement"
				case *ast.ChanType:
					what = "a channel"
				case *ast.SelectStmt:
					what = "a select"
				case *ast.SendStmt:
					what = "a send"
				case *ast.UnaryExpr:
					if n.Op == token.ARROW {
						what = "a receive"
					}
				}
				if what != "" {
					assert.Fail(t, what+" at "+set.Position(n.Pos()).String())
				}
				return true
			})
		})
	}
}

var (
	touchesMemory = regexp.MustCompile(`memory\.buffer|\bDataView\b|WebAssembly\.Memory\b`)
	namesGo       = regexp.MustCompile(`\bpimultiauth/|\bhostabi\b|\bcore/[a-z_]+(/|\.go\b)|/[a-z_]+\.go\b`)
)

// A view of memory that has grown writes nothing and says nothing, so few places may hold one; wasi.ts is called by the guest and
// makes its view anew each time. What Go looks like inside is told by the generated twin alone.
func TestTheLoaderKeepsToItsSideOfTheBorder(t *testing.T) {
	files(t, "js-loader/src", ".ts", func(name, text string) {
		base := path.Base(name)
		if !slices.Contains([]string{"guest.ts", "bytes.ts", "wasi.ts"}, base) {
			assert.NotRegexp(t, touchesMemory, text, name)
		}
		if base != "abi.ts" {
			assert.NotRegexp(t, namesGo, text, name)
		}
	})
}

// gjson.Valid goes down with what is nested and takes the module's stack with it, so one function asks how deep a text is before it.
func TestForeignJSONComesInByOneDoor(t *testing.T) {
	for _, folder := range []string{"core", "providers"} {
		files(t, folder, ".go", func(name, text string) {
			own := name == "core/read.go" || strings.HasSuffix(name, "_test.go")
			assert.True(t, own || !strings.Contains(text, "gjson.Valid"), "%s: ask core.IsJSON", name)
		})
	}
}
