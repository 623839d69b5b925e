package manifest

import (
	"encoding/json"
	"testing"
)

func TestAppendJSONAsKubectlReadsIt(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"y":                           "true",
		"Yes":                         "true",
		"on":                          "true",
		"n":                           "false",
		"OFF":                         "false",
		"True":                        "true",
		`"y"`:                         `"y"`,
		"!!str on":                    `"on"`,
		"yess":                        `"yess"`,
		"010":                         "8",
		"0o17":                        "15",
		"0x1F":                        "31",
		"1_000":                       "1000",
		"-7":                          "-7",
		"1e3":                         "1000",
		".5":                          "0.5",
		"2.0":                         "2",
		"12:30:45":                    `"12:30:45"`,
		"2024-01-01":                  `"2024-01-01"`,
		"~":                           "null",
		"!!binary aGk=":               `"hi"`,
		"":                            "null",
		".inf":                        `".inf"`,
		`"a\"b\\c\n\u00e4"`:           `"a\"b\\c\nä"`,
		"[1, [a], {b: c}]":            `[1,["a"],{"b":"c"}]`,
		"{a: 1, a: 2}":                `{"a":2}`,
		"{1: x}":                      `{"1":"x"}`,
		"{on: x, 010: z, 1.5: w}":     `{"true":"x","8":"z","1.5":"w"}`,
		"{a: &a {p: 1}, b: {<<: *a}}": `{"a":{"p":1},"b":{"p":1}}`,
		"{a: &a [x], b: *a}":          `{"a":["x"],"b":["x"]}`,
		"18446744073709551615":        "18446744073709551615",
		"{a: &a {p: 1, q: 2}, b: {<<: *a, q: 3}}": `{"a":{"p":1,"q":2},"b":{"q":3,"p":1}}`,
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			n := parse("apiVersion: v1\nkind: A\nx: " + text + "\n").Resources()[0]
			got, ok := AppendJSON(nil, Field(n.Node, "x").Value)
			if string(got) != want || !ok {
				t.Errorf("got %s, want %s", got, want)
			}
			if !json.Valid(got) {
				t.Errorf("%s is no JSON", got)
			}
		})
	}
}
