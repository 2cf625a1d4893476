// Package e2e runs both real Pis, 0.87.1 and 1.5.2, with the built extension against scripted providers on loopback, each in a home of its
// own. What is shown where:
//
//	rotation    what each failure leads to; keys of every place; what belongs to a request or to Pi stays there
//	modes       print, JSON and RPC: affinity, commands, abort, failures in the middle of an answer; secrets; processes at once
//	screen(s)   the same in a terminal, under tmux; footer, countdown; tour goes through the manager
//	sessions    /new, /resume, /fork, /clone and /reload: one request is one lease an attempt
//	family      sessions inside of a session, Pis that a tool starts, accounts that are leased to a child
//	neighbours  other extensions, models.json, images and classifiers; another of the same kind
//	vendors     every wire that Pi speaks, over every kind of credential, with all vendors on one scripted server
//	usage       usage read from vendors, those that lie included; catalogue and models: what the services of ours send and list
//	login       renewals by many processes; transfer: import, export, doctor
//	config      the configuration's places, order, defaults and wrong values
//	damage      every file broken in every way; folders that cannot be written; trap: a core that dies
//	install     from a registry, a project's folder; package: the tarball and a folder of extensions; bun: Pi started by Bun
//
// Counts and what people read are asserted, times never are.
package e2e
