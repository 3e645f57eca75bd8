package world

type matcher struct{}
