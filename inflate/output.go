package inflate

// usual is how much larger than the input room is made for the output, and how
// much larger than what there is already a claim of its size may be.
const usual = 4

// room makes room for n more bytes of output: at least twice of what there was,
// so that each byte is copied once on average, or as much as is claimed if that
// is near.
func (d *decoder) room(n int) error {
	need := d.size + n
	if need <= len(d.out) {
		return nil
	}
	if need > d.limit {
		return ErrTooLarge
	}
	more := max(need, 2*len(d.out), usual*len(d.in))
	if d.claim >= need && d.claim <= usual*len(d.out) {
		more = d.claim
	}
	out := make([]byte, min(more, d.limit))
	copy(out, d.out[:d.size])
	d.out = out
	return nil
}
