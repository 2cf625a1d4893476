package fault

func (e *evidence) bound() string { return "" }
