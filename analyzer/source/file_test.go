package source

import "testing"

func TestPosition(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		data   string
		offset int
		want   Position
	}{
		{"empty file", "", 0, Position{1, 1}},
		{"start", "a: b\n", 0, Position{1, 1}},
		{"second line", "a: b\nc: d\n", 8, Position{2, 4}},
		{"line break belongs to its line", "a\nb", 1, Position{1, 2}},
		{"behind the last line break", "a\n", 2, Position{2, 1}},
		{"carriage return and line feed are one break", "a\r\nb", 3, Position{2, 1}},
		{"lone carriage return", "a\rb", 2, Position{2, 1}},
		{"columns are code points", "ä: 日本 x", 11, Position{1, 7}},
		{"byte order mark is no column", BOM + "a: b", 6, Position{1, 4}},
		{"inside the byte order mark", BOM + "a", 1, Position{1, 1}},
		{"before the file", "a", -3, Position{1, 1}},
		{"behind the file", "ab", 9, Position{1, 3}},
		{"invalid bytes count one each", "\xff\xfeb", 2, Position{1, 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := NewFile("f", "f", []byte(tt.data)).Position(tt.offset); got != tt.want {
				t.Errorf("Position(%d) = %v, want %v", tt.offset, got, tt.want)
			}
		})
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	f := NewFile("f", "f", []byte(BOM+"one\r\ntwo\n\nfour"))
	for n, want := range map[int]string{0: "", 1: "one", 2: "two", 3: "", 4: "four", 5: ""} {
		s := f.Line(n)
		if got := string(f.Data[s.Start:s.End]); got != want {
			t.Errorf("Line(%d) = %q, want %q", n, got, want)
		}
	}
	if got := f.Lines(); got != 4 {
		t.Errorf("Lines() = %d, want 4", got)
	}
}

func TestLineTextHidesSecrets(t *testing.T) {
	t.Parallel()
	f := NewFile("f", "f", []byte("a: geheim # x\nb: |\n  one\n  two\nc: open\n"))
	f.Hide(Span{3, 9})
	f.Hide(Span{17, 29})
	for n, want := range map[int]string{1: "a: ********", 2: "b: ********", 3: "********", 4: "********", 5: "c: open"} {
		if got := f.LineText(n); got != want {
			t.Errorf("LineText(%d) = %q, want %q", n, got, want)
		}
	}
}
