package engine

import "pimultiauth/core"

// login begins the login of one more account.
func (e *Engine) login(m core.Message) (core.Turn, error) {
	return core.Turn{View: &core.View{Title: m.Login.Provider + ": log in with Pi's /login.", Failed: true}}, nil
}
