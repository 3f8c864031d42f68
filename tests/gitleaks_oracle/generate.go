package main

import (
	"math/rand"
	"regexp/syntax"
	"strings"
	"unicode"
)

// How far an open-ended repetition goes beyond its minimum.
const mostExtra = 6

// generate writes a string that the expression matches, or nearly: what needs a look around (\b, ^, $) is left to
// chance and judged by whoever runs the expression.
func generate(random *rand.Rand, expression *syntax.Regexp, to *strings.Builder) {
	switch expression.Op {
	case syntax.OpLiteral:
		for _, char := range expression.Rune {
			if expression.Flags&syntax.FoldCase != 0 && random.Intn(2) == 0 {
				char = unicode.SimpleFold(char)
			}
			to.WriteRune(char)
		}
	case syntax.OpCharClass:
		to.WriteRune(fromClass(random, expression.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		to.WriteRune(anyChar(random))
	case syntax.OpCapture, syntax.OpConcat:
		for _, part := range expression.Sub {
			generate(random, part, to)
		}
	case syntax.OpAlternate:
		generate(random, expression.Sub[random.Intn(len(expression.Sub))], to)
	case syntax.OpStar:
		repeat(random, expression, 0, -1, to)
	case syntax.OpPlus:
		repeat(random, expression, 1, -1, to)
	case syntax.OpQuest:
		repeat(random, expression, 0, 1, to)
	case syntax.OpRepeat:
		repeat(random, expression, expression.Min, expression.Max, to)
	}
}

func repeat(random *rand.Rand, expression *syntax.Regexp, least, most int, to *strings.Builder) {
	if most < 0 || most > least+4*mostExtra {
		most = least + mostExtra
	}
	for count := least + random.Intn(most-least+1); count > 0; count-- {
		generate(random, expression.Sub[0], to)
	}
}

// fromClass prefers what text consists of; a negated class has most of Unicode in it.
func fromClass(random *rand.Rand, ranges []rune) rune {
	for try := 0; try < 50; try++ {
		char := anyChar(random)
		for at := 0; at < len(ranges); at += 2 {
			if ranges[at] <= char && char <= ranges[at+1] {
				return char
			}
		}
	}
	at := 2 * random.Intn(len(ranges)/2)
	return ranges[at] + rune(random.Int63n(int64(ranges[at+1]-ranges[at])+1))
}

func anyChar(random *rand.Rand) rune {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	if random.Intn(12) > 0 {
		return rune(letters[random.Intn(len(letters))])
	}
	others := []rune("-_./+=:;,!?#$%&@*~ \t'\"(){}[]<>|\\^`äß€😀\u212a\u017f")
	return others[random.Intn(len(others))]
}
