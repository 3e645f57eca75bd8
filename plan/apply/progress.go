package apply

// showProgress says how all sessions stand, if it was not said just now.
func (r *Run) showProgress() {
	now := r.clock.Now()
	if r.Emit == nil || now.Sub(r.shown) < r.Limits.Poll {
		return
	}
	r.shown = now
	e := Event{Kind: Progress, Left: max(0, r.run.Ends.Sub(now))}
	r.mu.Lock()
	for _, t := range r.tracked {
		s := t.standing
		s.Left = max(0, s.ends.Sub(now))
		e.Sessions = append(e.Sessions, s)
	}
	r.mu.Unlock()
	r.emit(e)
}

// show takes down how a session stands, for people to see.
func (r *Run) show(t *tracked) {
	s, w := t.stands(), r.want(t)
	r.mu.Lock()
	defer r.mu.Unlock()
	t.standing, t.wanted = s, w
}
