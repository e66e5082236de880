package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"spillway/engine"
)

// measureVerify makes decisions in batches, and lets `spillway verify` make them
// again.
func (b *bench) measureVerify(ctx context.Context) error {
	url, err := database(ctx, b.admin, "proved")
	if err != nil {
		return err
	}
	p := population{"proved", b.accounts}
	r, err := openRig(ctx, url, b.redis, engine.Options{})
	if err != nil {
		return err
	}
	err = errors.Join(r.catalog(ctx), r.seed(ctx, p))
	r.close()
	if err != nil {
		return err
	}
	if err := b.grow(ctx, url, p, b.proved, 0); err != nil {
		return err
	}
	if err := tidy(ctx, url); err != nil {
		return err
	}
	proved, err := b.prove(ctx, url, "of decisions in batches")
	if err != nil {
		return err
	}
	b.addProved(proved, "")
	return nil
}

// proof is a run of `spillway verify`.
type proof struct {
	decisions float64
	took      time.Duration
	peak      int64 // bytes, of its process
}

// addProved adds the rows about a run.
func (b *bench) addProved(p proof, at string) {
	b.report.add(row{What: "`spillway verify`" + at + ": decisions made again and proved", Value: p.decisions / p.took.Seconds(), Unit: perSecond,
		AtLeast: 200_000, Note: number(p.decisions) + " decisions"})
	b.report.add(row{What: "`spillway verify`" + at + ": memory, at most", Value: float64(p.peak) / (1 << 20), Unit: "MB", AtMost: 200, Note: "VmHWM"})
}

// prove runs `spillway verify` on a database, and adds whether it found faults.
func (b *bench) prove(ctx context.Context, database, what string) (p proof, err error) {
	if p.decisions, err = ask(ctx, database, "select count(*)::float8 from usage_events"); err != nil {
		return p, err
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, b.program, "verify")
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), "DATABASE_URL="+database), &said, &said
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return p, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	err = p.watch(cmd.Process.Pid, ended)
	p.took = time.Since(began)
	met := err == nil && said.Len() == 0
	wrong := row{What: "`spillway verify` " + what + ": faults", Unit: "", Met: &met, Note: number(p.decisions) + " decisions"}
	if !met {
		wrong.Value = float64(max(1, bytes.Count(said.Bytes(), []byte("\n"))))
		wrong.Note += fmt.Sprintf(": %v %.200q", err, said.Bytes())
	}
	b.report.add(wrong)
	return p, nil
}

// watch notes the peak memory of a process until it ends. What the system tells
// of a process that has ended may be the peak of the one that started it.
func (p *proof) watch(pid int, ended <-chan error) error {
	for {
		if bytes, err := memory(pid, "VmHWM"); err == nil {
			p.peak = max(p.peak, bytes)
		}
		select {
		case err := <-ended:
			return err
		case <-time.After(5 * time.Millisecond):
		}
	}
}
