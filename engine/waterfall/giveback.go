package waterfall

// Taken is a part of a decision as it was recorded, on its way back. It names
// the grants by id, because the input that they were indexes of is gone.
type Taken struct {
	Kind   Kind
	Bucket string
	Scope  Scope
	// Units and Credits are what is left of the part.
	Units   int64
	Credits int64
	Price   Price
	Draws   []TakenDraw
}

// TakenDraw is what is left of a draw from one grant, in its denomination.
type TakenDraw struct {
	Grant  [16]byte
	Amount int64
}

// Returned is what a part gives back.
type Returned struct {
	// Part is the index of the part.
	Part    int
	Units   int64
	Credits int64
	Draws   []TakenDraw
}

// GiveBack returns units of a decision to where they were drawn, last drawn
// first, and takes them off the parts. What a part still costs afterwards is
// the rounded-up price of the units that remain in it. It returns what each
// part gave, in the order of the giving; units above what is left are ignored.
func GiveBack(parts []Taken, units int64) []Returned {
	var back []Returned
	for i := len(parts) - 1; i >= 0 && units > 0; i-- {
		p := &parts[i]
		n := min(units, p.Units)
		if n == 0 {
			continue
		}
		units -= n
		r := Returned{Part: i, Units: n}
		amount := n
		if p.Price.Version != 0 {
			// It fits: it is at most what the part cost before.
			rest, _ := p.Price.Charge(p.Units - n)
			amount = p.Credits - rest
			r.Credits = amount
			p.Credits = rest
		}
		p.Units -= n
		if !p.Kind.Counted() {
			r.Draws = p.undraw(amount)
		}
		back = append(back, r)
	}
	return back
}

// undraw takes an amount off the part's draws, the last one first.
func (p *Taken) undraw(amount int64) []TakenDraw {
	var back []TakenDraw
	for j := len(p.Draws) - 1; j >= 0 && amount > 0; j-- {
		n := min(amount, p.Draws[j].Amount)
		if n == 0 {
			continue
		}
		p.Draws[j].Amount -= n
		amount -= n
		back = append(back, TakenDraw{Grant: p.Draws[j].Grant, Amount: n})
	}
	return back
}
