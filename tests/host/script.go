package host

import (
	"errors"
	"fmt"

	"pimultiauth/core"
	"pimultiauth/core/engine"
)

// Core is what a Script talks to: a Guest, or the engine itself.
type Core interface {
	Call(core.Message) (core.Turn, error)
}

// Native is the engine without a module around it.
type Native struct{ *engine.Engine }

// Call tells the engine one message.
func (n Native) Call(m core.Message) (core.Turn, error) { return n.Step(m) }

// Disk is what several processes share.
type Disk struct {
	// Files are the texts by name; a name that is not there is a missing file.
	Files map[string]string
	// Fails are plain reasons why work on a file fails, by operation and name, e.g. "save state".
	Fails map[string]string
	// Busy says that somebody sits in the gate: what is saved meanwhile waits in the journal.
	Busy bool
	// Early is how many holds are not taken, because others who had them have changed the accounts.
	Early int
	// Saves counts the texts that were written.
	Saves int
	// Aside are the damaged texts that were kept.
	Aside []string
}

// Script is a world for one instance: its clock, its disk, the servers it reaches and the person it talks to.
type Script struct {
	Core Core
	Disk *Disk
	At   core.Time
	Seed int64
	// Fetch answers HTTP requests; without it none succeeds.
	Fetch func(core.Fetch) (core.FetchResult, error)
	// Ask answers the person, Pi and cryptography; without it nothing is answered. Sleep moves the clock by itself.
	Ask func(core.Ask) (core.Answer, error)
	// Watch sees every message and what came of it.
	Watch   func(core.Message, core.Turn, error)
	Notices []core.Notice
	Lines   []string
}

// Tell gives the core a message, performs what it asks for and answers its final turn, whose effects have been performed too.
func (s *Script) Tell(m core.Message) (core.Turn, error) {
	for {
		turn, err := s.step(m)
		if err != nil {
			return core.Turn{}, err
		}
		var results []core.Result
		for _, x := range turn.Effects {
			if r := s.Perform(x); x.Waits {
				results = append(results, r)
			}
		}
		if turn.Flow == 0 {
			return turn, nil
		}
		m = core.Message{Resume: &core.Resume{Flow: turn.Flow, Results: results}}
	}
}

func (s *Script) step(m core.Message) (core.Turn, error) {
	m.At, m.Seed = s.At, s.Seed
	turn, err := s.Core.Call(m)
	if s.Watch != nil {
		s.Watch(m, turn, err)
	}
	return turn, err
}

// Perform does what one effect asks for.
func (s *Script) Perform(x core.Effect) core.Result {
	r := core.Result{ID: x.ID}
	var err error
	switch {
	case x.Fetch != nil && s.Fetch == nil:
		err = errors.New("there is no network")
	case x.Fetch != nil:
		var answer core.FetchResult
		if answer, err = s.Fetch(*x.Fetch); err == nil {
			r.Fetch = &answer
		}
	case x.File != nil:
		r.File, err = s.file(x.ID, x.File)
	case x.Ask != nil && x.Ask.Notice != nil:
		s.Notices = append(s.Notices, *x.Ask.Notice)
	case x.Ask != nil && x.Ask.Sleep != nil:
		s.At = s.At.Add(x.Ask.Sleep.Wait)
		r.Ask = &core.Answer{}
		if s.Ask != nil {
			var answer core.Answer
			if answer, err = s.Ask(*x.Ask); err == nil {
				r.Ask = &answer
			}
		}
	case x.Ask != nil && s.Ask == nil:
		err = errors.New("nobody is there to answer")
	case x.Ask != nil:
		var answer core.Answer
		if answer, err = s.Ask(*x.Ask); err == nil {
			r.Ask = &answer
		}
	case x.Log != nil:
		s.Lines = append(s.Lines, x.Log.Line)
	}
	if err != nil {
		r.Error = err.Error()
	}
	return r
}

func (s *Script) file(id int64, x *core.File) (*core.FileResult, error) {
	if why := s.Disk.Fails[x.Op+" "+x.Name]; why != "" {
		return nil, errors.New(why)
	}
	current, there := s.Disk.Files[x.Name]
	switch x.Op {
	case "hold":
		// One process at a time runs in a script, so the hold is free but where that is played.
		accounts, there := s.Disk.Files["accounts"]
		early := s.Disk.Early > 0
		s.Disk.Early = max(s.Disk.Early-1, 0)
		return &core.FileResult{Text: core.Secret(accounts), Missing: !there, Early: early}, nil
	case "read":
		return &core.FileResult{Text: core.Secret(current), Missing: !there}, nil
	case "append":
		s.Disk.Files[x.Name] = current + x.Delta.Reveal()
		return &core.FileResult{}, nil
	case "save":
		if s.Disk.Busy && x.Delta != "" {
			s.Disk.Files["journal"] += (&core.Object{}).String("pending", x.Name).Raw("delta", x.Delta.Reveal()).Text() + "\n"
			return &core.FileResult{}, nil
		}
		turn, err := s.step(core.Message{Merge: &core.Merge{Save: id, File: x.Name, Current: current, Delta: x.Delta}})
		if err != nil {
			return nil, err
		}
		merged := turn.Merged
		if merged == nil {
			return nil, errors.New("the core has nothing to write")
		}
		if merged.ReadOnly != "" {
			return nil, errors.New(merged.ReadOnly)
		}
		if merged.Damaged != "" {
			s.Disk.Aside = append(s.Disk.Aside, current)
		}
		if !merged.Unchanged {
			s.Disk.Saves++
			s.Disk.Files[x.Name] = merged.Text.Reveal()
		}
		return &core.FileResult{Text: merged.Text}, nil
	}
	return nil, fmt.Errorf("there is no operation called %q", x.Op)
}
