// Command catalogue writes the table of providers in the README; tests compare it.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"pimultiauth/core"
	"pimultiauth/providers"
	"pimultiauth/tests/pis"
)

const (
	begin = "<!-- providers: written by go generate ./providers -->\n"
	end   = "<!-- end of providers -->\n"
)

func main() {
	log.SetFlags(0)
	path := filepath.Join(pis.Root(), "README.md")
	text, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	_, tail, closed := strings.Cut(rest, end)
	if !ok || !closed {
		log.Fatal("README.md has no place for the table of providers")
	}
	if err := os.WriteFile(path, []byte(head+begin+table()+end+tail), 0o644); err != nil {
		log.Fatal(err)
	}
}

func table() string {
	var b strings.Builder
	b.WriteString("| provider | id | accounts | variable | values of an account | cache stays warm | usage |\n|---|---|---|---|---|---|---|\n")
	var retired []string
	for _, p := range providers.All() {
		if p.Retired != "" {
			retired = append(retired, "`"+p.ID+"` is left alone: "+p.Retired)
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", p.Name, code(append([]string{p.ID}, p.Aliases...)), accounts(p), code(p.Env), code(p.Vars), warm(p.Warm), usage(p))
	}
	return b.String() + "\n" + strings.Join(retired, "\n") + "\n"
}

func code(names []string) string {
	var out []string
	for _, name := range names {
		out = append(out, "`"+strings.TrimSuffix(name, "?")+"`")
	}
	return strings.Join(out, " ")
}

func accounts(p core.Provider) string {
	switch {
	case p.Keys && p.Login != "":
		return "keys, logins"
	case p.Keys:
		return "keys"
	}
	return "logins"
}

func warm(d core.Duration) string {
	switch {
	case d == 0:
		return ""
	case d%core.Hour == 0:
		return fmt.Sprintf("%d h", d/core.Hour)
	}
	return fmt.Sprintf("%d min", d/core.Minute)
}

func usage(p core.Provider) string {
	var out []string
	if p.Usage != nil && p.Usage.Logins {
		out = append(out, "logins")
	}
	if p.Usage != nil && p.Usage.Keys {
		out = append(out, "keys")
	}
	if p.Windows != nil {
		out = append(out, "headers")
	}
	return strings.Join(out, ", ")
}
