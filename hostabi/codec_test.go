package hostabi

import (
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pimultiauth/core"
)

// random fills a value of any type of core/message.go. What the codec leaves out (a turn's effects) and what it does not keep (an
// empty list beside an absent one) stays at its zero value.
func random(r *rand.Rand, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if r.IntN(2) == 0 {
			v.Set(reflect.New(v.Type().Elem()))
			random(r, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("abi") != "import" {
				random(r, v.Field(i))
			}
		}
	case reflect.Slice:
		if n := r.IntN(4); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				random(r, v.Index(i))
			}
		}
	case reflect.String:
		texts := []string{"", "a", "ä🔑", "\x00", string([]byte{0xff, 0xfe}), "a longer text with \"quotes\" and\nlines"}
		v.SetString(texts[r.IntN(len(texts))])
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	default:
		numbers := []int64{0, 1, -1, 1_800_000_000_000, exact, -exact, r.Int64N(exact)}
		v.SetInt(numbers[r.IntN(len(numbers))])
	}
}

func TestMessagesComeBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var m core.Message
		random(r, reflect.ValueOf(&m).Elem())
		b := AppendMessage(nil, &m)
		back, err := DecodeMessage(b)
		require.NoError(t, err)
		require.Equal(t, m, back)
		require.Equal(t, b, AppendMessage(nil, &back))
		if n := r.IntN(len(b)); n >= 4 {
			_, err = DecodeMessage(b[:n])
			require.Error(t, err, "cut at %d of %d", n, len(b))
		}
		_, err = DecodeMessage(append(b, 0))
		require.Error(t, err)
	}
}

func TestTurnsAndEffectsComeBack(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		var turn core.Turn
		random(r, reflect.ValueOf(&turn).Elem())
		back, err := DecodeTurn(AppendTurn(nil, &turn))
		require.NoError(t, err)
		require.Equal(t, turn, back)
		var x core.Effect
		random(r, reflect.ValueOf(&x).Elem())
		again, err := DecodeEffect(AppendEffect(nil, &x))
		require.NoError(t, err)
		require.Equal(t, x, again)
	}
}

func TestOnlyWholeNumbersThatAreExactAreTaken(t *testing.T) {
	for _, tt := range []struct {
		value float64
		ok    bool
	}{
		{0, true}, {math.Copysign(0, -1), true}, {exact, true}, {-exact, true}, {exact - 1, true},
		{exact + 2, false}, {-exact - 2, false}, {0.5, false}, {1e300, false},
		{math.Inf(1), false}, {math.Inf(-1), false}, {math.NaN(), false}, {math.SmallestNonzeroFloat64, false},
	} {
		m := core.Message{At: 1, Tick: &core.Tick{}}
		b := AppendMessage(nil, &m)
		bits := math.Float64bits(tt.value)
		for i := range 8 {
			b[8+i] = byte(bits >> (8 * i))
		}
		m, err := DecodeMessage(b)
		if tt.ok {
			require.NoError(t, err, "%v", tt.value)
			assert.Equal(t, core.Time(tt.value), m.At)
		} else {
			assert.ErrorContains(t, err, "Message.At is no whole number of at most 2^53", "%v", tt.value)
		}
	}
}

func TestAForeignSchemaIsToldFromGarbage(t *testing.T) {
	b := AppendMessage(nil, &core.Message{Tick: &core.Tick{}})
	b[0] ^= 1
	_, err := DecodeMessage(b)
	assert.ErrorIs(t, err, ErrSchema)
	_, err = DecodeMessage(b[:3])
	assert.Error(t, err)
	assert.NotErrorIs(t, err, ErrSchema)
}

// decodedBytes bounds what decoding allocates for each byte of a message: the largest record over the fewest bytes it takes.
const decodedBytes = 32

func FuzzDecodeMessage(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 50 {
		var m core.Message
		random(r, reflect.ValueOf(&m).Elem())
		f.Add(AppendMessage(nil, &m)[4:])
	}
	// A list that claims sixteen million elements in a message of a few bytes.
	f.Add(append(append(make([]byte, 16), 1), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		h := SchemaHash
		b = append([]byte{byte(h), byte(h >> 8), byte(h >> 16), byte(h >> 24)}, b...)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, err := DecodeMessage(b)
		runtime.ReadMemStats(&after)
		if spent := after.TotalAlloc - before.TotalAlloc; spent > uint64(decodedBytes*len(b)+1<<16) {
			t.Fatalf("%d bytes were allocated for a message of %d", spent, len(b))
		}
		if err != nil {
			return
		}
		back, err := DecodeMessage(AppendMessage(nil, &m))
		if err != nil || !reflect.DeepEqual(m, back) {
			t.Fatalf("%#v came back as %#v, %v", m, back, err)
		}
	})
}
