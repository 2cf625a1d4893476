// Package view says what there is to show, as rows and words: no colour, no width, no keys.
//
// It does not know where its facts come from or who draws them. Sentences name the account, the cause, when it ends and what to do.
package view
