package apply

import (
	"slices"

	"flowctl/plan/session"
)

// artifacts is what lies in the results folder, each file once. One run can
// have hundreds of thousands, of many sessions.
type artifacts struct {
	all []session.Artifact
	at  map[string]int   // in all, by path
	of  map[string][]int // in all, by name of the session
}

func artifactsOf(all []session.Artifact) artifacts {
	out := artifacts{at: make(map[string]int, len(all)), of: map[string][]int{}}
	for _, a := range all {
		out.keep(a)
	}
	return out
}

// keep puts one in, in the place of an earlier version.
func (s *artifacts) keep(a session.Artifact) {
	i, known := s.at[a.Path]
	switch {
	case !known:
		i = len(s.all)
		s.at[a.Path], s.all = i, append(s.all, a)
	case s.all[i].Session == a.Session:
		s.all[i] = a
		return
	default:
		old := s.all[i].Session
		s.of[old] = slices.DeleteFunc(s.of[old], func(j int) bool { return j == i })
		s.all[i] = a
	}
	s.of[a.Session] = append(s.of[a.Session], i)
}

// session returns those of one session.
func (s *artifacts) session(name string) []session.Artifact {
	out := make([]session.Artifact, 0, len(s.of[name]))
	for _, i := range s.of[name] {
		out = append(out, s.all[i])
	}
	return out
}
